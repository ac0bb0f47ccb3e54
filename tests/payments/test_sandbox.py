"""The sandbox: every card does what its name says, in every process alike, and the ledger counts what was asked."""

import asyncio
import sqlite3
import subprocess
import sys
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from aiohttp import web

import demo
from demo.load import run_story
from demo.records.money import SeedPayment
from demo.records.rows import SeedPaymentMethod
from demo.records.tables import no_rows
from payments.declines import for_the_customer
from payments.processor import (
    BadSignature,
    ChargeLookup,
    ChargeStatus,
    EventKind,
    OutcomeUnknown,
    Payer,
    ProcessorUnavailable,
    RefundReport,
    RefundRequest,
    SetupNotFound,
    SetupUnfinished,
)
from payments.sandbox import SIGNATURE, Sandbox
from payments.sandbox_cards import CARDS, card_of
from payments.sandbox_ledger import Ledger, SandboxCharge
from tests.payments.sides import PAYER, SECRET, SandboxSide, add, charge_of

NOW = datetime(2026, 11, 22, 22, 0, tzinfo=UTC)
S = ChargeStatus

ANSWERS = [
    ("visa", S.SUCCEEDED, None, False),
    ("mastercard", S.SUCCEEDED, None, False),
    ("amex", S.SUCCEEDED, None, False),
    ("hesitates", S.SUCCEEDED, None, False),
    ("sepa", S.PROCESSING, None, False),
    ("sepa_returned", S.PROCESSING, None, False),
    ("slow", S.PROCESSING, None, False),
    ("slow_decline", S.PROCESSING, None, False),
    ("out_of_order", S.PROCESSING, None, False),
    ("requires_action", S.REQUIRES_ACTION, None, False),
    ("action_fails", S.REQUIRES_ACTION, None, False),
    ("generic_decline", S.FAILED, "generic_decline", True),
    ("do_not_honor", S.FAILED, "do_not_honor", True),
    ("insufficient_funds", S.FAILED, "insufficient_funds", True),
    ("processing_error", S.FAILED, "processing_error", True),
    ("expired_card", S.FAILED, "expired_card", False),
    ("incorrect_cvc", S.FAILED, "incorrect_cvc", False),
    ("lost_card", S.FAILED, "lost_card", False),
    ("stolen_card", S.FAILED, "stolen_card", False),
    ("fraudulent", S.FAILED, "fraudulent", False),
]


@pytest.fixture
async def sandbox() -> AsyncIterator[Sandbox]:
    sandbox = Sandbox(SECRET, hesitation_seconds=0.05)
    yield sandbox
    await sandbox.close()


async def charged(sandbox: Sandbox, card: str, key: str = "pay_1", *, is_off_session: bool = False) -> tuple[str, S, str | None, bool]:
    """The method's reference, and the result."""
    method = await add(SandboxSide(sandbox), card, key=f"setup-{card}")
    result = await sandbox.charge(charge_of(method, key, is_off_session=is_off_session))
    return method.method_reference, result.status, result.decline_code, result.is_retryable


@pytest.mark.parametrize(("card", "status", "code", "is_retryable"), ANSWERS)
async def test_every_card_does_what_its_name_says(sandbox: Sandbox, card: str, status: S, code: str | None, is_retryable: bool) -> None:
    assert (await charged(sandbox, card))[1:] == (status, code, is_retryable)
    assert sandbox.calls("capture") == (status is S.SUCCEEDED)


def test_every_card_is_tried_in_one_of_these_tests() -> None:
    assert set(CARDS) - {card for card, *_ in ANSWERS} == {"timeout_after_capture", "timeout_before_capture", "unavailable"}


async def test_an_answer_lost_after_the_capture_is_found_again_and_taken_once(sandbox: Sandbox) -> None:
    with pytest.raises(OutcomeUnknown):
        await charged(sandbox, "timeout_after_capture")
    method = await add(SandboxSide(sandbox), "timeout_after_capture", key="setup-timeout_after_capture")
    outcome = await sandbox.outcome(ChargeLookup("pay_1", method.method_reference, None, NOW), now=NOW)
    assert outcome
    assert outcome.status is S.SUCCEEDED
    assert (await sandbox.charge(charge_of(method, "pay_1"))).status is S.SUCCEEDED
    assert (sandbox.calls("charge", "pay_1"), sandbox.calls("capture", "pay_1")) == (2, 1)


