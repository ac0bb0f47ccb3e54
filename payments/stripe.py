"""Stripe, by its own SDK. What the port promises that the SDK does not: it says surely whether a request can have done anything.

A method's reference is `cus_…/pm_…/card`: Stripe charges a method only together with its own customer, and this keeps the two together.
How to set it up, and what could not be tried without an account, is in docs/stripe.md.
"""

import asyncio
import json
import re
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import stripe
from stripe import error as problems

from payments.processor import (
    ARRIVES_WITHIN,
    KEYS_HOLD,
    BadSignature,
    ChargeLookup,
    ChargeRequest,
    ChargeResult,
    ChargeStatus,
    KeyReused,
    MethodDetails,
    OutcomeUnknown,
    Payer,
    PaymentClientAction,
    ProcessorEvent,
    ProcessorUnavailable,
    RefundRequest,
    SetupNotFound,
    SetupStart,
    SetupUnfinished,
)
from payments.signatures import verify
from payments.stripe_amounts import to_stripe
from payments.stripe_answers import CUSTOMER, KEY, REFUND_KEY, decline_code_of, details_of, event_of, failed, result_of
from payments.stripe_wire import NOT_SENT, Wire

# Refused at the door: the operator's key, or too many requests.
TURNED_AWAY = (problems.AuthenticationError, problems.PermissionError, problems.RateLimitError)
REFERENCE = re.compile(r"(cus_\w{1,100})/(pm_\w{1,100})/(\w{1,40})")
INTENT = re.compile(r"pi_\w{1,100}")
SETUP = re.compile(r"seti_\w{1,100}")
PAUSE_SECONDS = 0.3


@dataclass(frozen=True, slots=True)
class StripeAccount:
    """`address` is another server than Stripe's, for tests. `patience_seconds` bounds one request, `attempts` how often it is sent under the same key."""

    secret_key: str = field(repr=False)
    publishable_key: str
    webhook_secret: str = field(repr=False)
    method_types: tuple[str, ...] = ("card",)
    address: str | None = None
    patience_seconds: float = 10.0
    attempts: int = 2


