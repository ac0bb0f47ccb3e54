"""The commands: what they print, how they exit, and what an operator is told."""

import asyncio
from pathlib import Path
from subprocess import CompletedProcess

import asyncpg
import pytest

from db.importing import LOCK_CLASS
from imports.formats.page import page
from tests.imports.conftest import ImportPlace, environment_of
from tests.imports.lines import FAR, customer, invoice, method, shop, subscription
from tests.servers import preloaded

pytestmark = pytest.mark.slow  # starts programs


async def portico(place: ImportPlace, *arguments: str) -> "CompletedProcess[str]":
    folder = place.folder.parent
    return await asyncio.to_thread(preloaded.run, arguments, cwd=folder, env=environment_of(place) | {"COLUMNS": "200"}, timeout=60)


def importing(place: ImportPlace, *options: str) -> tuple[str, ...]:
    return ("import", str(place.folder), "--source", "shop", *options)


async def test_an_import_prints_its_table_and_exits_with_1_if_a_line_was_skipped(place: ImportPlace) -> None:
    lines = shop(2, FAR)
    place.write_lines(**lines)
    done = await portico(place, *importing(place))
    assert done.returncode == 0, done.stderr
    assert "customers          2" in done.stdout
    assert (place.folder.parent / "report.jsonl").read_text("utf-8").count("\n") == 14
    lines["subscriptions"].append(subscription("S9", "C1", price="gone"))
    place.write_lines(**lines)
    done = await portico(place, *importing(place, "--on-error", "skip"))
    assert done.returncode == 1
    assert "UNKNOWN_PRICE" in done.stdout
    assert (await portico(place, *importing(place))).returncode == 2


async def test_a_dry_run_says_that_nothing_was_written(place: ImportPlace) -> None:
    place.write_lines(**shop(2, FAR))
    done = await portico(place, *importing(place, "--dry-run"))
    assert (done.returncode, "Nothing was written" in done.stdout) == (0, True), done.stderr
    assert (await place.counts())["customer"] == 0


async def test_all_customers_are_released_by_one_command(place: ImportPlace) -> None:
    lines = shop(3, FAR)
    lines["payment_methods"].pop()
    lines["subscriptions"][2].pop("paymentMethod")
    place.write_lines(**lines)
    assert (await portico(place, *importing(place))).returncode == 0
    done = await portico(place, "import-release", "--all")
    assert done.returncode == 1, done.stderr
    assert "PAYMENT_METHOD_REQUIRED" in done.stdout
    assert "2 subscriptions released, 1 still held." in done.stdout
    rows = await place.fetch("select external_id, status from subscription order by external_id")
    assert [tuple(row) for row in rows] == [("S1", "ACTIVE"), ("S2", "ACTIVE"), ("S3", "SUSPENDED")]
    (row,) = await place.fetch("select id from customer where external_id = 'C3'")
    assert "0 subscriptions released, 1 still held." in (await portico(place, "import-release", "--customer", row["id"])).stdout


async def test_customers_without_a_subscription_are_released_too(place: ImportPlace) -> None:
    """Else their open invoices would never be collected. A second command finds nothing to do."""
    invoices = [invoice("I1", "C1", status="OPEN", collection="AUTOMATIC"), invoice("I2", "C2", status="OPEN", collection="MANUAL")]
    place.write_lines(customers=[customer("C1"), customer("C2")], payment_methods=[method("M1", "C1")], invoices=invoices)
    assert (await portico(place, *importing(place))).returncode == 0
    assert [row[0] for row in await place.fetch("select collection from invoice order by external_id")] == ["NONE", "NONE"]
    for _ in range(2):
        done = await portico(place, "import-release", "--all")
        assert done.returncode == 0, done.stderr
        rows = await place.fetch("select external_id, collection from invoice order by external_id")
        assert [tuple(row) for row in rows] == [("I1", "DUE"), ("I2", "NONE")]
    assert await place.fetch("select from import_record where on_release is not null") == []


@pytest.mark.parametrize(
    ("files", "message"),
    [({}, "has no file of an import"), ({"customers.jsonl": "", "customers.csv": ""}, "leave one of them")],
)
async def test_a_folder_that_cannot_be_imported_is_one_line(place: ImportPlace, files: dict[str, str], message: str) -> None:
    place.write(files)
    done = await portico(place, *importing(place))
    assert done.returncode == 1
    assert message in done.stderr
    assert done.stderr.count("\n") == 1


async def test_a_source_that_is_imported_at_the_moment_is_one_line(place: ImportPlace) -> None:
    place.write_lines(customers=[customer()])
    connection = await asyncpg.connect(place.urls.admin)
    try:
        await connection.fetchval("select pg_try_advisory_lock($1, hashtext('shop'))", LOCK_CLASS)
        done = await portico(place, *importing(place))
    finally:
        await connection.close()
    assert (done.returncode, "Another import of the source shop runs" in done.stderr) == (1, True)


async def test_the_format_is_printed_as_it_stands_in_the_docs(place: ImportPlace, root: Path) -> None:
    assert (await portico(place, "import-format")).stdout == page()
    assert (await portico(place, "import-format", "--reasons")).stdout == (root / "docs/import/reasons.md").read_text("utf-8")
    assert (await portico(place, "import-format", "--kind", "credits")).stdout == (root / "docs/import/credits.schema.json").read_text("utf-8")
