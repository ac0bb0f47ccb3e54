"""A processor without a bank: deterministic test cards, the contract of a real processor, and signed events. The default, for demos and tests.

There is no form to fill in: `startAddPaymentMethod` returns a reference, and finishing with that reference adds a visa that succeeds. To add another card, append a
dot and its name to the reference: `….insufficient_funds`. The names are in `sandbox_cards`.
"""

import asyncio
import hashlib
import hmac
import json
from collections.abc import Mapping
from dataclasses import asdict, astuple, dataclass, replace
from datetime import UTC, datetime, timedelta

from payments.processor import (
    ARRIVES_WITHIN,
    BadSignature,
    ChargeLookup,
    ChargeRequest,
    ChargeResult,
    ChargeStatus,
    EventKind,
    KeyReused,
    MethodDetails,
    OutcomeUnknown,
    Payer,
    PaymentClientAction,
    ProcessorEvent,
    ProcessorUnavailable,
    RefundLookup,
    RefundReport,
    RefundRequest,
    SetupNotFound,
    SetupStart,
    SetupUnfinished,
)
from payments.sandbox_cards import CARDS, Card, Fault, card_of, comes_backwards, details_of, failed, first_result, last_result, result_of
from payments.sandbox_ledger import Ledger, PendingEvent, SandboxCharge
from payments.signatures import sign, verify

SIGNATURE = "portico-signature"
PUBLISHABLE_KEY = "sandbox_publishable"
# A slow charge gets its final result this long after it was started, or with the next delivery of events.
SLOW = timedelta(minutes=1)


@dataclass(frozen=True, slots=True)
class Delivery:
    headers: dict[str, str]
    body: bytes


