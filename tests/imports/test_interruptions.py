"""An import that is killed, that loses the database, or that runs twice at once: the next run completes it, and nothing is there twice."""

import asyncio
import random
import time
from datetime import timedelta
from pathlib import Path
from typing import Any

import asyncpg
import pytest

from db.importing import ImportLost
from imports.reading import sorting
from imports.running.run import ImportOptions, ImportProgress, SourceBusy, run_import
from tests.depth import SEED, by_depth
from tests.imports.conftest import NOTICES, NOW, ImportPlace, empty, environment_of
from tests.imports.lines import FAR, shop
from tests.servers import preloaded
from tests.waiting import until

CUSTOMERS = 60
MOMENTS = by_depth(5, 200)
# Columns that differ between two imports of the same lines: ids and times of their own.
CONTENT = {
    "customer": "external_id, email, name, version",
    "payment_method": "external_id, processor_reference, version",
    "subscription": "external_id, status, holds, quantity, renewal_minor, version",
    "invoice": "external_id, number, status, paid_minor, remaining_minor, version",
    "payment": "external_id, status, amount_minor, version",
    "installment": "external_id, status, remaining_minor, version",
    "balance_entry": "amount_minor, kind",
    "import_record": "kind, external_id, input_hash, outcome, reason, line",
}


async def content(place: ImportPlace) -> dict[str, list[tuple[Any, ...]]]:
    return {table: sorted(tuple(row) for row in await place.fetch(f"select {columns} from {table}")) for table, columns in CONTENT.items()}


def import_process(place: ImportPlace, folder: Path) -> preloaded.PreloadedProcess:
    """Start `./portico import` on the folder of the test."""
    arguments = ["import", str(place.folder), "--source", "shop", "--report", str(folder / "report.jsonl")]
    with (folder / "output").open("w", encoding="utf-8") as output:
        return preloaded.start(arguments, cwd=folder, env=environment_of(place), stdout=output, stderr=output)


def ended(process: preloaded.PreloadedProcess, folder: Path) -> str:
    """Wait for the end, and return what was printed."""
    code = process.wait(60)
    return f"{code}\n{(folder / 'output').read_text('utf-8')}"


async def test_an_import_that_is_killed_at_any_moment_is_completed_by_the_next_one(place: ImportPlace, tmp_path: Path) -> None:
    """The moments are spread over the time that a whole import takes, so some are before its first line and some after its last."""
    place.write_lines(**shop(CUSTOMERS, FAR))
    began = time.monotonic()
    assert (await asyncio.to_thread(ended, import_process(place, tmp_path), tmp_path)).startswith("0\n"), (tmp_path / "output").read_text("utf-8")
    seconds = time.monotonic() - began
    whole, counts = await content(place), await place.counts()
    chance, interrupted = random.Random(SEED), 0
    for _ in range(MOMENTS):
        await empty(place.urls)
        process = import_process(place, tmp_path)
        await asyncio.sleep(chance.uniform(0, seconds))
        process.kill()
        process.wait(30)
        interrupted += 0 < (await place.counts())["customer"] < CUSTOMERS
        assert await place.violations() == {}
        assert (await asyncio.to_thread(ended, import_process(place, tmp_path), tmp_path)).startswith("0\n"), (tmp_path / "output").read_text("utf-8")
        assert await content(place) == whole
        assert await place.counts() == counts
        assert (await place.counts(NOTICES))["event"] <= 2
    assert interrupted or MOMENTS < 20, "no kill was in the middle of the import"


async def test_a_connection_that_is_lost_ends_the_run_and_the_next_one_goes_on(place: ImportPlace) -> None:
    """Every connection of the import is terminated by the administrator, at a statement in the middle."""
    place.write_lines(**shop(CUSTOMERS))
    run = asyncio.create_task(place.run(now=NOW))

    async def is_under_way() -> bool:
        return (await place.counts(("customer",)))["customer"] >= 5

    await until(is_under_way)
    await place.fetch("select pg_terminate_backend(pid) from pg_stat_activity where datname = current_database() and pid <> pg_backend_pid()")
    with pytest.raises(ImportLost, match="run the same command again"):
        await run
    assert {entry["outcome"] for entry in place.report} <= {"CREATE"}
    assert await place.violations() == {}
    await place.run(now=NOW + timedelta(hours=1))
    assert (await place.counts(("customer", "invoice"))) == {"customer": CUSTOMERS, "invoice": CUSTOMERS}
    assert await place.violations() == {}


async def test_a_full_disk_ends_the_run_with_what_to_do(place: ImportPlace) -> None:
    place.write_lines(**shop(10))
    full = "begin if new.external_id = 'C5' then raise disk_full; end if; return new; end"
    await place.fetch(f"create function fill_disk() returns trigger language plpgsql as $$ {full} $$")
    await place.fetch("create trigger fill_disk before insert on customer for each row execute function fill_disk()")
    try:
        with pytest.raises(ImportLost, match="disk is full"):
            await place.run()
    finally:
        await place.fetch("drop function fill_disk cascade")
    assert await place.violations() == {}
    await place.run()
    assert (await place.counts(("customer",)))["customer"] == 10


async def test_a_full_disk_of_this_machine_ends_the_run(place: ImportPlace, tmp_path: Path) -> None:
    """/dev/full is a file on a disk without room; the first run of the sort is written there."""
    place.write_lines(**shop(30))
    (tmp_path / "full").mkdir()
    (tmp_path / "full/lines-0").symlink_to("/dev/full")
    options = ImportOptions(place.folder, "shop", NOW)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(sorting, "RUN_BYTES", 1000)
        with pytest.raises(OSError, match="No space left"):
            await run_import(place.urls.admin, options, tmp_path / "full", tmp_path / "report.jsonl", ImportProgress())
    assert (await place.counts(("customer",)))["customer"] == 0


async def test_a_second_import_of_the_source_at_the_same_time_is_refused(place: ImportPlace) -> None:
    place.write_lines(**shop(3))
    connection = await asyncpg.connect(place.urls.admin)
    try:
        assert await connection.fetchval("select pg_try_advisory_lock(6909296, hashtext('shop'))")
        with pytest.raises(SourceBusy):
            await place.run()
        assert (await place.counts(("customer",)))["customer"] == 0
        await place.run(source="another")
    finally:
        await connection.close()
    assert (await place.counts(("customer",)))["customer"] == 3


async def test_two_imports_at_once_have_the_result_of_one(place: ImportPlace) -> None:
    place.write_lines(**shop(CUSTOMERS))
    results = await asyncio.gather(place.run(), place.run(), return_exceptions=True)
    assert sum(isinstance(result, SourceBusy) for result in results) == 1
    assert (await place.counts(("customer", "payment"))) == {"customer": CUSTOMERS, "payment": CUSTOMERS}
    assert await place.violations() == {}
