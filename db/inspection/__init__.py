"""What `./portico doctor` reads of a database: its version, the role, whether row security protects its tables, its revision, its clock, its time zones and open charges."""

from dataclasses import dataclass
from datetime import datetime

from db.connections import Connection

ROLE = "select current_user as name, rolsuper as is_superuser, rolbypassrls as bypasses_rls from pg_roles where rolname = current_user"
# Tables of customers that the role may read and that do not force row security on it, or that the role owns.
UNPROTECTED = """
select c.relname
  from pg_class c
  join pg_attribute a on a.attrelid = c.oid and a.attname = 'customer_id' and not a.attisdropped
 where c.relnamespace = to_regnamespace('portico') and c.relkind in ('r', 'p') and not c.relispartition
   and has_table_privilege(current_user, c.oid, 'select')
   and (not c.relrowsecurity or not c.relforcerowsecurity or pg_has_role(current_user, c.relowner, 'usage'))
 order by c.relname"""
# Without a caller no customer may be seen.
ANY_CUSTOMER = "select exists (select 1 from portico.customer)"  # Citus passes on no rows without columns
REVISION = "select cast(version_num as text) from portico.alembic_version"
READING = "select clock_timestamp(), pg_is_in_recovery()"
ZONES = "select name from pg_timezone_names"
ENDPOINTS = "select id, url from portico.webhook_endpoint where status = 'ENABLED' order by id"
OPEN_CHARGES = """
select processor, count(*)
  from (select p.processor from portico.charge c join portico.payment p on p.customer_id = c.customer_id and p.id = c.payment_id where c.settled_at is null
        union all
        select processor from portico.refund_request where settled_at is null) o
 group by processor"""
CLOCK_AGE = "select extract(epoch from now() - coalesce(succeeded_at, registered_at)) from portico.job_pass where job = 'billing_clock'"


@dataclass(frozen=True, slots=True)
class RoleAttributes:
    """A role, and what would let it see the rows of every customer."""

    name: str
    is_superuser: bool
    bypasses_rls: bool


@dataclass(frozen=True, slots=True)
class EndpointUrl:
    """An enabled endpoint of webhooks."""

    id: str
    url: str


async def role_of(connection: Connection) -> RoleAttributes:
    (record,) = await connection.fetch(ROLE)
    return RoleAttributes(*record)


async def unprotected_tables(connection: Connection) -> list[str]:
    """Return the tables of customers that row security does not protect from this role."""
    return [record[0] for record in await connection.fetch(UNPROTECTED)]


async def sees_customers(connection: Connection) -> bool:
    """Return whether this role sees a customer without naming one."""
    return bool(await connection.fetchval(ANY_CUSTOMER))


async def revision_of(connection: Connection) -> str | None:
    """Return the revision of the database; None where none was run."""
    revision: str | None = await connection.fetchval(REVISION)
    return revision


async def read_clock(connection: Connection) -> tuple[datetime, bool]:
    """Return the time of the database's clock, and whether it is a standby."""
    ((now, is_standby),) = await connection.fetch(READING)
    return now, is_standby


async def time_zones(connection: Connection) -> frozenset[str]:
    """Return the names of the time zones that the database knows."""
    return frozenset(record[0] for record in await connection.fetch(ZONES))


async def enabled_endpoints(connection: Connection) -> list[EndpointUrl]:
    async with connection.transaction():
        await connection.execute("set local app.actor = 'SYSTEM'")
        return [EndpointUrl(*record) for record in await connection.fetch(ENDPOINTS)]


async def open_charges(connection: Connection) -> dict[str, int]:
    """Return how many charges and refunds are not settled, by the name of their processor."""
    async with connection.transaction():
        await connection.execute("set local app.actor = 'SYSTEM'")
        return {processor: count for processor, count in await connection.fetch(OPEN_CHARGES)}


async def seconds_since_clock_pass(connection: Connection) -> float | None:
    """Return the seconds since the last successful pass of the billing clock; None where no worker has ever run."""
    async with connection.transaction():
        await connection.execute("set local app.actor = 'SYSTEM'")
        seconds = await connection.fetchval(CLOCK_AGE)
        return None if seconds is None else float(seconds)