async def test_a_request_lost_before_the_capture_never_arrived(sandbox: Sandbox) -> None:
    with pytest.raises(OutcomeUnknown):
        await charged(sandbox, "timeout_before_capture")
    method = await add(SandboxSide(sandbox), "timeout_before_capture", key="k")
    assert await sandbox.outcome(ChargeLookup("pay_1", method.method_reference, None, NOW), now=NOW + timedelta(hours=1)) is None
    assert sandbox.calls("capture") == 0


async def test_a_sandbox_that_is_away_has_done_nothing(sandbox: Sandbox) -> None:
    with pytest.raises(ProcessorUnavailable):
        await charged(sandbox, "unavailable")
    assert sandbox.calls("capture") == 0


async def test_while_it_is_away_nothing_reaches_it_and_what_it_did_before_stays_done(sandbox: Sandbox) -> None:
    method = await add(SandboxSide(sandbox), "visa", key="k")
    await sandbox.charge(charge_of(method, "pay_1"))
    sandbox.is_away = True
    with pytest.raises(ProcessorUnavailable):
        await sandbox.charge(charge_of(method, "pay_1"))
    with pytest.raises(ProcessorUnavailable):
        await sandbox.outcome(ChargeLookup("pay_1", method.method_reference, None, NOW), now=NOW)
    sandbox.is_away = False
    outcome = await sandbox.outcome(ChargeLookup("pay_1", method.method_reference, None, NOW), now=NOW)
    assert outcome
    assert outcome.status is S.SUCCEEDED
    assert sandbox.calls("capture") == 1


async def test_one_that_hesitates_lets_others_go_first(sandbox: Sandbox) -> None:
    method = await add(SandboxSide(sandbox), "hesitates", key="k")
    slow, quick = asyncio.create_task(sandbox.charge(charge_of(method, "pay_slow"))), await charged(sandbox, "visa", "pay_quick")
    assert quick[1] is S.SUCCEEDED
    assert not slow.done()
    assert (await slow).status is S.SUCCEEDED


@pytest.mark.parametrize(("card", "status", "code"), [("requires_action", S.SUCCEEDED, None), ("action_fails", S.FAILED, "authentication_failed")])
async def test_what_the_bank_says_after_the_action(sandbox: Sandbox, card: str, status: S, code: str | None) -> None:
    method = await add(SandboxSide(sandbox), card, key="k")
    waiting = await sandbox.charge(charge_of(method, "pay_1"))
    for _ in range(2):
        after = await sandbox.confirm(waiting.processor_reference or "")
        assert (after.status, after.decline_code) == (status, code)
    assert sandbox.calls("capture", "pay_1") == (status is S.SUCCEEDED)


@pytest.mark.parametrize(("card", "status"), [("slow", S.SUCCEEDED), ("slow_decline", S.FAILED)])
async def test_a_slow_charge_has_its_last_word_after_a_minute(sandbox: Sandbox, card: str, status: S) -> None:
    reference, *_ = await charged(sandbox, card)
    attempt = ChargeLookup("pay_1", reference, None, NOW)
    early, late = await sandbox.outcome(attempt, now=NOW + timedelta(seconds=59)), await sandbox.outcome(attempt, now=NOW + timedelta(seconds=60))
    assert early
    assert late
    assert (early.status, late.status) == (S.PROCESSING, status)


async def test_more_than_was_paid_is_never_given_back(sandbox: Sandbox) -> None:
    method = await add(SandboxSide(sandbox), "visa", key="k")
    paid = await sandbox.charge(charge_of(method, "pay_1", amount_minor=1000))
    first = await sandbox.refund(RefundRequest("ref_1", paid.processor_reference or "", 600, "EUR"))
    second = await sandbox.refund(RefundRequest("ref_2", paid.processor_reference or "", 401, "EUR"))
    third = await sandbox.refund(RefundRequest("ref_3", paid.processor_reference or "", 400, "EUR"))
    assert [(refund.status, refund.decline_code) for refund in (first, second, third)] == [
        (S.SUCCEEDED, None),
        (S.FAILED, "more_than_was_paid"),
        (S.SUCCEEDED, None),
    ]


