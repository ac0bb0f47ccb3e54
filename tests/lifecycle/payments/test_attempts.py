"""What counts as an attempt to pay, or to try a coupon's code: a new call, and not one that is answered from its idempotency key."""

import asyncio
from datetime import timedelta
from typing import Any

import pytest

from auth.throttle import Kind, Throttle
from billing.refusals import TooManyAttempts
from payments.processor import ChargeRequest, ChargeResult
from payments.sandbox import Sandbox
from tests.lifecycle.conftest import Life, price
from tests.lifecycle.payments.test_paying import credit, invoice, pay, schedule

PAYMENTS_AN_HOUR = 30


class CountingThrottle(Throttle):
    """A throttle that keeps the kinds of the attempts that it counts or refuses, and has room for `left` attempts."""

    def __init__(self, left: int = 1_000) -> None:
        super().__init__()
        self.hits: list[str] = []
        self.left = left

    async def hit(self, kind: str, *identities: str) -> None:
        await super().hit(kind, *identities)
        if not self.left:
            raise TooManyAttempts("too many attempts")
        self.left -= 1
        self.hits.append(kind)


class Waiting(Sandbox):
    """A sandbox whose charges wait until they may go on."""

    def __init__(self) -> None:
        super().__init__("secret")
        self.has_begun, self.may_go_on = asyncio.Event(), asyncio.Event()

    async def charge(self, charge: ChargeRequest) -> ChargeResult:
        self.has_begun.set()
        await self.may_go_on.wait()
        return await super().charge(charge)


def counting(life: Life, left: int = 1_000) -> CountingThrottle:
    life.identity.throttle = CountingThrottle(left)
    throttle: CountingThrottle = life.identity.throttle
    return throttle


async def call_of(life: Life, mutation: str) -> dict[str, Any]:
    """What there is to pay for a mutation, as the arguments of a call with a key."""
    if mutation == "payInstallment":
        return {"installmentId": (await schedule(life, 3_000))[0], "idempotencyKey": "once"}
    owed = await invoice(life, 3_000)
    return {"idempotencyKey": "once"} | ({"currency": "USD"} if mutation == "payAllDue" else {"invoiceId": owed})


async def test_repeated_calls_use_no_attempts_and_new_ones_do(life: Life) -> None:
    life.identity.throttle = Throttle()
    owed = await invoice(life)
    await life.card("insufficient_funds")
    for number in range(PAYMENTS_AN_HOUR):
        for is_replayed in (False, True, True):
            payload = await pay(life, "payInvoice", invoiceId=owed, idempotencyKey=f"payment {number}")
            assert (payload["replayed"], payload["userErrors"][0]["code"]) == (is_replayed, "PAYMENT_DECLINED")
    with pytest.raises(AssertionError, match="too many attempts"):
        await pay(life, "payInvoice", invoiceId=owed, idempotencyKey="one more")
    assert (await pay(life, "payInvoice", invoiceId=owed, idempotencyKey="payment 0"))["replayed"], "answered when no attempt is left, too"
    assert life.sandbox.calls() == PAYMENTS_AN_HOUR


@pytest.mark.parametrize("mutation", ["payInvoice", "payInstallment", "payAllDue"])
async def test_each_payment_counts_once_for_its_key(life: Life, mutation: str) -> None:
    arguments = await call_of(life, mutation)
    throttle = counting(life)
    for is_replayed in (False, True):
        payload = await pay(life, mutation, **arguments)
        assert (payload["replayed"], payload["userErrors"]) == (is_replayed, [])
    assert throttle.hits == [Kind.PAYMENT]
    refused = await pay(life, mutation, **arguments | {"idempotencyKey": "another"})
    assert [error["code"] for error in refused["userErrors"]] == ["ALREADY_PAID"]
    assert throttle.hits == [Kind.PAYMENT] * 2, "a refused call is an attempt, too"