class Sandbox:
    """The sandbox. `secret` signs events and setups. `hesitation_seconds` is the response time of the card `hesitates`. While `is_away`, every call is unavailable."""

    name = "sandbox"

    def __init__(self, secret: str, ledger: Ledger | None = None, *, hesitation_seconds: float = 1.0) -> None:
        self._secret = secret
        self._ledger = ledger or Ledger()
        self._hesitation_seconds = hesitation_seconds
        self.is_away = False

    def calls(self, verb: str = "charge", key: str | None = None) -> int:
        """Return the number of calls of `charge`, `refund`, …; also of `capture`, which counts movements of money in place of requests."""
        return self._ledger.calls(verb, key)

    async def start_setup(self, payer: Payer, *, key: str) -> SetupStart:
        self._count_call("start_setup", key)
        nonce = self._digest("setup", payer.customer_id, key)
        reference = f"sandbox_setup_{nonce}_{self._digest(payer.customer_id, nonce)}"
        return SetupStart(reference, self._action(reference))

    async def finish_setup(self, reference: str, *, customer_id: str) -> MethodDetails:
        self._count_call("finish_setup", reference)
        setup, _, name = reference.partition(".")
        nonce, _, seal = setup.removeprefix("sandbox_setup_").partition("_")
        if not hmac.compare_digest(seal.encode(), self._digest(customer_id, nonce).encode()):
            raise SetupNotFound
        card = CARDS.get(name or "visa")
        if card is None:
            raise SetupUnfinished
        return details_of(f"sandbox_{nonce}_{card.name}", card)

    async def look_up(self, method_reference: str) -> MethodDetails | None:
        self._count_call("look_up", method_reference)
        card = card_of(method_reference)
        return details_of(method_reference, card) if card else None

    async def detach(self, method_reference: str) -> None:
        self._count_call("detach", method_reference)
        self._ledger.detach(method_reference)

    async def charge(self, charge: ChargeRequest) -> ChargeResult:
        self._count_call("charge", charge.key)
        card = card_of(charge.method_reference)
        fault = card.fault if card else None
        if fault is Fault.UNAVAILABLE:
            raise ProcessorUnavailable
        if fault is Fault.REQUEST_LOST:
            raise OutcomeUnknown
        if fault is Fault.HESITATES:
            await asyncio.sleep(self._hesitation_seconds)
        with self._ledger.change():
            known = self._ledger.charge(key=charge.key)
            entry = known or self._take(charge, card)
        if entry.request != _request(charge):
            raise KeyReused
        if fault is Fault.ANSWER_LOST and not known:
            raise OutcomeUnknown
        return self._result(entry)

    async def confirm(self, processor_reference: str) -> ChargeResult:
        self._count_call("confirm", processor_reference)
        return self._finish(processor_reference, None)

    async def cancel(self, processor_reference: str) -> ChargeResult:
        self._count_call("cancel", processor_reference)
        return self._finish(processor_reference, failed("canceled"))

    async def outcome(self, attempt: ChargeLookup, *, now: datetime) -> ChargeResult | None:
        self._count_call("outcome", attempt.key)
        card = card_of(attempt.method_reference)
        if card and card.fault is Fault.UNAVAILABLE and attempt.processor_reference:
            raise ProcessorUnavailable
        entry = self._ledger.charge(key=attempt.key)
        if entry is None:
            return self._remembered(attempt, card, now=now)
        if entry.status == ChargeStatus.PROCESSING and now - attempt.started_at >= SLOW:
            entry = self._settle(entry, last_result(CARDS[entry.card]))
        return self._result(entry)

    async def refund(self, refund: RefundRequest) -> ChargeResult:
        self._count_call("refund", refund.key)
        request = json.dumps(astuple(refund))
        with self._ledger.change():
            known = self._ledger.refund(refund.key)
            if known is None:
                result = self._give_back(refund)
                self._ledger.add_refund(refund.key, request=request, status=result.status, decline_code=result.decline_code)
                known = (request, result.status, result.decline_code)
        if known[0] != request:
            raise KeyReused
        return self._refund_result(refund.key, *known[1:])

    async def refund_outcome(self, refund: RefundLookup, *, now: datetime) -> ChargeResult | None:
        self._count_call("refund_outcome", refund.key)
        known = self._ledger.refund(refund.key)
        if known is None and now - refund.started_at < ARRIVES_WITHIN:
            raise OutcomeUnknown
        return self._refund_result(refund.key, *known[1:]) if known else None

    def queue_refund_event(self, processor_reference: str, report: RefundReport | None) -> None:
        """Queue an event from outside the gateway, at a bank or in the processor's dashboard: a refund, a failed one, a dispute, a won one, a returned debit.

        Without a report the event has only the sum of the charge that was refunded.
        """
        entry = self._ledger.charge(reference=processor_reference)
        if entry is None:
            raise ValueError("the sandbox has no such charge")
        with self._ledger.change():
            self._ledger.queue_event(entry, kind=EventKind.REFUND, refund=json.dumps(asdict(report)) if report else None)

    def read_event(self, headers: Mapping[str, str], body: bytes, *, now: datetime) -> ProcessorEvent:
        verify(body, headers.get(SIGNATURE, ""), self._secret, now=now)
        try:
            payload = json.loads(body)
            result = result_of(payload["status"], payload["decline_code"], payload["reference"]) if payload["kind"] == EventKind.CHARGE else None
            at = datetime.fromtimestamp(payload["created_at"], UTC)
            refund = RefundReport(**json.loads(payload["refund"])) if payload.get("refund") else None
            kind, key, reference = EventKind(payload["kind"]), payload["key"], payload["reference"]
            return ProcessorEvent(payload["id"], kind, key, reference, result, payload["refunded_minor"], at, refund)
        except (ValueError, KeyError, TypeError) as problem:
            raise BadSignature("the signed body is not an event") from problem

    def deliveries(self, *, now: datetime) -> list[Delivery]:
        """Return the undelivered events in the order of delivery. Slow charges get their final result first."""
        return [delivery for _, delivery in self._deliveries(now)]

    async def deliver(self, url: str, *, now: datetime) -> int:
        """Post the events. An event that is not answered with 2xx stays for the next call. Return how many were accepted."""
        import httpx  # only tests deliver events, and a server would take long to import it

        taken = 0
        async with httpx.AsyncClient(timeout=10) as client:
            for seq, delivery in self._deliveries(now):
                try:
                    answer = await client.post(url, content=delivery.body, headers=delivery.headers)
                except httpx.HTTPError:
                    break
                if answer.is_success:
                    self._ledger.delivered(seq)
                    taken += 1
        return taken

    async def close(self) -> None:
        self._ledger.close()

    def _count_call(self, verb: str, key: str) -> None:
        self._ledger.count(verb, key)
        if self.is_away:
            raise ProcessorUnavailable

    def _take(self, charge: ChargeRequest, card: Card | None) -> SandboxCharge:
        is_usable = card is not None and not self._ledger.is_detached(charge.method_reference)
        result = first_result(card, is_off_session=charge.is_off_session) if card and is_usable else failed("method_unknown")
        name = card.name if card else "visa"
        reference = f"sandbox_ch_{self._digest(charge.key)}_{name}"
        entry = SandboxCharge(charge.key, _request(charge), reference, result.status, result.decline_code, charge.amount_minor, 0, name)
        self._ledger.add_charge(entry)
        self._queue_charge_event(entry)
        return entry

    def _settle(self, entry: SandboxCharge, result: ChargeResult) -> SandboxCharge:
        """Return the current charge, settled by this call or by a concurrent one."""
        settled = replace(entry, status=result.status, decline_code=result.decline_code)
        with self._ledger.change():
            if self._ledger.settle(settled, was=entry.status):
                self._queue_charge_event(settled)
            return self._ledger.charge(key=entry.key) or settled

    def _queue_charge_event(self, entry: SandboxCharge) -> None:
        self._ledger.queue_event(entry, kind=EventKind.CHARGE)
        if entry.status == ChargeStatus.SUCCEEDED:
            self._ledger.count("capture", entry.key)

    def _finish(self, reference: str, cancellation: ChargeResult | None) -> ChargeResult:
        """End the wait for the customer, with the cancellation or with the card's final result."""
        entry, card = self._ledger.charge(reference=reference), card_of(reference)
        end = cancellation or (last_result(card) if card else failed("method_unknown"))
        if entry is None:
            return replace(end, processor_reference=reference)
        if entry.status == ChargeStatus.REQUIRES_ACTION:
            entry = self._settle(entry, end)
        return self._result(entry)

    def _remembered(self, attempt: ChargeLookup, card: Card | None, *, now: datetime) -> ChargeResult | None:
        """Return the result of a charge that is not in the ledger. With a reference it was there once, and its result follows from its card."""
        if attempt.processor_reference is None:
            if now - attempt.started_at < ARRIVES_WITHIN:
                raise OutcomeUnknown
            return None
        card = card_of(attempt.processor_reference) if card is None or card.name == "visa" else card
        if card is None:
            return replace(failed("method_unknown"), processor_reference=attempt.processor_reference)
        is_waiting = card.first is ChargeStatus.REQUIRES_ACTION or (card.first is ChargeStatus.PROCESSING and now - attempt.started_at < SLOW)
        result = ChargeResult(card.first) if is_waiting else last_result(card)
        return self._with_action(replace(result, processor_reference=attempt.processor_reference))

    def _give_back(self, refund: RefundRequest) -> ChargeResult:
        entry = self._ledger.charge(reference=refund.processor_reference)
        if entry is None:
            return ChargeResult(ChargeStatus.SUCCEEDED)
        refunded_minor = entry.refunded_minor + refund.amount_minor
        if entry.status != ChargeStatus.SUCCEEDED or refunded_minor > entry.amount_minor:
            return failed("more_than_was_paid")
        self._ledger.refunded(entry.key, refunded_minor=refunded_minor)
        report = RefundReport(self._refund_reference(refund.key), refund.amount_minor, "SUCCEEDED", "REQUESTED", refund.key)
        self._ledger.queue_event(entry, kind=EventKind.REFUND, refund=json.dumps(asdict(report)))
        return ChargeResult(ChargeStatus.SUCCEEDED)

    def _deliveries(self, now: datetime) -> list[tuple[int, Delivery]]:
        for entry in self._ledger.open_charges():
            self._settle(entry, last_result(CARDS[entry.card]))
        events = self._ledger.pending_events()
        backwards = [event for event in reversed(events) if comes_backwards(card_of(event.reference))]
        return [(event.seq, self._written(event, now)) for event in [event for event in events if not comes_backwards(card_of(event.reference))] + backwards]

    def _written(self, event: PendingEvent, now: datetime) -> Delivery:
        payload = {name: getattr(event, name) for name in PendingEvent.__slots__} | {
            "id": f"sandbox_evt_{self._digest(event.key)}_{event.seq}",
            "created_at": now.timestamp(),
        }
        body = json.dumps(payload).encode()
        return Delivery({SIGNATURE: sign(body, self._secret, at=now), "content-type": "application/json"}, body)

    def _result(self, entry: SandboxCharge) -> ChargeResult:
        return self._with_action(result_of(entry.status, entry.decline_code, entry.reference))

    def _with_action(self, result: ChargeResult) -> ChargeResult:
        waits = result.status is ChargeStatus.REQUIRES_ACTION and result.processor_reference
        return replace(result, client_action=self._action(result.processor_reference or "")) if waits else result

    def _action(self, reference: str) -> PaymentClientAction:
        return PaymentClientAction(f"{reference}_secret_{self._digest('secret', reference)}", PUBLISHABLE_KEY)

    def _refund_result(self, key: str, status: str, decline_code: str | None) -> ChargeResult:
        return result_of(status, decline_code, self._refund_reference(key))

    def _refund_reference(self, key: str) -> str:
        return f"sandbox_re_{self._digest(key)}"

    def _digest(self, *parts: str) -> str:
        return hmac.new(self._secret.encode(), "\0".join(parts).encode(), hashlib.sha256).hexdigest()[:16]


def _request(charge: ChargeRequest) -> str:
    return json.dumps(astuple(charge))
