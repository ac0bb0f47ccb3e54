"""Against a cluster of Citus: an import and its release, whose ledger and register of numbers are on the coordinator and whose rows are on the workers."""

import asyncio
import os
from pathlib import Path
from typing import Any
from uuid import uuid4

import asyncpg
import pytest

from db.builtin.embedded import Urls
from db.importing import ImportConnection
from tests.auditing import violations
from tests.imports.conftest import ImportPlace, environment_of
from tests.imports.lines import FAR, customer, invoice, method, schedule, subscription
from tests.servers import preloaded
from tests.template import DATABASE

pytestmark = pytest.mark.skipif(DATABASE not in os.environ, reason=f"needs a cluster of Citus in {DATABASE}")
STATE = "select status, holds from subscription where customer_id = $1 order by external_id"
COLLECTED = "select collection, collect_at is not null from invoice where customer_id = $1"
INVOICED = "select count(*) from installment where customer_id = $1 and invoice_at is not null"


@pytest.fixture
def shop(urls: Urls, tmp_path: Path) -> ImportPlace:
    """An import of its own, beside the customers of the demo."""
    (tmp_path / "folder").mkdir()
    return ImportPlace(urls, tmp_path / "folder", tmp_path / "work")


def lines_of(name: str, number: str, **collection: str) -> dict[str, list[dict[str, Any]]]:
    email = f"{name}@shop.example"
    return {
        "customers": [customer(name, email=email)],
        "payment_methods": [method(f"{name}-m", name)],
        "subscriptions": [subscription(f"{name}-{each}", name, paymentMethod=f"{name}-m", **FAR) for each in (1, 2)],
        "payment_schedules": [schedule(f"{name}-p", name, invoicing="PER_INSTALLMENT")],
        "invoices": [invoice(f"{name}-i", name, number=number, status="OPEN", subscription=f"{name}-1", **collection)],
    }


async def command(place: ImportPlace, *arguments: str) -> str:
    done = await asyncio.to_thread(preloaded.run, arguments, cwd=place.folder, env=environment_of(place), timeout=60)
    assert done.returncode == 0, done.stderr
    return done.stdout


async def test_what_is_imported_is_released(shop: ImportPlace, admin: asyncpg.Connection) -> None:
    name = f"c{uuid4().hex[:12]}"
    shop.write_lines(**lines_of(name, f"N-{name}", collection="AUTOMATIC"))
    await shop.run(source=name)
    assert {outcome for _, _, outcome, _ in shop.outcomes()} == {"CREATE"}
    identifier = await admin.fetchval("select id from customer where external_id = $1", name)
    assert [tuple(row) for row in await admin.fetch(STATE, identifier)] == [("SUSPENDED", ["IMPORT"])] * 2
    assert "2 subscriptions released, 0 still held." in await command(shop, "import-release", "--customer", name)
    assert [tuple(row) for row in await admin.fetch(STATE, identifier)] == [("ACTIVE", [])] * 2
    assert [tuple(row) for row in await admin.fetch(COLLECTED, identifier)] == [("DUE", True)]
    assert await admin.fetchval(INVOICED, identifier) == 2
    assert await admin.fetchval("select count(*) from import_record where owner_id = $1 and on_release is not null", identifier) == 0
    assert await violations(admin, {identifier}) == []
    assert "released, 0 still held." in await command(shop, "import-release", "--all")


async def test_a_number_that_is_issued_after_the_plan_was_made_is_refused(
    shop: ImportPlace, admin: asyncpg.Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    name = f"c{uuid4().hex[:12]}"
    read = ImportConnection.read

    async def read_before(self: ImportConnection, block: str, **values: Any) -> Any:
        body = await read(self, block, **values)
        return body | {"numbers": None} if block == "imports.state" else body

    monkeypatch.setattr(ImportConnection, "read", read_before)
    await admin.execute("insert into invoice_number (number, series, year, sequence) values ($1, $1, 2026, 1)", f"N-{name}")
    try:
        shop.write_lines(**lines_of(name, f"N-{name}"))
        await shop.run(source=name)
        assert "CREATE" not in {outcome for _, _, outcome, _ in shop.outcomes()}
        assert await admin.fetchval("select count(*) from customer where external_id = $1", name) == 0
    finally:
        await admin.execute("delete from invoice_number where number = $1", f"N-{name}")
