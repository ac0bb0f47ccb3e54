"""What processors tell by themselves, over HTTP: signed, stored first, acted on once, in any order."""

import asyncio
import json
import secrets
from collections.abc import AsyncIterator, Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest
from stripe import WebhookSignature

from db.builtin import embedded
from gateway.wiring.configuration.settings import Settings
from gateway.wiring.payments import payments
from jobs.clock import Billing, tick
from payments.processor import RefundRequest
from payments.sandbox import Sandbox
from payments.sandbox_ledger import Ledger
from tests.lifecycle.conftest import Life
from tests.lifecycle.payments.test_paying import amounts_agree, invoice, pay

SECRET = "a secret that server and sandbox share in this test"


@pytest.fixture
async def webhook_url(life: Life, place: embedded.Urls, start_server: Callable[..., str], tmp_path: Path) -> AsyncIterator[str]:
    """A server whose sandbox is the customer's; its webhook's address."""
    settings = {"data_dir": tmp_path, "secret": SECRET}
    url = start_server(place.app, **settings)
    sandbox = payments(Settings(**settings)).processors["sandbox"]
    assert isinstance(sandbox, Sandbox)
    life.sandbox = sandbox
    life.now = datetime.now(UTC)
    yield f"{url}/webhooks/sandbox"
    await sandbox.close()


async def settled(life: Life, *expected: str) -> list[str]:
    """What was told is acted on after the answer."""
    for _ in range(100):
        statuses = [row["status"] for row in await life.rows("payment")]
        if statuses == list(expected):
            break
        await asyncio.sleep(0.02)
    return statuses


async def test_an_event_settles_the_payment_that_was_waiting(life: Life, webhook_url: str) -> None:
    await life.card("slow")
    owed = await invoice(life)
    assert (await pay(life, "payInvoice", invoiceId=owed))["payment"]["status"] == "PROCESSING"
    assert await life.sandbox.deliver(webhook_url, now=life.now + timedelta(minutes=2)) >= 1
    assert await settled(life, "SUCCEEDED") == ["SUCCEEDED"]
    assert [row["status"] for row in await life.rows("invoice")] == ["PAID"]
    await amounts_agree(life)


async def test_events_that_come_backwards_never_take_a_payment_back(life: Life, webhook_url: str) -> None:
    await life.card("out_of_order")
    await pay(life, "payInvoice", invoiceId=await invoice(life))
    deliveries = life.sandbox.deliveries(now=life.now + timedelta(minutes=2))
    assert len(deliveries) > 1
    async with httpx.AsyncClient() as client:
        for delivery in [*deliveries, *deliveries]:
            assert (await client.post(webhook_url, content=delivery.body, headers=delivery.headers)).status_code == 200
    assert await settled(life, "SUCCEEDED") == ["SUCCEEDED"]
    await amounts_agree(life)


async def test_a_repeated_event_is_stored_once(life: Life, webhook_url: str) -> None:
    await life.card("slow")
    await pay(life, "payInvoice", invoiceId=await invoice(life))
    (delivery, *_) = life.sandbox.deliveries(now=life.now + timedelta(minutes=2))
    async with httpx.AsyncClient() as client:
        answers = [(await client.post(webhook_url, content=delivery.body, headers=delivery.headers)).json() for _ in range(3)]
    assert answers == [{"stored": True}, {"stored": False}, {"stored": False}]


async def test_an_event_for_a_processor_that_is_not_configured_is_not_found(life: Life, webhook_url: str) -> None:
    await life.card("slow")
    await pay(life, "payInvoice", invoiceId=await invoice(life))
    (delivery, *_) = life.sandbox.deliveries(now=life.now + timedelta(minutes=2))
    async with httpx.AsyncClient() as client:
        addresses = (webhook_url.replace("/sandbox", "/former"), webhook_url)
        statuses = [(await client.post(address, content=delivery.body, headers=delivery.headers)).status_code for address in addresses]
    assert statuses == [404, 200]


