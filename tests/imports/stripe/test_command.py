"""`import-from stripe`, and what the import makes of its folder."""

import asyncio
import json
import os
import re
import subprocess
import sys
from collections.abc import AsyncIterator, Iterator
from datetime import UTC, datetime
from pathlib import Path

import asyncpg
import pytest

from db.builtin import embedded
from gateway.cli.merchant import catalog_commands, stripe_commands
from gateway.cli.merchant.stripe_commands import ReadOptions
from gateway.wiring.configuration.settings import WrongSetting
from imports.planning.drafts import LineAction
from imports.running.report import ImportCounts
from imports.running.run import ImportOptions, ImportProgress, run_import
from tests.auditing import audited
from tests.imports.stripe.account import READ_AT, account
from tests.imports.stripe.server import KEY, StripeServer, serving
from tests.template import create_database

ROOT = Path(__file__).parents[3]
PDF = b"%PDF-1.7\nan invoice\n%%EOF\n"


@pytest.fixture
def stripe(monkeypatch: pytest.MonkeyPatch) -> Iterator[StripeServer]:
    with serving(account()) as served:
        monkeypatch.setenv("PORTICO_STRIPE_IMPORT_KEY", KEY)
        monkeypatch.setenv("PORTICO_STRIPE_IMPORT_ADDRESS", served.address)
        yield served


@pytest.fixture
async def empty(urls: embedded.Urls, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[embedded.Urls]:
    """An empty database, which the commands use."""
    created = await create_database(urls, "of_stripe")
    monkeypatch.setenv("PORTICO_DATABASE_URL", created.admin)
    monkeypatch.setenv("PORTICO_APP_DATABASE_URL", created.app)
    async with audited(created.admin, is_whole=True):
        yield created
    connection = await asyncpg.connect(urls.admin)
    await connection.execute("drop database of_stripe with (force)")
    await connection.close()


def read(out: Path, **options: object) -> None:
    chosen = {"time_zone": "UTC", "has_pdfs": False, "per_second": 1000.0} | options
    stripe_commands.read(out, ReadOptions(**chosen), None)  # type: ignore[arg-type]  # the options have the types of the dataclass


async def imported(urls: embedded.Urls, folder: Path, scratch: Path, *, is_dry: bool) -> ImportCounts:
    options = ImportOptions(folder, "stripe", datetime.fromtimestamp(READ_AT, UTC), is_dry, stops=False)
    return (await run_import(urls.admin, options, scratch, scratch / "report.jsonl", ImportProgress())).counts


async def test_the_import_takes_every_line_of_the_folder(stripe: StripeServer, empty: embedded.Urls, tmp_path_factory: pytest.TempPathFactory) -> None:
    out, *scratch = (tmp_path_factory.mktemp(name) for name in ("out", "dry", "real"))
    await asyncio.to_thread(read, out)
    await asyncio.to_thread(catalog_commands.apply, out / "catalog.yaml", "tests", None)
    dry = await imported(empty, out, scratch[0], is_dry=True)
    counts = await imported(empty, out, scratch[1], is_dry=False)
    assert dry.reasons == counts.reasons == {}
    assert dry.actions == counts.actions
    assert sum(counts.actions.values()) == sum(len((out / f"{kind}.jsonl").read_text().splitlines()) for kind, _ in counts.actions)
    assert {action for _, action in counts.actions} == {LineAction.CREATE}
    connection = await asyncpg.connect(empty.admin, server_settings={"search_path": "portico"})
    held = await connection.fetchval("select count(*) from subscription where 'IMPORT' = any(holds)")
    balance = await connection.fetchval(
        "select sum(b.amount_minor) from balance_entry b join customer c on c.id = b.customer_id where c.external_id = 'cus_history'"
    )
    await connection.close()
    assert (held, balance) == (20, 1500)


def test_a_folder_that_is_read_again_after_a_change_is_an_update(stripe: StripeServer, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    read(tmp_path)
    first = (tmp_path / "customers.jsonl").read_bytes()
    stripe.objects["customers"][0]["name"] = "Another Name"
    read(tmp_path)
    assert (tmp_path / "customers.jsonl").read_bytes() != first
    printed = capsys.readouterr().out
    assert len(re.findall(r"^Reading acct_1PorticoTest as of \d{4}-\d\d-\d\d \d\d:\d\d UTC\.$", printed, re.M)) == 2
    assert re.search(r"^customers: 31 \([\d,]+/s\)$", printed, re.M)
    assert "METERED_PRICE: 1" in printed


def test_pdfs_are_downloaded_without_the_key_and_named_as_documents(stripe: StripeServer, tmp_path: Path) -> None:
    for one in stripe.objects["invoices"]:
        one["invoice_pdf"] = f"{stripe.address}/pdf/{one['id']}"
    stripe.pdf = PDF
    read(tmp_path, has_pdfs=True)
    lines = [json.loads(line) for line in (tmp_path / "invoices.jsonl").read_text().splitlines()]
    assert {line["document"] for line in lines} == {f"documents/{line['externalId']}.pdf" for line in lines}
    assert all((tmp_path / line["document"]).read_bytes() == PDF for line in lines)
    assert stripe.keys_at_pdfs == {None}


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"PORTICO_STRIPE_IMPORT_KEY": ""}, "PORTICO_STRIPE_IMPORT_KEY: is needed, a restricted key of Stripe"),
        ({"PORTICO_STRIPE_IMPORT_KEY": "sk_test_full"}, "PORTICO_STRIPE_IMPORT_KEY: is not a restricted key of Stripe, which begins with rk_"),
        ({"PORTICO_STRIPE_IMPORT_KEY": "rk_test_other"}, "Stripe refuses the key in PORTICO_STRIPE_IMPORT_KEY"),
    ],
)
def test_a_wrong_key_is_one_line(settings: dict[str, str], message: str, stripe: StripeServer, tmp_path: Path) -> None:
    command = [sys.executable, "-m", "gateway", "import-from", "stripe", "--out", str(tmp_path / "out")]
    done = subprocess.run(command, cwd=ROOT, env=os.environ | settings, capture_output=True, text=True, timeout=60)
    assert done.returncode == 1
    assert done.stdout == ""
    assert re.fullmatch(rf"Error: {message}[^\n]*\n", done.stderr), done.stderr
    assert not (tmp_path / "out").exists()


def test_a_missing_permission_is_named(stripe: StripeServer, tmp_path: Path) -> None:
    stripe.forbidden = {"credit_notes": "rak_credit_note_read"}
    with pytest.raises(WrongSetting, match=r"lacks the permission rak_credit_note_read to read /v1/credit_notes"):
        read(tmp_path)


def test_a_time_zone_that_is_none_is_refused_before_anything_is_read(stripe: StripeServer, tmp_path: Path) -> None:
    with pytest.raises(WrongSetting, match="--time-zone"):
        read(tmp_path, time_zone="Zurich")
    assert stripe.requests == []
