"""Each preview is used twice, with two idempotency keys: what it promised happens once."""

from collections.abc import Awaitable, Callable
from typing import Any

import pytest
from graphql import GraphQLSchema, get_named_type

from auth.viewer import Viewer
from tests.conftest import STAFF
from tests.lifecycle.conftest import Life, price
from tests.lifecycle.invoicing.staff import create, done, everything, line, usd
from tests.lifecycle.payments.test_paying import invoice, pay, schedule

# Makes what the mutation is about, and returns the other fields of its input.
Prepare = Callable[[Life], Awaitable[dict[str, Any]]]


async def of_subscription(life: Life) -> dict[str, Any]:
    return {"subscriptionId": await life.subscribe("storage")}


async def paid(life: Life) -> dict[str, Any]:
    identifier = await create(life)
    await pay(life, "payInvoice", invoiceId=identifier)
    return {"invoiceId": identifier, "reason": "GOODWILL"}


async def of_payment(life: Life) -> dict[str, Any]:
    await paid(life)
    return {"paymentId": (await life.rows("payment"))[0]["id"], "reason": "REQUESTED"}


async def owing(life: Life) -> dict[str, Any]:
    await done(life, "adjustBalance", customerId=life.customer_id, amount=usd("-50.00"), reason="A fee")
    return {"customerId": life.customer_id, "kind": "CASH", "amount": usd("10.00")}


def after(mutation: str, viewer: Viewer | None = None, **arguments: Any) -> Prepare:
    """Prepare a subscription by another mutation."""

    async def prepare(life: Life) -> dict[str, Any]:
        identified = await of_subscription(life)
        assert (await life.do(mutation, viewer, **identified, **arguments))["userErrors"] == []
        return identified

    return prepare


def with_more(prepare: Prepare, **more: Any) -> Prepare:
    async def prepared(life: Life) -> dict[str, Any]:
        return await prepare(life) | more

    return prepared


def received(amount: str, prepare: Callable[[Life], Awaitable[dict[str, Any]]]) -> Prepare:
    return with_more(prepare, kind="BANK_TRANSFER", amount=usd(amount))


async def of_customer(life: Life) -> dict[str, Any]:
    return {"customerId": life.customer_id}


async def of_invoice(life: Life) -> dict[str, Any]:
    await invoice(life, 90_000, due_in=-5)  # an older one, which the money does not reach
    return {"invoiceId": await invoice(life, 10_000)}


async def of_installment(life: Life) -> dict[str, Any]:
    return {"installmentId": (await schedule(life, 10_000, 20_000))[1]}


async def of_price(life: Life) -> dict[str, Any]:
    return {"priceId": price("storage")}


CASES: dict[str, tuple[str, Prepare]] = {
    "pause": ("pauseSubscription", of_subscription),
    "pause now": ("pauseSubscription", with_more(of_subscription, when="NOW")),
    "suspend": ("suspendSubscription", of_subscription),
    "resume": ("resumeSubscription", after("pauseSubscription", when="NOW")),
    "cancel": ("cancelSubscription", of_subscription),
    "cancel now": ("cancelSubscription", with_more(of_subscription, when="NOW")),
    "withdraw": ("withdrawPendingChange", after("cancelSubscription")),
    "change": ("changePlan", with_more(of_subscription, priceId=price("storage", "YEAR"))),
    "more": ("updateQuantity", with_more(of_subscription, quantity=3)),
    "order": ("addPlan", of_price),
    "order later": ("addPlan", with_more(of_price, startAt="2027-03-01T00:00:00Z")),
    "coupon": ("applyCoupon", with_more(of_subscription, code="WELCOME20")),
    "no coupon": ("removeCoupon", after("applyCoupon", code="WELCOME20")),
    "hold": ("holdSubscription", with_more(of_subscription, note="A question.")),
    "release": ("releaseSubscription", after("holdSubscription", STAFF, note="A question.")),
    "invoice": ("createInvoice", with_more(of_customer, lines=[line()])),
    "credit": ("creditInvoice", with_more(paid, amount=usd("1.00"), toBalance=usd("1.00"))),
    "released": ("creditInvoice", with_more(of_invoice, amount=usd("1.00"), reason="GOODWILL")),
    "credit refunded": ("creditInvoice", with_more(paid, amount=usd("1.00"), refund=usd("1.00"))),
    "refund": ("refundPayment", with_more(of_payment, amount=usd("1.00"))),
    "a part": ("recordPayment", received("10.00", of_invoice)),
    "all of it": ("recordPayment", received("100.00", of_invoice)),
    "more than it": ("recordPayment", received("2000.00", of_invoice)),
    "an installment": ("recordPayment", received("10.00", of_installment)),
    "on account": ("recordPayment", owing),
    "credit alone": ("recordPayment", received("10.00", of_customer)),
}
# Where the action itself is refused in the state that it made, which says more than that the preview is old.
REFUSED = {
    "pause": "ALREADY_SCHEDULED",
    "resume": "WRONG_STATE",
    "withdraw": "WRONG_STATE",
    "change": "NO_CHANGE",
    "more": "NO_CHANGE",
    "coupon": "COUPON_ALREADY_APPLIED",
    "no coupon": "WRONG_STATE",
    "release": "WRONG_STATE",
    "all of it": "ALREADY_PAID",
    "more than it": "ALREADY_PAID",
}
BY_STAFF = {"createInvoice", "creditInvoice", "refundPayment", "recordPayment", "holdSubscription", "releaseSubscription"}


def test_each_mutation_with_a_preview_has_a_case(graphql_schema: GraphQLSchema) -> None:
    assert graphql_schema.query_type
    previews = {name for name, field in graphql_schema.query_type.fields.items() if has_token(field.type)}
    assert {f"preview{mutation[0].upper()}{mutation[1:]}" for mutation, _ in CASES.values()} == previews


def has_token(payload_type: Any) -> bool:
    preview = getattr(get_named_type(payload_type), "fields", {}).get("preview")
    return preview is not None and "previewToken" in get_named_type(preview.type).fields


@pytest.mark.parametrize("name", CASES)
async def test_a_preview_is_used_once(life: Life, name: str) -> None:
    mutation, prepare = CASES[name]
    arguments = await prepare(life)
    previewed = await called(life, mutation, f"preview{mutation[0].upper()}{mutation[1:]}", arguments, "first")
    assert previewed["userErrors"] == []
    arguments |= {"previewToken": previewed["preview"]["previewToken"]}
    before = await everything(life)
    assert (await called(life, mutation, mutation, arguments, "first"))["userErrors"] == []
    changed = await everything(life)
    assert {table for table in changed if changed[table] != before[table]} - {"idempotency_key"}, "it changes something"
    again = await called(life, mutation, mutation, arguments, "second")
    assert await everything(life) == changed
    assert [error["code"] for error in again["userErrors"]] == [REFUSED.get(name, "PREVIEW_EXPIRED")]


async def called(life: Life, mutation: str, field: str, arguments: dict[str, Any], key: str) -> dict[str, Any]:
    kind, selected = ("mutation", "") if field == mutation else ("query", "preview { previewToken }")
    text = f"{kind} Q($i: {mutation[0].upper()}{mutation[1:]}Input!) {{ {field}(input: $i) {{ {selected} userErrors {{ code path message }} }} }}"
    viewer = STAFF if mutation in BY_STAFF else None
    payload: dict[str, Any] = (await life.ask(text, viewer, i=arguments | {"idempotencyKey": f"{key} of {life.customer_id}"}))[field]
    return payload