async def test_calls_beside_the_first_one_are_not_counted(life: Life) -> None:
    arguments, throttle = await call_of(life, "payInvoice"), counting(life)
    life.sandbox = sandbox = Waiting()
    async with asyncio.TaskGroup() as tasks:
        first = tasks.create_task(pay(life, "payInvoice", **arguments))
        await sandbox.has_begun.wait()
        for _ in range(3):
            assert [error["code"] for error in (await pay(life, "payInvoice", **arguments))["userErrors"]] == ["IN_PROGRESS"]
        sandbox.may_go_on.set()
    assert first.result()["payment"]["status"] == "SUCCEEDED"
    assert throttle.hits == [Kind.PAYMENT]


async def test_calls_with_one_key_at_once_count_once(life: Life) -> None:
    arguments, throttle = await call_of(life, "payInvoice"), counting(life)
    payloads = await asyncio.gather(*[pay(life, "payInvoice", **arguments) for _ in range(5)])
    assert {code for payload in payloads for code in [error["code"] for error in payload["userErrors"]]} <= {"IN_PROGRESS"}
    assert life.sandbox.calls("capture") == 1
    assert throttle.hits == [Kind.PAYMENT]


async def test_a_key_that_was_refused_an_attempt_is_new_when_there_is_one_again(life: Life) -> None:
    arguments, throttle = await call_of(life, "payInvoice"), counting(life, left=0)
    before = await life.everything()
    with pytest.raises(AssertionError, match="too many attempts"):
        await pay(life, "payInvoice", **arguments)
    assert await life.everything() == before
    throttle.left = 1
    assert (await pay(life, "payInvoice", **arguments))["payment"]["status"] == "SUCCEEDED"


async def test_credit_that_pays_alone_is_an_attempt(life: Life) -> None:
    await credit(life, 5_000)
    arguments, throttle = await call_of(life, "payInvoice"), counting(life)
    assert [(await pay(life, "payInvoice", **arguments))["replayed"] for _ in range(3)] == [False, True, True]
    assert throttle.hits == [Kind.PAYMENT]


async def test_a_coupon_that_is_replayed_is_no_attempt_and_a_wrong_code_is_one_each_time(life: Life) -> None:
    subscription = await life.subscribe("storage")
    throttle = counting(life)
    wrong = {"subscriptionId": subscription, "code": "GUESS", "idempotencyKey": "a guess"}
    assert [[error["code"] for error in (await life.do("applyCoupon", **wrong))["userErrors"]] for _ in range(3)] == [["COUPON_INVALID"]] * 3
    assert throttle.hits == [Kind.COUPON] * 3, "a refused call keeps no key"
    right = wrong | {"code": "WELCOME20", "idempotencyKey": "a coupon"}
    assert [(await life.do("applyCoupon", **right))["replayed"] for _ in range(3)] == [False, True, True]
    assert throttle.hits == [Kind.COUPON] * 4


async def test_a_plan_that_is_ordered_with_a_code_counts_once(life: Life) -> None:
    throttle = counting(life)
    ordered = {"priceId": price("storage"), "couponCode": "WELCOME20", "idempotencyKey": "an order"}
    payloads = [await life.do("addPlan", **ordered) for _ in range(3)]
    assert [(payload["replayed"], payload["userErrors"]) for payload in payloads] == [(False, []), (True, []), (True, [])]
    assert throttle.hits == [Kind.COUPON]
    assert (await life.do("addPlan", priceId=price("storage")))["userErrors"] == []
    assert throttle.hits == [Kind.COUPON], "no code, no attempt"


async def test_a_code_for_a_subscription_that_is_first_renewed_counts_once(life: Life) -> None:
    subscription = await life.subscribe("storage")
    throttle = counting(life)
    life.now += timedelta(days=32)
    assert (await life.do("applyCoupon", subscriptionId=subscription, code="WELCOME20"))["userErrors"] == []
    assert len(await life.rows("invoice")) == 2, "it was renewed in the call"
    assert throttle.hits == [Kind.COUPON]