@pytest.mark.parametrize("how", ["forged", "unsigned", "changed", "stale"])
async def test_what_the_processor_did_not_sign_just_now_is_not_believed(life: Life, webhook_url: str, how: str) -> None:
    await life.card("slow")
    await pay(life, "payInvoice", invoiceId=await invoice(life))
    at = life.now - timedelta(minutes=6) if how == "stale" else life.now + timedelta(minutes=2)
    forger = Sandbox("another secret", Ledger())
    (delivery, *_) = life.sandbox.deliveries(now=at)
    headers = {"unsigned": {}, "forged": {name: value[::-1] for name, value in delivery.headers.items()}}.get(how, delivery.headers)
    body = delivery.body.replace(b"PROCESSING", b"SUCCEEDED") + b" " if how == "changed" else delivery.body
    await forger.close()
    before = await life.everything()
    async with httpx.AsyncClient() as client:
        answer = await client.post(webhook_url, content=body, headers=headers)
    assert (answer.status_code, await life.everything()) == (400, before)


# Topic, whose payment it says that it is about, and whether it is stored.
OURS = {"portico_payment": "pay_of_ours"}
EVENTS: list[tuple[str, dict[str, str], bool]] = [
    ("payment_intent.succeeded", OURS, True),
    ("payment_intent.created", OURS, False),
    ("payment_intent.succeeded", {}, False),
    ("charge.refunded", {}, False),
    ("customer.created", {}, False),
]


async def test_what_is_about_no_payment_of_ours_is_acknowledged_and_nothing_is_written(
    life: Life, place: embedded.Urls, start_server: Callable[..., str], tmp_path: Path
) -> None:
    url = start_server(place.app, data_dir=tmp_path, stripe_secret_key="sk_test_1", stripe_webhook_secret="whsec_1")
    async with httpx.AsyncClient() as client:
        for topic, metadata, is_stored in EVENTS:
            thing = {"id": "pi_1", "status": "requires_payment_method", "metadata": metadata, "amount_refunded": 100, "currency": "usd"}
            body = json.dumps({"id": f"evt_{secrets.token_hex(8)}", "type": topic, "created": 1_795_384_000, "data": {"object": thing}})
            headers = {"stripe-signature": WebhookSignature.generate_signature_header(body, "whsec_1", int(datetime.now(UTC).timestamp()))}
            before = await life.admin.fetchval("select count(*) from webhook_event")
            answer = await client.post(f"{url}/webhooks/stripe", content=body, headers=headers)
            assert (answer.status_code, answer.json()) == (200, {"stored": is_stored}), topic
            assert await life.admin.fetchval("select count(*) from webhook_event") - before == is_stored, topic


@pytest.mark.parametrize(("path", "body", "status"), [("sandbox", b"x" * (256 * 1024 + 1), 413), ("nobody", b"{}", 404), ("sandbox", b"\xff\x00", 400)])
async def test_what_is_no_event_is_refused(webhook_url: str, path: str, body: bytes, status: int) -> None:
    async with httpx.AsyncClient() as client:
        assert (await client.post(webhook_url.replace("/sandbox", f"/{path}"), content=body)).status_code == status
        assert (await client.get(webhook_url)).status_code == 405


async def test_a_refund_at_the_processor_refunds_the_invoice_that_it_paid(life: Life, webhook_url: str) -> None:
    await pay(life, "payInvoice", invoiceId=await invoice(life))
    (payment,) = await life.rows("payment")
    await life.sandbox.refund(RefundRequest("part", payment["processor_reference"], 4_000, "USD"))
    await life.sandbox.deliver(webhook_url, now=life.now + timedelta(seconds=1))
    await life.sandbox.refund(RefundRequest("rest", payment["processor_reference"], 6_000, "USD"))
    await life.sandbox.deliver(webhook_url, now=life.now + timedelta(seconds=2))
    assert await settled(life, "REFUNDED") == ["REFUNDED"]
    assert [(row["status"], row["remaining_minor"]) for row in await life.rows("invoice")] == [("REFUNDED", 0)]


