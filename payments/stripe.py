"""Stripe, by its own SDK. The adapter adds what the SDK does not report: whether a failed request can have had an effect.

A method's reference is `cus_…/pm_…/card`: Stripe charges a method only together with its own customer, so the reference contains both.
docs/stripe.md describes the set-up, and what could not be tested without an account.
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
    RefundLookup,
    RefundRequest,
    SetupNotFound,
    SetupStart,
    SetupUnfinished,
)
from payments.signatures import verify
from payments.stripe_amounts import to_stripe
from payments.stripe_answers import CUSTOMER, KEY, REFUND_KEY, decline_code_of, details_of, event_of, failed, refund_result_of, result_of
from payments.stripe_wire import NOT_SENT, Wire

# Refusals before a request has any effect: the operator's key, or too many requests.
TURNED_AWAY = (problems.AuthenticationError, problems.PermissionError, problems.RateLimitError)
REFERENCE = re.compile(r"(cus_\w{1,100})/(pm_\w{1,100})/(\w{1,40})")
INTENT = re.compile(r"pi_\w{1,100}")
SETUP = re.compile(r"seti_\w{1,100}")
REFUND = re.compile(r"(re|pyr)_\w{1,100}")
PAUSE_SECONDS = 0.3


@dataclass(frozen=True, slots=True)
class StripeAccount:
    """The account at Stripe. `address` is a test server in place of Stripe's. `patience_seconds` bounds one request, `attempts` how often it is sent with the same key."""

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
        # The SDK's own retries do not report whether an earlier request was sent, so they are off.
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

    async def look_up(self, method_reference: str) -> MethodDetails | None:
        known = REFERENCE.fullmatch(method_reference)
        if not known:
            return None
        try:
            method = await self._safely(lambda: self._api.payment_methods.retrieve_async(known[2]))
        except problems.InvalidRequestError:
            return None
        return details_of(method, customer=known[1]) if method.get("customer") == known[1] else None

    async def detach(self, method_reference: str) -> None:
        known = REFERENCE.fullmatch(method_reference)
        if not known:
            return
        try:
            await self._safely(lambda: self._api.payment_methods.detach_async(known[2]))
        except problems.InvalidRequestError:
            return  # It is detached already.

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
            # Off session the customer cannot complete the action. Stripe declines such a charge itself; this covers a server that does not.
            canceled = await self.cancel(intent["id"])
            return failed("authentication_required", intent["id"]) if canceled.status is ChargeStatus.FAILED else canceled
        return result

    async def confirm(self, processor_reference: str) -> ChargeResult:
        result = self._result(await self._intent(processor_reference))
        if result.status is ChargeStatus.FAILED and result.decline_code != "canceled":
            # A failed charge is final for us, so the client must not be able to retry the same intent with another method.
            canceled = await self.cancel(processor_reference)
            return result if canceled.status is ChargeStatus.FAILED else canceled
        return result

    async def cancel(self, processor_reference: str) -> ChargeResult:
        try:
            intent = await self._send(lambda: self._api.payment_intents.cancel_async(_checked(processor_reference)))
        except problems.InvalidRequestError:
            intent = await self._intent(processor_reference)  # It cannot be cancelled any more: its own status is the result.
        return self._result(intent)

    async def outcome(self, attempt: ChargeLookup, *, now: datetime) -> ChargeResult | None:
        if attempt.processor_reference:
            return self._result(await self._intent(attempt.processor_reference))
        known = REFERENCE.fullmatch(attempt.method_reference)
        intent = await self._find(attempt, customer=known[1]) if known else None
        if intent is None and now - attempt.started_at < ARRIVES_WITHIN:
            raise OutcomeUnknown
        return self._result(intent) if intent else None

    async def refund(self, refund: RefundRequest) -> ChargeResult:
        amount = to_stripe(refund.amount_minor, refund.currency)
        if amount is None:
            return failed("amount_not_supported")
        params: Any = {"payment_intent": _checked(refund.processor_reference), "amount": amount, "metadata": {REFUND_KEY: refund.key}}
        try:
            created = await self._send(lambda: self._api.refunds.create_async(params, {"idempotency_key": refund.key}))
        except (problems.CardError, problems.InvalidRequestError) as problem:
            return _declined(problem)
        return refund_result_of(created)

    async def refund_outcome(self, refund: RefundLookup, *, now: datetime) -> ChargeResult | None:
        if refund.refund_reference:
            reference = _checked_refund(refund.refund_reference)
            return refund_result_of(await self._send(lambda: self._api.refunds.retrieve_async(reference)))
        intent = _checked(refund.processor_reference)
        page = await self._send(lambda: self._api.refunds.list_async({"payment_intent": intent, "limit": 100}))
        match = next((one for one in page["data"] if (one.get("metadata") or {}).get(REFUND_KEY) == refund.key), None)
        if match is None and (page["has_more"] or now - refund.started_at < ARRIVES_WITHIN):
            raise OutcomeUnknown  # An incomplete list does not prove that the refund is missing.
        return refund_result_of(match) if match else None

    def read_event(self, headers: Mapping[str, str], body: bytes, *, now: datetime) -> ProcessorEvent:
        verify(body, headers.get("stripe-signature", ""), self._account.webhook_secret, now=now)
        try:
            return event_of(json.loads(body))
        except (AttributeError, KeyError, TypeError, ValueError, OverflowError, OSError) as problem:
            raise BadSignature("the signed body is not an event") from problem

    async def close(self) -> None:
        await self._wire.close_async()

    async def _new_customer(self, payer: Payer, key: str) -> stripe.Customer:
        return await self._api.customers.create_async({"email": payer.email, "metadata": {CUSTOMER: payer.customer_id}}, {"idempotency_key": f"customer-{key}"})

    async def _intent(self, reference: str) -> dict[str, Any]:
        return await self._send(lambda: self._api.payment_intents.retrieve_async(_checked(reference)))

    async def _find(self, attempt: ChargeLookup, *, customer: str) -> dict[str, Any] | None:
        """Return the intent with the charge's key by listing, which contains a charge at once; Stripe's search contains it only after some time.

        The list goes back by KEYS_HOLD, because the charge may have been sent before `started_at` with the same key.
        """
        since = int((attempt.started_at - KEYS_HOLD - ARRIVES_WITHIN).timestamp())
        page = await self._send(lambda: self._api.payment_intents.list_async({"customer": customer, "created": {"gte": since}, "limit": 100}))
        match = next((intent for intent in page["data"] if (intent.get("metadata") or {}).get(KEY) == attempt.key), None)
        if match is None and page["has_more"]:
            raise OutcomeUnknown  # An incomplete list does not prove that the charge is missing.
        return match

    def _result(self, intent: dict[str, Any]) -> ChargeResult:
        return result_of(intent, publishable_key=self._account.publishable_key)

    async def _safely(self, send: Callable[[], Awaitable[stripe.StripeObject]]) -> dict[str, Any]:
        """Send a request that moves no money: a missing answer counts as ProcessorUnavailable."""
        try:
            return await self._send(send)
        except OutcomeUnknown as problem:
            raise ProcessorUnavailable from problem

    async def _send(self, send: Callable[[], Awaitable[stripe.StripeObject]]) -> dict[str, Any]:
        """Send a request, again with the same key if the connection failed. Once a request may have arrived, only an answer settles the outcome.

        Raises ProcessorUnavailable, OutcomeUnknown, KeyReused.
        """
        may_have_arrived = False
        problem: Exception | None = None
        for number in range(self._account.attempts):
            await asyncio.sleep(PAUSE_SECONDS * number)
            try:
                async with asyncio.timeout(2 * self._account.patience_seconds):
                    return (await send()).to_dict()
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
    """Return the reference. Raises ValueError for a reference that is not Stripe's: it must not become part of a URL."""
    if not INTENT.fullmatch(reference):
        raise ValueError("the reference is not a PaymentIntent's")
    return reference


def _checked_refund(reference: str) -> str:
    """Return the reference. Raises ValueError for a reference that is not a refund's of Stripe."""
    if not REFUND.fullmatch(reference):
        raise ValueError("the reference is not a Refund's")
    return reference
