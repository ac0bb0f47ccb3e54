"""`export` writes every customer in the format of the import, in one snapshot and in little memory."""

import json
import tracemalloc
from pathlib import Path

import asyncpg
import pytest

from db.builtin import embedded
from db.snapshots import customer_files
from gateway.cli.merchant import export_commands
from gateway.wiring.configuration.settings import WrongSetting
from imports.formats.fields import Field, FieldType
from imports.formats.kinds import KINDS
from tests.conftest import NOW
from tests.imports.conftest import NOW as IMPORTED_AT
from tests.imports.conftest import ImportPlace, empty
from tests.imports.lines import credit, customer, invoice, schedule
from tests.template import create_database

MEGABYTE = 2**20


def strange(line: object, fields: tuple[Field, ...], path: str) -> list[str]:
    """Return the paths of members that the format does not have, or that are needed and absent."""
    if not isinstance(line, dict):
        return [path]
    known = {field.name: field for field in fields}
    wrong = [f"{path}.{name}" for name in line.keys() - known.keys()] + [
        f"{path}.{name} is absent" for name, one in known.items() if one.is_required and name not in line
    ]
    for name, field in known.items():
        if field.type is FieldType.OBJECT and name in line:
            wrong += strange(line[name], field.fields, f"{path}.{name}")
        for one in line.get(name, []) if field.type is FieldType.LIST else []:
            wrong += strange(one, field.fields, f"{path}.{name}[]")
    return wrong


def endings(folder: Path) -> set[str]:
    return {path.suffix for path in folder.iterdir()}


async def test_all_customers_of_the_demo_are_lines_of_the_format(
    urls: embedded.Urls, admin: asyncpg.Connection, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(customer_files, "AT_ONCE", 5)
    tracemalloc.start()
    try:
        counts = await export_commands.write_files(urls.admin, tmp_path, now=NOW)
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    size = 0
    for kind in KINDS:
        lines = [json.loads(line) for line in (tmp_path / f"{kind.name}.jsonl").read_text().splitlines()]
        size += (tmp_path / f"{kind.name}.jsonl").stat().st_size
        assert counts[kind.name] == len(lines) == len({line["externalId"] for line in lines}), kind.name
        assert {path for line in lines for path in strange(line, kind.fields, kind.name)} == set()
    assert counts["invoices"] == await admin.fetchval(
        "select count(*) from invoice i join customer c on c.id = i.customer_id where c.closed_at is null and c.erased_at is null"
    )
    assert endings(tmp_path) == {".jsonl"}
    # A batch of customers is in memory at a time. The largest customer is half of the files.
    assert peak < 0.75 * size, (peak // MEGABYTE, size // MEGABYTE)


async def test_closed_and_erased_customers_are_named_with_a_reason(urls: embedded.Urls, tmp_path: Path) -> None:
    created = await create_database(urls, "closed")
    connection = await asyncpg.connect(created.admin, server_settings={"search_path": "portico"})
    try:
        for name, columns in (("open", ""), ("closed", ", closed_at"), ("erased", ", closed_at, erased_at")):
            await connection.execute(
                f"""insert into customer (id, name, email, locale, time_zone, currency, created_at{columns})
                    values ('cus_{name}', '{name}', '{name}@example.org', 'en', 'UTC', 'USD', now(){", now()" * columns.count(",")})"""
            )
        await connection.execute("analyze customer")
    finally:
        await connection.close()
    await export_commands.write_files(created.admin, tmp_path, now=NOW)
    customers = [json.loads(line)["externalId"] for line in (tmp_path / "customers.jsonl").read_text().splitlines()]
    skipped = {line["id"]: line["reason"] for line in map(json.loads, (tmp_path / "skipped.jsonl").read_text().splitlines())}
    assert customers == ["cus_open"]
    assert skipped == {"cus_closed": "CUSTOMER_CLOSED", "cus_erased": "CUSTOMER_ERASED"}


def test_a_folder_that_is_not_empty_is_refused(urls: embedded.Urls, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PORTICO_DATABASE_URL", urls.admin)
    monkeypatch.setenv("PORTICO_APP_DATABASE_URL", urls.app)
    (tmp_path / "customers.jsonl").write_text("{}\n")
    with pytest.raises(WrongSetting, match="is not empty"):
        export_commands.export(tmp_path, None)
    assert (tmp_path / "customers.jsonl").read_text() == "{}\n"


async def test_an_installment_that_credit_paid_is_exported_as_it_was_imported(place: ImportPlace, tmp_path: Path) -> None:
    """Without what credit paid it would ask for more than its invoice."""
    parts = [{"externalId": f"P1-{number}", "name": "Part", "dueOn": "2027-01-01", "amount": 2900, "creditUsed": 300} for number in (1, 2)]
    files: dict[str, list[dict[str, object]]] = {
        "customers": [customer()],
        "payment_schedules": [schedule(installments=[parts[0] | {"invoice": "I1"}, parts[1]])],
        "invoices": [invoice(status="OPEN")],
        "credits": [
            credit("B1", amount=600),
            credit("B2", kind="APPLIED_TO_INVOICE", amount=-300, invoice="I1"),
            credit("B3", kind="APPLIED_TO_INVOICE", amount=-300),
        ],
    }
    place.write_lines(**files)
    await place.run()
    before = await place.fetch("select external_id, amount_minor, paid_minor, remaining_minor, status from installment order by position")
    assert [row["paid_minor"] for row in before] == [300, 300]
    written = tmp_path / "written"
    written.mkdir()
    await export_commands.write_files(place.urls.admin, written, now=IMPORTED_AT)
    await empty(place.urls)
    place.write({path.name: path.read_bytes() for path in written.iterdir()})
    await place.run()
    assert {(outcome, reason) for _, _, outcome, reason in place.outcomes()} == {("CREATE", None)}, place.report
    assert await place.fetch("select external_id, amount_minor, paid_minor, remaining_minor, status from installment order by position") == before
    assert await place.violations() == {}
