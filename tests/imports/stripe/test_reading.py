"""An account is read completely, whatever the network does, in pages, at a limited rate, and with nothing twice."""

import asyncio
import json
import random
import signal
import subprocess
import sys
import time
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

from imports.stripe import grouping
from imports.stripe.client import API_VERSION, ATTEMPTS, ReadClient
from imports.stripe.problems import CannotRead
from imports.stripe.reading import read_account
from tests.depth import SEED, by_depth
from tests.imports.stripe.account import READ_AT, account
from tests.imports.stripe.objects import at, card, customer, invoice, invoice_item, invoice_payment
from tests.imports.stripe.runs import access, contents, run
from tests.imports.stripe.server import CUT, KEY, STALL, StripeServer, serving

pytestmark = pytest.mark.in_turns(3)

ROOT = Path(__file__).parents[3]


def lines(out: Path, name: str) -> list[dict[str, Any]]:
    return [json.loads(line) for line in (out / f"{name}.jsonl").read_text().splitlines()]


def test_the_version_is_that_of_the_library_by_which_payments_go() -> None:
    import stripe

    assert stripe.api_version == API_VERSION


def test_faults_of_the_network_and_refusals_for_now_change_nothing_in_the_folder(tmp_path: Path) -> None:
    with serving(account(), page=3) as stripe:
        run(stripe.address, tmp_path / "calm")
        calm = len(stripe.requests)
        chance = random.Random(SEED)
        stripe.fault_at = lambda number: chance.choice([CUT, STALL, 429, 409, 500, 503, *[None] * 12])
        run(stripe.address, tmp_path / "stormy")
        assert len(stripe.requests) - calm > 1.2 * calm
    assert contents(tmp_path / "stormy") == contents(tmp_path / "calm")