class Stripe:
    name = "stripe"

    def __init__(self, account: StripeAccount) -> None:
        self._account = account
        self._wire = Wire(account.patience_seconds)
        # The SDK's own retries forget whether an earlier try was sent, so it makes none.
        self._api = stripe.StripeClient(
            account.secret_key,
            http_client=self._wire,
            max_network_retries=0,
            base_addresses={"api": account.address} if account.address else {},
        ).v1

    async def start_setup(self, payer: Payer, *, key: str) -> SetupStart:
        known = REFERENCE.fullmatch(payer.method_reference or "")
        customer = known[1] if known else (await self._safely(lambda: self._new_customer(payer, key)))["id"]
        params: Any = {
            "customer": customer,
            "usage": "off_session",
            "payment_method_types": list(self._account.method_types),
            "metadata": {CUSTOMER: payer.customer_id},
        }
        setup = await self._safely(lambda: self._api.setup_intents.create_async(params, {"idempotency_key": f"setup-{key}"}))
        return SetupStart(setup["id"], PaymentClientAction(setup["client_secret"], self._account.publishable_key))

    async def finish_setup(self, reference: str, *, customer_id: str) -> MethodDetails:
        if not SETUP.fullmatch(reference):
            raise SetupNotFound
        try:
            setup = await self._safely(lambda: self._api.setup_intents.retrieve_async(reference, {"expand": ["payment_method"]}))
        except problems.InvalidRequestError as problem:
            raise SetupNotFound from problem
        if (setup.get("metadata") or {}).get(CUSTOMER) != customer_id:
            raise SetupNotFound
        if setup["status"] != "succeeded":
            refused = setup.get("last_setup_error")
            raise SetupUnfinished(decline_code_of(refused) if refused else None)
        return details_of(setup["payment_method"], customer=setup["customer"])

    async def detach(self, method_reference: str) -> None:
        known = REFERENCE.fullmatch(method_reference)
        if not known:
            return
        try:
            await self._safely(lambda: self._api.payment_methods.detach_async(known[2]))
        except problems.InvalidRequestError:
            return  # It is gone already.

    async def charge(self, charge: ChargeRequest) -> ChargeResult:
        known = REFERENCE.fullmatch(charge.method_reference)
        amount = to_stripe(charge.amount_minor, charge.currency)
        if not known or amount is None:
            return failed("method_unknown" if not known else "amount_not_supported")
        params = _params(charge, amount, customer=known[1], method=known[2], kind=known[3])
        try:
            intent = await self._send(lambda: self._api.payment_intents.create_async(params, {"idempotency_key": charge.key}))
        except (problems.CardError, problems.InvalidRequestError) as problem:
            return _declined(problem)
        result = self._result(intent)
        if charge.is_off_session and result.status is ChargeStatus.REQUIRES_ACTION:
            # Nobody is there to act. Stripe declines such a charge itself; this is for whoever does not.
            given_up = await self.cancel(intent["id"])
            return failed("authentication_required", intent["id"]) if given_up.status is ChargeStatus.FAILED else given_up
        return result

    async def confirm(self, processor_reference: str) -> ChargeResult:
        result = self._result(await self._intent(processor_reference))
        if result.status is ChargeStatus.FAILED and result.decline_code != "canceled":
            # What failed is over for us, so the client must not be able to bring it back to life with another method.
            given_up = await self.cancel(processor_reference)
            return result if given_up.status is ChargeStatus.FAILED else given_up
        return result

    async def cancel(self, processor_reference: str) -> ChargeResult:
        try:
            intent = await self._send(lambda: self._api.payment_intents.cancel_async(_checked(processor_reference)))
        except problems.InvalidRequestError:
            intent = await self._intent(processor_reference)  # It is beyond that: this is what became of it.
        return self._result(intent)

    async def outcome(self, attempt: ChargeLookup, *, now: datetime) -> ChargeResult | None:
        if attempt.processor_reference:
            return self._result(await self._intent(attempt.processor_reference))
        known = REFERENCE.fullmatch(attempt.method_reference)
        found = await self._find(attempt, customer=known[1]) if known else None
        if found is None and now - attempt.started_at < ARRIVES_WITHIN:
            raise OutcomeUnknown
        return self._result(found) if found else None

    async def refund(self, refund: RefundRequest) -> ChargeResult:
        amount = to_stripe(refund.amount_minor, refund.currency)
        if amount is None:
            return failed("amount_not_supported")
        params: Any = {"payment_intent": _checked(refund.processor_reference), "amount": amount, "metadata": {REFUND_KEY: refund.key}}
        try:
            given = await self._send(lambda: self._api.refunds.create_async(params, {"idempotency_key": refund.key}))
        except (problems.CardError, problems.InvalidRequestError) as problem:
            return _declined(problem)
        status = {"succeeded": ChargeStatus.SUCCEEDED, "failed": ChargeStatus.FAILED, "canceled": ChargeStatus.FAILED}.get(
            given["status"], ChargeStatus.PROCESSING
        )
        reason = given.get("failure_reason") or "processing_error"
        return failed(reason, given["id"]) if status is ChargeStatus.FAILED else ChargeResult(status, given["id"])

    def read_event(self, headers: Mapping[str, str], body: bytes, *, now: datetime) -> ProcessorEvent:
        verify(body, headers.get("stripe-signature", ""), self._account.webhook_secret, now=now)
        try:
            return event_of(json.loads(body))
        except (AttributeError, KeyError, TypeError, ValueError, OverflowError, OSError) as problem:
            raise BadSignature("what was signed is no event") from problem

    async def close(self) -> None:
        await self._wire.close_async()

    async def _new_customer(self, payer: Payer, key: str) -> stripe.Customer:
        return await self._api.customers.create_async({"email": payer.email, "metadata": {CUSTOMER: payer.customer_id}}, {"idempotency_key": f"customer-{key}"})

    async def _intent(self, reference: str) -> dict[str, Any]:
        return await self._send(lambda: self._api.payment_intents.retrieve_async(_checked(reference)))

    async def _find(self, attempt: ChargeLookup, *, customer: str) -> dict[str, Any] | None:
        """By listing, which shows a charge at once; Stripe's search shows it only some time later. It may have been sent before, as long as keys hold."""
        since = int((attempt.started_at - KEYS_HOLD - ARRIVES_WITHIN).timestamp())
        page = await self._send(lambda: self._api.payment_intents.list_async({"customer": customer, "created": {"gte": since}, "limit": 100}))
        found = next((intent for intent in page["data"] if (intent.get("metadata") or {}).get(KEY) == attempt.key), None)
        if found is None and page["has_more"]:
            raise OutcomeUnknown  # A part of a list proves nothing.
        return found

    def _result(self, intent: dict[str, Any]) -> ChargeResult:
        return result_of(intent, publishable_key=self._account.publishable_key)

    async def _safely(self, ask: Callable[[], Awaitable[stripe.StripeObject]]) -> dict[str, Any]:
        """For what moves no money: a missing answer is as good as none."""
        try:
            return await self._send(ask)
        except OutcomeUnknown as problem:
            raise ProcessorUnavailable from problem

    async def _send(self, ask: Callable[[], Awaitable[stripe.StripeObject]]) -> dict[str, Any]:
        """Ask, and again under the same key if the wire broke. Once something may have arrived, only an answer makes it known again."""
        may_have_arrived = False
        problem: Exception | None = None
        for number in range(self._account.attempts):
            await asyncio.sleep(PAUSE_SECONDS * number)
            try:
                async with asyncio.timeout(2 * self._account.patience_seconds):
                    return (await ask()).to_dict()
            except TURNED_AWAY as refusal:
                problem = refusal
                break
            except problems.IdempotencyError as mismatch:
                raise KeyReused from mismatch
            except (problems.APIConnectionError, problems.APIError, TimeoutError) as failure:
                problem = failure
                may_have_arrived = may_have_arrived or not isinstance(failure.__cause__, NOT_SENT)
        if may_have_arrived:
            raise OutcomeUnknown from problem
        raise ProcessorUnavailable from problem


def _params(charge: ChargeRequest, amount: int, *, customer: str, method: str, kind: str) -> Any:
    params: dict[str, Any] = {
        "amount": amount,
        "currency": charge.currency.lower(),
        "customer": customer,
        "payment_method": method,
        "payment_method_types": [kind],
        "confirm": True,
        "metadata": {KEY: charge.key, CUSTOMER: charge.customer_id},
    }
    return params | ({"description": charge.description} if charge.description else {}) | ({"off_session": True} if charge.is_off_session else {})


def _declined(problem: problems.CardError | problems.InvalidRequestError) -> ChargeResult:
    body: Any = problem.json_body or {}
    error = body.get("error") or {}
    fallback = "processing_error" if isinstance(problem, problems.CardError) else "resource_missing" if problem.http_status == 404 else "invalid_request"
    return failed(decline_code_of({"code": fallback} | error), (error.get("payment_intent") or {}).get("id"))


def _checked(reference: str) -> str:
    """A reference that is none of Stripe's was not made by this adapter, and must not become part of an address."""
    if not INTENT.fullmatch(reference):
        raise ValueError("that is no PaymentIntent")
    return reference
