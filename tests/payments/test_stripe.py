"""What only Stripe's adapter can get wrong: a broken wire, refusals at the door, amounts that Stripe counts otherwise, and its events."""

import asyncio
import json
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import count
from typing import Any

import pytest
from aiohttp import web
from hypothesis import given
from hypothesis import strategies as st
from stripe import WebhookSignature

from billing.money.money import EXPONENTS
from payments.processor import (
    BadSignature,
    ChargeLookup,
    ChargeStatus,
    EventKind,
    KeyReused,
    OutcomeUnknown,
    ProcessorEvent,
    ProcessorUnavailable,
    RefundReport,
    RefundRequest,
    SetupUnfinished,
)
from payments.stripe import Stripe
from payments.stripe_amounts import from_stripe, to_stripe
from tests.payments.sides import KEYS, PAYER, SECRET, StripeSide, add, charge_of, localstripe, stripe_side

NOW = datetime(2026, 11, 22, 22, 0, tzinfo=UTC)
NUMBERS = count()
INTENTS = "/v1/payment_intents"


@pytest.fixture(scope="module")
def address() -> Iterator[str]:
    with localstripe() as address:
        yield address


@pytest.fixture
async def side(address: str) -> AsyncIterator[StripeSide]:
    async with stripe_side(address) as side:
        yield side


@pytest.fixture
def key() -> str:
    return f"pay_stripe_{next(NUMBERS)}"


async def test_our_keys_go_along(side: StripeSide, key: str) -> None:
    taken = await side.processor.charge(charge_of(await add(side, "visa", key="setup"), key))
    await side.processor.refund(RefundRequest(f"ref_{key}", taken.processor_reference or "", 100, "EUR"))
    keys = [
        request["key"]
        for request in await side.requests()
        if request["method"] == "POST" and request["path"] in ("/v1/customers", "/v1/setup_intents", INTENTS, "/v1/refunds")
    ]
    assert keys == ["customer-setup", "setup-setup", key, f"ref_{key}"]


async def test_a_known_customer_is_not_made_again(side: StripeSide, key: str) -> None:
    method = await add(side, "visa", key=key)
    before = len([request for request in await side.requests() if request["path"] == "/v1/customers"])
    await side.processor.start_setup(replace(PAYER, method_reference=method.method_reference), key=f"{key}b")
    assert len([request for request in await side.requests() if request["path"] == "/v1/customers"]) == before == 1


async def test_an_answer_that_is_lost_once_is_asked_for_again_under_the_same_key(side: StripeSide, key: str) -> None:
    method = await add(side, "visa", key=key)
    await side.spoil("lose the answer", INTENTS)
    assert (await side.processor.charge(charge_of(method, key))).status is ChargeStatus.SUCCEEDED
    assert [request["key"] for request in await side.requests() if request["path"] == INTENTS] == [key, key]
    assert await side.moved(key) == 1


@pytest.mark.parametrize("fault", ["lose the answer", "cut the line"])
async def test_an_answer_that_is_lost_leaves_the_outcome_unknown_until_it_is_asked_for(side: StripeSide, key: str, fault: str) -> None:
    method = await add(side, "visa", key=key)
    for _ in range(KEYS.attempts):
        await side.spoil(fault, INTENTS)
    with pytest.raises(OutcomeUnknown):
        await side.processor.charge(charge_of(method, key))
    outcome = await side.processor.outcome(ChargeLookup(key, method.method_reference, None, datetime.now(UTC)), now=datetime.now(UTC))
    assert outcome
    assert outcome.status is ChargeStatus.SUCCEEDED
    assert await side.moved(key) == 1


async def test_a_part_of_a_list_does_not_prove_that_a_charge_never_arrived(side: StripeSide, key: str) -> None:
    method = await add(side, "visa", key=key)
    await side.spoil("another page", INTENTS, method="GET")
    with pytest.raises(OutcomeUnknown):
        await side.processor.outcome(ChargeLookup(key, method.method_reference, None, NOW), now=NOW + timedelta(hours=1))