async def test_events_tell_refunds_and_disputes_by_their_references(sandbox: Sandbox) -> None:
    paid = await sandbox.charge(charge_of(await add(SandboxSide(sandbox), "visa", key="k"), "pay_1", amount_minor=1000))
    refund = await sandbox.refund(RefundRequest("ref_1", paid.processor_reference or "", 600, "EUR"))
    disputed = RefundReport("dp_1", 400, "SUCCEEDED", "DISPUTE")
    sandbox.queue_refund_event(paid.processor_reference or "", disputed)
    sandbox.queue_refund_event(paid.processor_reference or "", None)
    events = [sandbox.read_event(delivery.headers, delivery.body, now=NOW) for delivery in sandbox.deliveries(now=NOW)]
    assert [(event.refund, event.refunded_minor) for event in events if event.kind is EventKind.REFUND] == [
        (RefundReport(refund.processor_reference or "", 600, "SUCCEEDED", "REQUESTED", "ref_1"), None),
        (disputed, None),
        (None, 600),
    ]


async def test_a_ledger_of_an_earlier_version_is_read_on(tmp_path: Path) -> None:
    file = sqlite3.connect(tmp_path / "sandbox.sqlite3")
    file.execute(
        "create table event (seq integer primary key autoincrement, key text, reference text, kind text, status text, decline_code text, refunded_minor integer)"
    )
    file.execute("insert into event (key, reference, kind, status, refunded_minor) values ('pay_1', 'sandbox_ch_1', 'REFUND', 'SUCCEEDED', 5)")
    file.commit()
    file.close()
    sandbox = Sandbox(SECRET, Ledger(tmp_path / "sandbox.sqlite3"))
    (delivery,) = sandbox.deliveries(now=NOW)
    event = sandbox.read_event(delivery.headers, delivery.body, now=NOW)
    assert (event.key, event.refunded_minor, event.refund) == ("pay_1", 5, None)
    await sandbox.close()


async def test_a_method_that_was_detached_cannot_be_charged(sandbox: Sandbox) -> None:
    method = await add(SandboxSide(sandbox), "visa", key="k")
    await sandbox.detach(method.method_reference)
    assert (await sandbox.charge(charge_of(method, "pay_1"))).decline_code == "method_unknown"


async def test_a_card_that_is_not_on_the_list_is_not_added(sandbox: Sandbox) -> None:
    start = await sandbox.start_setup(PAYER, key="k")
    with pytest.raises(SetupUnfinished):
        await sandbox.finish_setup(f"{start.reference}.wood", customer_id=PAYER.customer_id)


async def test_a_setup_of_another_sandbox_is_not_taken(sandbox: Sandbox) -> None:
    other = Sandbox("another secret")
    start = await other.start_setup(Payer("cus_2", "eve@example.com"), key="k")
    with pytest.raises(SetupNotFound):
        await sandbox.finish_setup(start.reference, customer_id="cus_2")
    await other.close()


def read_events(sandbox: Sandbox, *, now: datetime = NOW) -> list[tuple[str | None, EventKind, S | None]]:
    events = [sandbox.read_event(delivery.headers, delivery.body, now=now) for delivery in sandbox.deliveries(now=now)]
    return [(event.key, event.kind, event.result.status if event.result else None) for event in events]


async def test_events_tell_every_step_in_order(sandbox: Sandbox) -> None:
    method = await add(SandboxSide(sandbox), "requires_action", key="k")
    waiting = await sandbox.charge(charge_of(method, "pay_1"))
    await sandbox.confirm(waiting.processor_reference or "")
    await sandbox.refund(RefundRequest("ref_1", waiting.processor_reference or "", 100, "EUR"))
    assert read_events(sandbox) == [("pay_1", EventKind.CHARGE, S.REQUIRES_ACTION), ("pay_1", EventKind.CHARGE, S.SUCCEEDED), ("pay_1", EventKind.REFUND, None)]


async def test_events_of_that_card_come_backwards(sandbox: Sandbox) -> None:
    await charged(sandbox, "out_of_order", "pay_1")
    assert [status for _, _, status in read_events(sandbox)] == [S.SUCCEEDED, S.PROCESSING]


