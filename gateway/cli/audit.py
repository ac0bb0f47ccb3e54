"""The command `audit`."""

import asyncio
from datetime import UTC, datetime
from pathlib import Path

import typer
from rich.table import Table

from db.audit import CannotAudit, Invariant
from db.audit import audit as audit_database
from db.connections import FAILURES, reason_of
from gateway.cli.commands.console import console, counted, say_error, show
from gateway.wiring.configuration.settings import Settings, WrongSetting, load
from gateway.wiring.database import CannotReach, connected, postgres

# The maximum number of rows printed for a broken invariant.
PRINTED = 20
CANNOT_RUN = 2


def audit(customer: str | None, data_dir: Path | None) -> None:
    """Exits with 1 if an invariant is broken, and with 2 if the audit could not run."""
    try:
        invariants = _audited(load(data_dir=data_dir), customer)
    except (WrongSetting, CannotReach, CannotAudit) as error:
        say_error(str(error))
        raise typer.Exit(CANNOT_RUN) from None
    _print(invariants)
    if any(invariant.total for invariant in invariants):
        raise typer.Exit(1)


def _audited(settings: Settings, customer: str | None) -> list[Invariant]:
    """Raises WrongSetting, CannotReach, CannotAudit."""

    async def run(url: str) -> list[Invariant]:
        async with connected(url, "PORTICO_DATABASE_URL", {}) as connection:
            try:
                if customer is None:
                    return await audit_database(connection, now=datetime.now(UTC), limit=PRINTED)
                return await audit_database(connection, now=datetime.now(UTC), customers=[customer], limit=PRINTED)
            except FAILURES as error:
                raise CannotReach(f"The database cannot be audited: {reason_of(error)}. Check PORTICO_DATABASE_URL.") from None

    with postgres(settings) as urls:
        return asyncio.run(run(urls.admin_url))


def _print(invariants: list[Invariant]) -> None:
    table = Table("Result", "Invariant", "Rule", box=None)
    for invariant in invariants:
        table.add_row("BROKEN" if invariant.total else "OK", invariant.name, invariant.rule)
    show(table)
    broken = [invariant for invariant in invariants if invariant.total]
    for invariant in broken:
        _print_violations(invariant)
    if broken:
        rows = sum(invariant.total for invariant in broken)
        console.print(f"\n{len(broken)} of {len(invariants)} invariants are broken, by {counted(rows, 'row')}.")
    else:
        console.print(f"\nAll {len(invariants)} invariants hold.")


def _print_violations(invariant: Invariant) -> None:
    console.print(f"\n{invariant.name}: {counted(invariant.total, 'row')}" + (f", the first {PRINTED} of them:" if invariant.total > PRINTED else ":"))
    table = Table("Customer", "Object", "Expected", "Actual", box=None)
    for violation in invariant.violations:
        table.add_row(violation.customer_id, violation.object_id, violation.expected, violation.actual)
    show(table)
