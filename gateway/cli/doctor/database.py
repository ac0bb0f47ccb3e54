"""The checks of the database, on one connection with the role and the settings of the application."""

from collections.abc import Callable
from datetime import UTC, datetime
from zoneinfo import available_timezones

from db.connections import Connection, is_migrated
from db.deployment.revisions import revisions
from db.inspection import read_clock, revision_of, role_of, seconds_since_clock_pass, sees_customers, time_zones, unprotected_tables
from gateway.cli.doctor.findings import Finding, failed, ok, run_check, warning

OLDEST_VERSION = 15
# The clocks of a process and of its database should agree within the first of these; from the second on, tokens are refused and what is due is done at a wrong time.
SKEW_SECONDS, MAX_SKEW_SECONDS = 1.0, 10.0
# Longer than a restart of a worker takes.
CLOCK_PASS_SECONDS = 360
MIGRATE = "Run `./portico migrate`."
ROLE = "Let PORTICO_APP_DATABASE_URL, or PORTICO_DATABASE_URL without it, log in as a role that may act as portico_app and is not a superuser."
# Zones that Postgres lists for its own installation, and Python does not.
ONLY_IN_POSTGRES = ("posix/", "right/", "posixrules", "localtime", "Factory")

Now = Callable[[], datetime]


def utc_now() -> datetime:
    return datetime.now(UTC)


async def check_database(connection: Connection, merchant_zone: str, now: Now = utc_now) -> list[Finding]:
    """Check the version, the role, row security, the revision, the clock, the time zones and the worker's last pass."""
    findings = [check_version(connection), *await run_check("role", lambda: check_role(connection), advice=ROLE)]
    findings += await run_check("clock", lambda: check_clock(connection, now), advice="Look at the database's log.")
    findings += await run_check("time zones", lambda: check_zones(connection, merchant_zone), advice="Look at the database's log.")
    if not await is_migrated(connection):
        return [*findings, failed("migrations", "The database has no tables of the portal.", MIGRATE)]
    findings += await run_check("row security", lambda: check_row_security(connection), advice=MIGRATE)
    findings += await run_check("migrations", lambda: check_revision(connection), advice=MIGRATE)
    return findings + await run_check("worker", lambda: check_worker(connection), advice="Look at the worker's log.")


def check_version(connection: Connection) -> Finding:
    version = connection.get_server_version()
    text = f"{version.major}.{version.minor}"
    if version.major < OLDEST_VERSION:
        return failed("database", f"It is PostgreSQL {text}.", f"Upgrade it to {OLDEST_VERSION} or newer.")
    return ok("database", f"It is PostgreSQL {text}.")


async def check_role(connection: Connection) -> list[Finding]:
    role = await role_of(connection)
    if role.is_superuser or role.bypasses_rls:
        reason = "is a superuser" if role.is_superuser else "has BYPASSRLS"
        return [failed("role", f"{role.name} {reason}, so it would see the rows of every customer, and servers refuse it.", ROLE)]
    return [ok("role", f"It is {role.name}, neither a superuser nor with BYPASSRLS.")]


async def check_row_security(connection: Connection) -> list[Finding]:
    if tables := await unprotected_tables(connection):
        message = f"Row security does not protect {', '.join(tables)} from this role."
        return [failed("row security", message, f"{ROLE} If the tables were changed by hand, `alter table … force row level security` on each.")]
    if await sees_customers(connection):
        return [failed("row security", "Customers are visible without a caller.", "Compare the policies of portico.customer with db/migrations/versions.")]
    return [ok("row security", "It is forced on every table of customers, and without a caller no customer is visible.")]


async def check_revision(connection: Connection) -> list[Finding]:
    revision, known = await revision_of(connection), revisions()
    if revision == known[0]:
        return [ok("migrations", f"The database has revision {revision}, the newest that this version knows.")]
    if revision in known:
        missing = len(known[: known.index(revision)])
        return [failed("migrations", f"The database has revision {revision}; {missing} of this version are missing.", MIGRATE)]
    return [warning("migrations", f"The database has revision {revision}, which this version does not know.", "Deploy the version that migrated it.")]


async def check_clock(connection: Connection, now: Now) -> list[Finding]:
    """Compare the clocks; the database's is assumed to have been read in the middle of the round trip."""
    before = now()
    database_now, is_standby = await read_clock(connection)
    after = now()
    skew = abs((before + (after - before) / 2 - database_now).total_seconds()) - (after - before).total_seconds() / 2
    findings = [warning("database", "It is a standby, so nothing can be written.", "Name the primary, unless this process only reads.")] if is_standby else []
    message = f"This machine and the database differ by {max(0.0, skew):.1f} seconds."
    if skew <= SKEW_SECONDS:
        return [*findings, ok("clock", message)]
    status = failed if skew > MAX_SKEW_SECONDS else warning
    return [*findings, status("clock", message, "Let both machines set their clocks by NTP.")]


async def check_zones(connection: Connection, merchant_zone: str) -> list[Finding]:
    ours, theirs = available_timezones(), await time_zones(connection)
    if merchant_zone not in theirs:
        advice = "Update the time zones of the database's machine (tzdata), or choose another PORTICO_MERCHANT_TIME_ZONE."
        return [failed("time zones", f"The database does not know {merchant_zone}.", advice)]
    unknown = [name for name in sorted(ours ^ theirs) if not name.startswith(ONLY_IN_POSTGRES)]
    if unknown:
        examples = ", ".join(unknown[:5]) + (", …" if len(unknown) > 5 else "")
        advice = "Update tzdata on the older of both machines: customers in such a zone cannot be served."
        return [warning("time zones", f"{len(unknown)} are known only here or only to the database: {examples}.", advice)]
    return [ok("time zones", f"Both sides know the same {len(ours & theirs)}.")]


async def check_worker(connection: Connection) -> list[Finding]:
    seconds = await seconds_since_clock_pass(connection)
    if seconds is None:
        return [warning("worker", "No worker has ever run.", "Start `./portico worker`: it renews, charges and sends letters.")]
    if seconds > CLOCK_PASS_SECONDS:
        return [
            warning("worker", f"The last successful pass of the billing clock was {seconds / 60:.0f} minutes ago.", "Look at the log of `./portico worker`.")
        ]
    return [ok("worker", f"The last successful pass of the billing clock was {seconds:.0f} seconds ago.")]