async def test_events_keep_their_ids_until_somebody_takes_them(sandbox: Sandbox) -> None:
    await charged(sandbox, "visa", "pay_1")
    first, again = [[sandbox.read_event(d.headers, d.body, now=NOW).id for d in sandbox.deliveries(now=NOW)] for _ in range(2)]
    assert first == again
    assert len(first) == 1


async def test_an_event_that_was_changed_or_is_old_is_not_believed(sandbox: Sandbox) -> None:
    await charged(sandbox, "visa", "pay_1")
    (delivery,) = sandbox.deliveries(now=NOW)
    for headers, body, now in [
        (delivery.headers, delivery.body.replace(b"pay_1", b"pay_2"), NOW),
        (delivery.headers, delivery.body, NOW + timedelta(minutes=6)),
        ({SIGNATURE: delivery.headers[SIGNATURE][:-1]}, delivery.body, NOW),
    ]:
        with pytest.raises(BadSignature):
            sandbox.read_event(headers, body, now=now)


async def test_events_are_posted_until_they_are_answered(sandbox: Sandbox) -> None:
    answers = [500, 200, 200, 200]
    taken: list[str | None] = []

    async def take(request: web.Request) -> web.Response:
        event = sandbox.read_event({name.lower(): value for name, value in request.headers.items()}, await request.read(), now=NOW)
        taken.append(event.key)
        return web.Response(status=answers.pop(0))

    app = web.Application()
    app.router.add_post("/webhooks/sandbox", take)
    runner = web.AppRunner(app)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    url = f"http://127.0.0.1:{runner.addresses[0][1]}/webhooks/sandbox"
    for key in ("pay_1", "pay_2"):
        await charged(sandbox, "visa", key)
    assert [await sandbox.deliver(url, now=NOW) for _ in range(3)] == [1, 1, 0]
    assert taken == ["pay_1", "pay_2", "pay_1"]
    await runner.cleanup()
    await charged(sandbox, "visa", "pay_3")
    assert await sandbox.deliver(url, now=NOW) == 0
    assert len(sandbox.deliveries(now=NOW)) == 1


async def test_without_its_memory_it_tells_what_the_references_tell(sandbox: Sandbox) -> None:
    """As after a restart: payments of the demo data, and those whose answer was written down."""
    attempt = ChargeLookup("pay_1", "sandbox_0123456789abcdef", "sandbox_fedcba9876543210", NOW)
    paid = await sandbox.outcome(attempt, now=NOW)
    slow = await sandbox.outcome(replace(attempt, method_reference="sandbox_0123456789abcdef_slow"), now=NOW)
    waiting = await sandbox.outcome(replace(attempt, processor_reference="sandbox_fedcba9876543210_requires_action"), now=NOW)
    assert paid
    assert slow
    assert waiting
    assert (paid.status, slow.status, waiting.status) == (S.SUCCEEDED, S.PROCESSING, S.REQUIRES_ACTION)
    assert waiting.client_action
    assert (await sandbox.confirm("sandbox_fedcba9876543210_requires_action")).status is S.SUCCEEDED
    assert (await sandbox.confirm("sandbox_fedcba9876543210_action_fails")).status is S.FAILED
    assert (await sandbox.refund(RefundRequest("ref_1", "sandbox_fedcba9876543210", 5, "EUR"))).status is S.SUCCEEDED


PROGRAM = """
import asyncio, sys
from pathlib import Path
from payments.processor import ChargeRequest
from payments.sandbox import Sandbox
from payments.sandbox_ledger import Ledger
charge = ChargeRequest("pay_1", "cus_1", "sandbox_0123456789abcdef", 100, "EUR")
print(asyncio.run(Sandbox(sys.argv[1], Ledger(Path(sys.argv[2]))).charge(charge)).processor_reference)
"""


def charged_elsewhere(path: Path, *, processes: int) -> set[str]:
    """The references that so many processes at once were given for one charge."""
    started = [subprocess.Popen([sys.executable, "-c", PROGRAM, SECRET, str(path)], stdout=subprocess.PIPE, text=True) for _ in range(processes)]
    return {process.communicate(timeout=30)[0] for process in started}