STRIPE_REFUND = {"id": "re_1", "amount": 2_500, "currency": "usd", "status": "succeeded", "reason": None}


@pytest.mark.parametrize(("intent", "is_stored"), [("pi_ours", True), ("pi_of_another_shop", False)])
async def test_stripe_names_the_payment_of_a_refund_by_its_own_reference(
    life: Life, place: embedded.Urls, start_server: Callable[..., str], tmp_path: Path, intent: str, is_stored: bool
) -> None:
    await pay(life, "payInvoice", invoiceId=await invoice(life))
    await life.admin.execute(
        "update payment set processor = 'stripe', processor_reference = $2 where customer_id = $1", life.customer_id, f"pi_ours_{life.customer_id}"
    )
    url = start_server(place.app, data_dir=tmp_path, stripe_secret_key="sk_test_1", stripe_webhook_secret="whsec_1")
    thing = STRIPE_REFUND | {"payment_intent": f"{intent}_{life.customer_id}"}
    body = json.dumps({"id": f"evt_{secrets.token_hex(8)}", "type": "refund.created", "created": 1_795_384_000, "data": {"object": thing}})
    headers = {"stripe-signature": WebhookSignature.generate_signature_header(body, "whsec_1", int(datetime.now(UTC).timestamp()))}
    async with httpx.AsyncClient() as client:
        answer = await client.post(f"{url}/webhooks/stripe", content=body, headers=headers)
    assert (answer.status_code, answer.json()) == (200, {"stored": is_stored})
    for _ in range(100):
        if not is_stored or await life.rows("refund_allocation"):
            break
        await asyncio.sleep(0.02)
    assert [row["paid_minor"] for row in await life.rows("invoice")] == [7_500 if is_stored else 10_000]


async def test_an_event_that_an_earlier_version_stored_is_read_on(life: Life) -> None:
    await pay(life, "payInvoice", invoiceId=await invoice(life))
    (payment,) = await life.rows("payment")
    await life.admin.execute(
        "insert into webhook_event (processor, id, kind, payment_id, event, received_at) values ('sandbox', $1, 'REFUND', $1, cast($2 as json), $3)",
        payment["id"], json.dumps({"result": None, "refunded_minor": 4_000}), life.now,
    )  # fmt: skip
    await tick(Billing(life.database, {"sandbox": life.sandbox}), life.now)
    assert [(row["amount_minor"], row["reference"], row["status"]) for row in await life.rows("refund")] == [(4_000, None, "SUCCEEDED")]


async def test_what_was_stored_and_not_acted_on_is_acted_on_by_the_clock(life: Life, webhook_url: str) -> None:
    await life.card("slow")
    await pay(life, "payInvoice", invoiceId=await invoice(life))
    (payment,) = await life.rows("payment")
    event: dict[str, Any] = {"result": {"status": "SUCCEEDED", "processor_reference": "x", "decline_code": None, "is_retryable": False}, "refunded_minor": None}
    await life.admin.execute(
        "insert into webhook_event (processor, id, kind, payment_id, event, received_at) values ('sandbox', $1, 'CHARGE', $1, cast($2 as json), $3)",
        payment["id"], str(event).replace("'", '"').replace("None", "null").replace("False", "false"), life.now,
    )  # fmt: skip
    done = await tick(Billing(life.database, {"sandbox": life.sandbox}), life.now)
    assert done.events == 1
    assert [row["status"] for row in await life.rows("payment")] == ["SUCCEEDED"]


async def test_an_event_that_does_not_come_to_its_end_is_408(place: embedded.Urls, start_server: Callable[..., str], tmp_path: Path) -> None:
    async def never() -> AsyncIterator[bytes]:
        yield b"{"
        await asyncio.sleep(2)

    async with httpx.AsyncClient(base_url=start_server(place.app, data_dir=tmp_path, body_seconds=0.3), timeout=20) as client:
        answer = await client.post("/webhooks/sandbox", content=never())
    assert (answer.status_code, answer.headers["connection"]) == (408, "close")