@pytest.mark.parametrize("fault", ["lose the request", "500", "503", "409"])
async def test_silence_and_errors_of_theirs_leave_the_outcome_unknown(side: StripeSide, key: str, fault: str) -> None:
    method = await add(side, "visa", key=key)
    for _ in range(KEYS.attempts):
        await side.spoil(fault, INTENTS)
    with pytest.raises(OutcomeUnknown):
        await side.processor.charge(charge_of(method, key))
    assert await side.moved(key) == 0


@pytest.mark.parametrize("status", ["401", "403", "429"])
async def test_refused_at_the_door_means_that_nothing_happened(side: StripeSide, key: str, status: str) -> None:
    method = await add(side, "visa", key=key)
    await side.spoil(status, INTENTS)
    with pytest.raises(ProcessorUnavailable):
        await side.processor.charge(charge_of(method, key))
    assert await side.moved(key) == 0


async def test_a_refusal_after_a_request_that_was_sent_leaves_the_outcome_unknown(side: StripeSide, key: str) -> None:
    method = await add(side, "visa", key=key)
    await side.spoil("lose the answer", INTENTS)
    await side.spoil("429", INTENTS)
    with pytest.raises(OutcomeUnknown):
        await side.processor.charge(charge_of(method, key))
    assert await side.moved(key) == 1


async def test_a_server_that_is_not_there_means_that_nothing_happened(side: StripeSide, key: str) -> None:
    method = await add(side, "visa", key=key)
    nowhere = Stripe(replace(KEYS, address="http://127.0.0.1:9", patience_seconds=0.5))
    with pytest.raises(ProcessorUnavailable):
        await nowhere.charge(charge_of(method, key))
    with pytest.raises(ProcessorUnavailable):
        await nowhere.start_setup(PAYER, key=key)
    await nowhere.close()