def test_pages_of_any_size_give_the_same_folder_and_each_object_once(tmp_path: Path) -> None:
    objects = account() | {"customers": [customer(f"c{number:03}", created=at("2025-01-01") + number // 7) for number in range(60)]}
    objects["payment_methods"] = [card(f"m{number}", f"c{number % 60:03}") for number in range(150)]
    with serving(objects) as stripe:
        run(stripe.address, tmp_path / "whole")
        stripe.page = 2
        run(stripe.address, tmp_path / "pages")
    assert contents(tmp_path / "pages") == contents(tmp_path / "whole")
    assert sorted(line["externalId"] for line in lines(tmp_path / "pages", "customers")) == sorted(one["id"] for one in objects["customers"])
    assert len({line["externalId"] for line in lines(tmp_path / "pages", "payment_methods")}) == 150


def test_parts_of_an_object_that_go_on_are_read_to_their_end(tmp_path: Path) -> None:
    period = {"start": "2026-01-01", "end": "2026-02-01"}
    long = invoice("long", "c", [invoice_item(f"Line {number}", number, **period) for number in range(230)], on="2026-02-01")
    payments = [invoice_payment(long, 100, id=f"inpay_{number}", payment={"type": "payment_record", "payment_record": f"pr_{number}"}) for number in range(25)]
    with serving(account() | {"customers": [customer("c")], "invoices": [long], "invoice_payments": payments}) as stripe:
        run(stripe.address, tmp_path / "out")
        spooled = json.loads((tmp_path / "out/.stripe/invoices.jsonl").read_text())
    assert len(lines(tmp_path / "out", "invoices")[0]["lines"]) == 230
    assert len(spooled["payments"]["data"]) == 25


@pytest.mark.parametrize("number", range(by_depth(4, 100)))
def test_a_run_that_is_killed_at_any_moment_goes_on_to_the_same_folder(number: int, tmp_path: Path) -> None:
    with serving(account(), page=2) as stripe:
        run(stripe.address, tmp_path / "whole")
        pages = len(stripe.requests)
        kill_at = random.Random(f"{SEED}-{number}").randrange(1, pages)
        stripe.requests.clear()
        command = [sys.executable, "-m", "tests.imports.stripe.runs", stripe.address, str(tmp_path / "killed")]
        process = subprocess.Popen(command, cwd=ROOT)
        while len(stripe.requests) < kill_at and process.poll() is None:
            time.sleep(0.0005)
        process.send_signal(signal.SIGKILL)
        process.wait()
        _append_a_part(tmp_path / "killed")
        before = len(stripe.requests)
        run(stripe.address, tmp_path / "killed", now=READ_AT + 600)
        # A page that was not counted, the account, and the methods of ten customers are asked for again.
        assert len(stripe.requests) - before <= pages - kill_at + 40
    assert contents(tmp_path / "killed") == contents(tmp_path / "whole")


def _append_a_part(out: Path) -> None:
    """Append what a killed process may have written of a page without counting it."""
    for path in (out / ".stripe").glob("*.jsonl"):
        with path.open("ab") as file:
            file.write(b'{"id":"half')


def test_a_finished_folder_is_read_again_and_shows_what_has_changed(tmp_path: Path) -> None:
    objects = account()
    with serving(objects) as stripe:
        run(stripe.address, tmp_path)
        stripe.objects["customers"][0]["name"] = "Another Name"
        stripe.objects["customers"] = stripe.objects["customers"][:-1]
        before = lines(tmp_path, "customers")
        run(stripe.address, tmp_path, now=READ_AT + 600)
    after = lines(tmp_path, "customers")
    assert len(after) == len(before) - 1
    assert [line["name"] for line in after].count("Another Name") == 1


def test_an_object_that_is_deleted_while_its_list_is_read_loses_no_other(tmp_path: Path) -> None:
    objects = account() | {"customers": [customer(f"c{number:02}", created=at("2025-01-01") + number // 5) for number in range(30)], "payment_methods": []}
    with serving(objects, page=4) as stripe:
        listed = [one["id"] for one in stripe.objects["customers"]]

        def delete(number: int) -> None:
            # After the second page: the object after which the third begins.
            if sum(path.startswith("/v1/customers?") for path, _ in stripe.requests) == 3:
                stripe.objects["customers"] = [one for one in stripe.objects["customers"] if one["id"] != listed[7]]

        stripe.fault_at = delete  # type: ignore[assignment]  # it returns no fault
        run(stripe.address, tmp_path)
    assert [line["externalId"] for line in lines(tmp_path, "customers")] == listed
    assert [json.loads(line)["id"] for line in (tmp_path / ".stripe/customers.jsonl").read_text().splitlines()] == listed


def test_what_is_made_while_an_account_is_read_is_left_for_another_run(tmp_path: Path) -> None:
    objects = account() | {"customers": [customer("before"), customer("meanwhile", created=READ_AT + 1)]}
    with serving(objects) as stripe:
        run(stripe.address, tmp_path)
    assert [line["externalId"] for line in lines(tmp_path, "customers")] == ["cus_before"]


def test_requests_are_spaced_and_a_refusal_for_coming_too_soon_holds_all_of_them(tmp_path: Path) -> None:
    async def read(stripe: StripeServer) -> None:
        async with ReadClient(access(stripe.address, per_second=50)) as client:
            await asyncio.gather(*(client.get("/v1/account", {}) for _ in range(20)))
            stripe.faults, stripe.retry_after = [429], "1"
            await asyncio.gather(*(client.get("/v1/account", {}) for _ in range(20)))

    with serving(account()) as stripe:
        asyncio.run(read(stripe))
        times = [when for _, when in stripe.requests]
    assert times[19] - times[0] >= 0.35
    # Requests that were sent before the refusal arrived are answered; all others come a second later.
    assert len(times) == 41
    assert max(later - sooner for sooner, later in pairwise(times[20:])) >= 0.9


def test_memory_holds_a_part_of_the_customers_and_the_lines_are_the_same(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with serving(account()) as stripe:
        run(stripe.address, tmp_path / "one")
        monkeypatch.setattr(grouping, "PART_OBJECTS", 10)
        run(stripe.address, tmp_path / "parts")
    for name, content in contents(tmp_path / "one").items():
        assert sorted((tmp_path / "parts" / name).read_bytes().splitlines()) == sorted(content.splitlines()), name
    assert not (tmp_path / "parts/.stripe/parts").exists()


def test_a_folder_of_something_else_is_refused_before_anything_is_written(tmp_path: Path) -> None:
    (tmp_path / "customers.jsonl").write_text("{}\n")
    with serving(account()) as stripe:
        with pytest.raises(CannotRead, match="neither empty nor written by this command"):
            run(stripe.address, tmp_path)
        assert [path.name for path in tmp_path.iterdir()] == ["customers.jsonl"]
        run(stripe.address, tmp_path / "out")
        stripe.account = "acct_another"
        with pytest.raises(CannotRead, match="has the data of the account acct_1PorticoTest, and the key is one of acct_another"):
            run(stripe.address, tmp_path / "out")


def test_a_damaged_state_is_refused_and_not_taken_for_an_empty_folder(tmp_path: Path) -> None:
    with serving(account()) as stripe:
        run(stripe.address, tmp_path)
        (tmp_path / ".stripe/state.json").write_text('{"version": 1}')
        with pytest.raises(CannotRead, match="is damaged"):
            run(stripe.address, tmp_path)


def test_a_wrong_key_and_a_missing_permission_are_one_line_without_the_key(tmp_path: Path) -> None:
    with serving(account()) as stripe:
        with pytest.raises(CannotRead) as wrong:
            run(stripe.address, tmp_path / "a", key="rk_test_another")
        stripe.forbidden = {"charges": "rak_charge_read"}
        with pytest.raises(CannotRead) as missing:
            run(stripe.address, tmp_path / "b")
        assert str(wrong.value) == "Stripe refuses the key in PORTICO_STRIPE_IMPORT_KEY: it is wrong, revoked or expired."
        assert "lacks the permission rak_charge_read to read /v1/charges" in str(missing.value)
        assert not any("\n" in str(error.value) or "6789" in str(error.value) for error in (wrong, missing))
        assert not (tmp_path / "a").exists()
        stripe.forbidden = {}
        run(stripe.address, tmp_path / "b")
        run(stripe.address, tmp_path / "c")
    assert contents(tmp_path / "b") == contents(tmp_path / "c")


def test_a_server_that_never_answers_is_given_up_after_ten_attempts(tmp_path: Path) -> None:
    with serving(account()) as stripe:
        stripe.fault_at = lambda number: 503 if number > 1 else None
        with pytest.raises(CannotRead, match=rf"did not answer /v1/products in {ATTEMPTS} attempts \(it answered 503\)\. Run the command again"):
            run(stripe.address, tmp_path)
        assert len(stripe.requests) == 1 + ATTEMPTS
        stripe.fault_at = lambda number: None
        run(stripe.address, tmp_path)
    assert lines(tmp_path, "customers")


def test_the_key_is_in_no_file(tmp_path: Path) -> None:
    with serving(account()) as stripe:
        run(stripe.address, tmp_path)
    assert all(KEY.encode() not in path.read_bytes() for path in tmp_path.rglob("*") if path.is_file())


def test_the_methods_of_a_customer_who_was_deleted_meanwhile_are_none(tmp_path: Path) -> None:
    with serving(account(), page=4) as stripe:

        def delete(number: int) -> None:
            if any("/payment_methods" in path for path, _ in stripe.requests):
                stripe.objects["customers"] = [one for one in stripe.objects["customers"] if one["id"] != "cus_euro"]

        stripe.fault_at = delete  # type: ignore[assignment]  # it returns no fault
        asyncio.run(read_account(access(stripe.address), tmp_path, now=READ_AT, progress=lambda spool: lambda name, count: None))
        assert any("/cus_euro/payment_methods" in path for path, _ in stripe.requests), "the reader asked for them"
        assert "cus_euro" not in {one["id"] for one in stripe.objects["customers"]}
    methods = [path.read_text() for path in (tmp_path / ".stripe").rglob("*payment_methods*") if path.is_file()]
    assert any('"pm_' in text for text in methods), "those of the others are there"
    assert all('"customer":"cus_euro"' not in text.replace(": ", ":") for text in methods)