async def test_processes_share_a_ledger_in_a_file_and_it_outlives_them(tmp_path: Path) -> None:
    references = await asyncio.to_thread(charged_elsewhere, tmp_path / "sandbox.db", processes=3)
    after = Sandbox(SECRET, Ledger(tmp_path / "sandbox.db"))
    assert len(references) == 1
    assert (after.calls("charge", "pay_1"), after.calls("capture", "pay_1")) == (3, 1)
    assert await after.outcome(ChargeLookup("pay_2", "sandbox_0123456789abcdef", None, NOW), now=NOW + timedelta(hours=1)) is None
    await after.close()


async def test_the_ledger_forgets_the_oldest_first() -> None:
    sandbox = Sandbox(SECRET, Ledger(bound=10))
    for number in range(30):
        await charged(sandbox, "visa", f"pay_{number}")
    assert len(sandbox.deliveries(now=NOW)) == 10
    assert sandbox.calls("charge", "pay_0") == 0
    assert sandbox.calls("charge", "pay_29") == 1
    await sandbox.close()


async def test_another_thread_may_charge_and_count(sandbox: Sandbox) -> None:
    """Tests ask the sandbox of a server that runs in a thread of its own."""
    method = await add(SandboxSide(sandbox), "visa", key="k")
    charges = [charge_of(method, f"pay_{number % 5}") for number in range(20)]
    await asyncio.gather(*(asyncio.to_thread(asyncio.run, sandbox.charge(charge)) for charge in charges))
    assert (sandbox.calls("charge"), sandbox.calls("capture")) == (20, 5)


async def test_a_confirmation_and_a_cancellation_at_once_agree_on_one_end(sandbox: Sandbox) -> None:
    method = await add(SandboxSide(sandbox), "requires_action", key="k")
    for number in range(20):
        waiting = await sandbox.charge(charge_of(method, f"pay_{number}"))
        reference = waiting.processor_reference or ""
        ends = await asyncio.gather(*(asyncio.to_thread(asyncio.run, end(reference)) for end in (sandbox.confirm, sandbox.cancel, sandbox.confirm)))
        assert len({end.status for end in ends}) == 1
        assert sandbox.calls("capture", f"pay_{number}") == (ends[0].status is S.SUCCEEDED)


def test_the_ledger_writes_one_end_down() -> None:
    ledger = Ledger()
    entry = SandboxCharge("pay_1", "", "sandbox_ch_1", S.REQUIRES_ACTION, None, 100, 0, "requires_action")
    ledger.add_charge(entry)
    assert ledger.settle(replace(entry, status=S.SUCCEEDED), was=S.REQUIRES_ACTION)
    assert not ledger.settle(replace(entry, status=S.FAILED), was=S.REQUIRES_ACTION)
    assert ledger.charge(key="pay_1") == replace(entry, status=S.SUCCEEDED)
    ledger.close()


@pytest.mark.parametrize("reference", ["sandbox_ch_0123456789abcdef_visa", "sandbox_0123456789abcdef", "sandbox_0123456789abcdef_lost_card"])
def test_references_of_methods_and_charges_name_their_card(reference: str) -> None:
    assert card_of(reference)


def test_what_the_bank_wants_kept_from_the_holder_is_kept_from_them() -> None:
    assert for_the_customer("stolen_card") == for_the_customer("fraudulent") == "generic_decline"
    assert for_the_customer("insufficient_funds") == "insufficient_funds"


def test_every_method_of_the_demo_is_a_card_and_some_of_them_fail() -> None:
    rows = no_rows()
    for person in demo.PERSONAS:
        run_story(person, NOW, rows)
    cards = {card_of(method.processor_reference) for method in rows[SeedPaymentMethod]}
    assert None not in cards
    assert {card.name for card in cards if card} >= {"visa", "sepa", "insufficient_funds", "processing_error", "requires_action"}
    waiting = [payment for payment in rows[SeedPayment] if payment.status == "REQUIRES_ACTION"]
    assert waiting
    assert {(card_of(payment.processor_reference) or CARDS["visa"]).name for payment in waiting} == {"requires_action"}