async def test_a_server_that_dies_after_taking_the_request_leaves_the_outcome_unknown(side: StripeSide, key: str) -> None:
    method = await add(side, "visa", key=key)

    async def take_and_die(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        server.close()
        writer.close()

    server = await asyncio.start_server(take_and_die, "127.0.0.1", 0)
    dying = Stripe(replace(KEYS, address=f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}", patience_seconds=0.5))
    with pytest.raises(OutcomeUnknown):
        await dying.charge(charge_of(method, key))
    await dying.close()


async def test_what_moves_no_money_is_simply_unavailable_when_its_answer_is_lost(side: StripeSide, key: str) -> None:
    for _ in range(KEYS.attempts):
        await side.spoil("lose the answer", "/v1/customers")
    with pytest.raises(ProcessorUnavailable):
        await side.processor.start_setup(PAYER, key=key)


async def test_an_action_that_fails_ends_the_charge_for_good(side: StripeSide, key: str) -> None:
    result = await side.processor.charge(charge_of(await add(side, "requires_action", key=key), key))
    assert result.client_action
    secret = {"client_secret": result.client_action.client_secret, "key": KEYS.publishable_key}
    await side.post(f"{INTENTS}/{result.processor_reference}/_authenticate", secret | {"success": False})
    failed = await side.processor.confirm(result.processor_reference or "")
    assert (failed.status, failed.decline_code, failed.is_retryable) == (ChargeStatus.FAILED, "authentication_failed", False)
    assert any(request["path"].endswith("/cancel") for request in await side.requests())


async def test_a_card_that_the_bank_refuses_in_the_form_is_not_stored(side: StripeSide, key: str) -> None:
    start = await side.processor.start_setup(PAYER, key=key)
    number = {"number": "4000000000000002", "exp_month": 12, "exp_year": 2030, "cvc": "123"}
    with pytest.raises(Exception, match="402"):
        await side.post(f"/v1/setup_intents/{start.reference}/confirm", {"key": "pk_test_portico", "payment_method_data": {"type": "card", "card": number}})
    with pytest.raises(SetupUnfinished):
        await side.processor.finish_setup(start.reference, customer_id=PAYER.customer_id)


async def test_an_amount_that_stripe_cannot_move_exactly_is_never_sent(side: StripeSide, key: str) -> None:
    charge = replace(charge_of(await add(side, "visa", key=key), key, amount_minor=1234), currency="KWD")
    result = await side.processor.charge(charge)
    assert (result.status, result.decline_code) == (ChargeStatus.FAILED, "amount_not_supported")
    assert not [request for request in await side.requests() if request["path"] == INTENTS]


@pytest.mark.parametrize(
    ("minor", "currency", "sent"),
    [(1299, "EUR", 1299), (500, "JPY", 500), (5, "ISK", 500), (7, "UGX", 700), (300, "MGA", 3), (350, "MGA", None), (5120, "KWD", 5120), (5124, "KWD", None)],
)
def test_amounts_are_sent_as_stripe_counts_them(minor: int, currency: str, sent: int | None) -> None:
    assert to_stripe(minor, currency) == sent


@given(st.integers(min_value=1, max_value=10**12), st.sampled_from([*EXPONENTS, "EUR", "MGA", "HUF"]))
def test_what_can_be_sent_comes_back_as_the_same_amount(minor: int, currency: str) -> None:
    sent = to_stripe(minor, currency)
    assert sent is None or from_stripe(sent, currency) == minor


@asynccontextmanager
async def receiver() -> AsyncIterator[tuple[str, asyncio.Queue[tuple[dict[str, str], bytes]]]]:
    """A real server that takes deliveries."""
    taken: asyncio.Queue[tuple[dict[str, str], bytes]] = asyncio.Queue()

    async def take(request: web.Request) -> web.Response:
        taken.put_nowait(({name.lower(): value for name, value in request.headers.items()}, await request.read()))
        return web.Response()

    app = web.Application()
    app.router.add_post("/webhooks/stripe", take)
    runner = web.AppRunner(app)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    yield f"http://127.0.0.1:{runner.addresses[0][1]}/webhooks/stripe", taken
    await runner.cleanup()


async def test_events_that_the_server_sends_are_read(side: StripeSide, key: str) -> None:
    async with receiver() as (url, taken):
        await side.post("/_config/webhooks/portico", {"url": url, "secret": SECRET, "events": ["payment_intent.succeeded", "payment_intent.payment_failed"]})
        paid = await side.processor.charge(charge_of(await add(side, "visa", key=key), f"{key}a"))
        await side.processor.charge(charge_of(await add(side, "generic_decline", key=key + "x"), f"{key}b"))
        events: dict[str | None, ProcessorEvent] = {}
        async with asyncio.timeout(10):
            while not {f"{key}a", f"{key}b"} <= events.keys():  # the server also sends late events of the charges of other tests
                headers, body = await taken.get()
                event = side.processor.read_event(headers, body, now=datetime.now(UTC))
                events[event.key] = event
    succeeded, failed = events[f"{key}a"], events[f"{key}b"]
    assert succeeded.result
    assert failed.result
    assert (succeeded.kind, succeeded.result.status, succeeded.processor_reference) == (EventKind.CHARGE, ChargeStatus.SUCCEEDED, paid.processor_reference)
    assert (failed.result.status, failed.result.decline_code) == (ChargeStatus.FAILED, "generic_decline")
    assert succeeded.id != failed.id
    assert abs(succeeded.created_at - datetime.now(UTC)) < timedelta(minutes=1)


def signed(event: Any, *, at: datetime = NOW, secret: str = SECRET) -> tuple[dict[str, str], bytes]:
    """As Stripe's own library signs."""
    body = json.dumps(event) if not isinstance(event, str) else event
    return {"stripe-signature": WebhookSignature.generate_signature_header(body, secret, int(at.timestamp()))}, body.encode()


INTENT = {"id": "pi_1", "status": "succeeded", "metadata": {"portico_payment": "pay_1"}, "client_secret": "pi_1_secret"}
EVENT = {"id": "evt_1", "type": "payment_intent.succeeded", "created": 1_795_384_000, "data": {"object": INTENT}}


async def test_events_are_believed_only_if_signed_lately_with_our_secret(side: StripeSide) -> None:
    headers, body = signed(EVENT)
    event = side.processor.read_event(headers, body, now=NOW + timedelta(minutes=5))
    assert (event.id, event.key) == ("evt_1", "pay_1")
    forged = [
        (signed(EVENT, secret="whsec_another"), NOW),
        ((headers, body.replace(b"pay_1", b"pay_2")), NOW),
        ((headers, body), NOW + timedelta(minutes=5, seconds=1)),
        ((headers, body), NOW - timedelta(minutes=6)),
        (({"stripe-signature": headers["stripe-signature"].replace("v1", "v0")}, body), NOW),
        (({"stripe-signature": "t=,v1="}, body), NOW),
        (({"stripe-signature": "t=٣,v1=ü"}, body), NOW),
        (({"stripe-signature": "x" * 5000}, body), NOW),
    ]
    for (wrong, content), now in forged:
        with pytest.raises(BadSignature):
            side.processor.read_event(wrong, content, now=now)


async def test_one_of_several_signatures_is_enough_while_a_secret_is_replaced(side: StripeSide) -> None:
    headers, body = signed(EVENT)
    old, _ = signed(EVENT, secret="whsec_old")
    both = f"{old['stripe-signature']},{headers['stripe-signature'].partition(',')[2]}"
    assert side.processor.read_event({"stripe-signature": both}, body, now=NOW).id == "evt_1"


@pytest.mark.parametrize(
    "body", ["[]", "3", "null", "{}", "x", '{"id": "evt_1", "type": "payment_intent.succeeded", "created": 1e99, "data": {"object": {}}}', '{"data": 1}']
)
async def test_signed_nonsense_is_no_event(side: StripeSide, body: str) -> None:
    headers, content = signed(body)
    with pytest.raises(BadSignature):
        side.processor.read_event(headers, content, now=NOW)


async def test_refunds_and_what_we_do_not_act_on_are_told_apart(side: StripeSide) -> None:
    charge = {"id": "ch_1", "payment_intent": "pi_1", "amount_refunded": 500, "currency": "isk", "metadata": {"portico_payment": "pay_1"}}
    refund = side.processor.read_event(*signed(EVENT | {"type": "charge.refunded", "data": {"object": charge}}), now=NOW)
    assert (refund.kind, refund.key, refund.refunded_minor, refund.processor_reference, refund.result) == (EventKind.REFUND, "pay_1", 5, "pi_1", None)
    other = side.processor.read_event(*signed(EVENT | {"type": "customer.created", "data": {"object": {"id": "cus_1"}}}), now=NOW)
    assert (other.kind, other.key, other.result) == (EventKind.OTHER, None, None)


REFUND = {"id": "re_1", "object": "refund", "amount": 500, "currency": "eur", "payment_intent": "pi_1", "charge": "ch_1", "status": "succeeded", "reason": None}
DISPUTE = {"id": "dp_1", "object": "dispute", "amount": 900, "currency": "eur", "payment_intent": "pi_1", "charge": "ch_1", "status": "needs_response"}


@pytest.mark.parametrize(
    ("topic", "changes", "expected"),
    [
        ("refund.created", {"status": "pending"}, ("PENDING", "REQUESTED")),
        ("refund.created", {}, ("SUCCEEDED", "REQUESTED")),
        ("refund.updated", {"status": "requires_action"}, ("PENDING", "REQUESTED")),
        ("refund.updated", {"reason": "duplicate"}, ("SUCCEEDED", "DUPLICATE")),
        ("charge.refund.updated", {"status": "canceled"}, ("FAILED", "REQUESTED")),
        ("refund.failed", {"status": "failed", "reason": "fraudulent"}, ("FAILED", "FRAUDULENT")),
    ],
)
async def test_a_refund_is_told_by_its_reference(side: StripeSide, topic: str, changes: dict[str, str], expected: tuple[str, str]) -> None:
    event = side.processor.read_event(*signed(EVENT | {"type": topic, "data": {"object": REFUND | changes}}), now=NOW)
    assert (event.kind, event.key, event.processor_reference, event.refunded_minor) == (EventKind.REFUND, None, "pi_1", None)
    assert event.refund == RefundReport("re_1", 500, *expected)


@pytest.mark.parametrize(
    ("topic", "changes", "expected"),
    [
        ("created", {"reason": "fraudulent"}, ("SUCCEEDED", "DISPUTE")),
        ("created", {"reason": "insufficient_funds", "status": "lost"}, ("SUCCEEDED", "RETURNED")),
        ("created", {"reason": "incorrect_account_details", "status": "lost"}, ("SUCCEEDED", "RETURNED")),
        ("created", {"reason": "bank_cannot_process", "status": "lost"}, ("SUCCEEDED", "RETURNED")),
        ("created", {"reason": "debit_not_authorized", "status": "lost"}, ("SUCCEEDED", "DISPUTE")),
        ("funds_withdrawn", {"status": "under_review"}, ("SUCCEEDED", "DISPUTE")),
        ("closed", {"status": "lost"}, ("SUCCEEDED", "DISPUTE")),
        ("closed", {"status": "won"}, ("REVERSED", "DISPUTE")),
        ("funds_reinstated", {"status": "won"}, ("REVERSED", "DISPUTE")),
        ("updated", {"status": "won"}, ("REVERSED", "DISPUTE")),
    ],
)
async def test_a_dispute_and_a_returned_debit_are_told_apart(side: StripeSide, topic: str, changes: dict[str, str], expected: tuple[str, str]) -> None:
    event = side.processor.read_event(*signed(EVENT | {"type": f"charge.dispute.{topic}", "data": {"object": DISPUTE | changes}}), now=NOW)
    assert (event.kind, event.key, event.processor_reference, event.refund) == (EventKind.REFUND, None, "pi_1", RefundReport("dp_1", 900, *expected))


@pytest.mark.parametrize(
    ("topic", "status"),
    [("created", "warning_needs_response"), ("closed", "warning_closed"), ("updated", "under_review"), ("created", "prevented")],
)
async def test_an_inquiry_moves_no_money(side: StripeSide, topic: str, status: str) -> None:
    event = side.processor.read_event(*signed(EVENT | {"type": f"charge.dispute.{topic}", "data": {"object": DISPUTE | {"status": status}}}), now=NOW)
    assert (event.kind, event.processor_reference, event.refund) == (EventKind.OTHER, None, None)


# Every event of a PaymentIntent (https://docs.stripe.com/api/events/types), and one that Stripe may add.
ACTED_ON = ("succeeded", "payment_failed", "processing", "requires_action", "canceled")
NOT_ACTED_ON = ("created", "amount_capturable_updated", "partially_funded", "some_news", "")


@pytest.mark.parametrize("topic", [*ACTED_ON, *NOT_ACTED_ON])
async def test_only_events_that_say_what_became_of_a_charge_are_taken_for_it(side: StripeSide, topic: str) -> None:
    """A PaymentIntent that was just created waits for its method, and would read as declined."""
    headers, body = signed(EVENT | {"type": f"payment_intent.{topic}", "data": {"object": INTENT | {"status": "requires_payment_method"}}})
    event = side.processor.read_event(headers, body, now=NOW)
    assert (event.kind is EventKind.CHARGE) == (topic in ACTED_ON)
    assert ((event.key, event.result) == (None, None)) == (topic in NOT_ACTED_ON)


async def test_secrets_are_in_no_words_about_the_account(side: StripeSide, key: str) -> None:
    assert KEYS.secret_key not in repr(KEYS)
    assert SECRET not in repr(KEYS)
    headers, body = signed(EVENT | {"data": {"object": INTENT | {"status": "requires_action"}}})
    assert "pi_1_secret" not in repr(side.processor.read_event(headers, body, now=NOW))


async def test_a_key_reused_for_a_refund_of_another_amount_is_refused(side: StripeSide, key: str) -> None:
    taken = await side.processor.charge(charge_of(await add(side, "visa", key=key), key))
    refund = RefundRequest(f"ref_{key}", taken.processor_reference or "", 300, "EUR")
    await side.processor.refund(refund)
    with pytest.raises(KeyReused):
        await side.processor.refund(replace(refund, amount_minor=200))
