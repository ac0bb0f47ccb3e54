"""The sandbox's cards. The result of a charge follows from its method's reference alone, so it is the same in every process and after every restart.

A reference is `sandbox_` with 16 hexadecimal digits, then optionally `_` and a card's name: `sandbox_00c0ffee00c0ffee_insufficient_funds`. Without a name it is a visa
that succeeds.
"""

import hashlib
import re
from dataclasses import dataclass, replace
from datetime import date
from enum import Enum, auto

from payments.declines import is_retryable
from payments.processor import ChargeResult, ChargeStatus, MethodDetails

S = ChargeStatus
REFERENCE = re.compile(r"sandbox_(?:ch_)?[0-9a-f]{16}(?:_([a-z_]{1,40}))?")
EXPIRES_ON = date(2049, 12, 31)


class Fault(Enum):
    """A fault between the gateway and the sandbox: it is unavailable; the request is lost; the answer is lost; the answer takes a while."""

    UNAVAILABLE = auto()
    REQUEST_LOST = auto()
    ANSWER_LOST = auto()
    HESITATES = auto()


@dataclass(frozen=True, slots=True)
class Card:
    """A test card. `first` is the status a charge begins with, `last` its final status. An action is required only on session; `decline_code` belongs to FAILED."""

    name: str
    brand: str | None = "visa"
    last4: str = "4242"
    first: ChargeStatus = S.SUCCEEDED
    last: ChargeStatus = S.SUCCEEDED
    decline_code: str | None = None
    fault: Fault | None = None
    kind: str = "CARD"
    events_come_backwards: bool = False


def _declined(name: str, last4: str) -> Card:
    return Card(name, last4=last4, first=S.FAILED, last=S.FAILED, decline_code=name)


_ALL = (
    Card("visa"),
    Card("mastercard", brand="mastercard", last4="4444"),
    Card("amex", brand="amex", last4="8431"),
    Card("sepa", brand=None, last4="3000", kind="SEPA_DEBIT", first=S.PROCESSING),
    Card("sepa_returned", brand=None, last4="3001", kind="SEPA_DEBIT", first=S.PROCESSING, last=S.FAILED, decline_code="insufficient_funds"),
    _declined("generic_decline", "0002"),
    _declined("do_not_honor", "0028"),
    _declined("insufficient_funds", "9995"),
    _declined("processing_error", "0119"),
    _declined("expired_card", "0069"),
    _declined("incorrect_cvc", "0127"),
    _declined("lost_card", "9987"),
    _declined("stolen_card", "9979"),
    _declined("fraudulent", "0019"),
    Card("requires_action", last4="3155", first=S.REQUIRES_ACTION),
    Card("action_fails", last4="3156", first=S.REQUIRES_ACTION, last=S.FAILED, decline_code="authentication_failed"),
    Card("slow", last4="0077", first=S.PROCESSING),
    Card("slow_decline", last4="0341", first=S.PROCESSING, last=S.FAILED, decline_code="insufficient_funds"),
    Card("hesitates", last4="5556", fault=Fault.HESITATES),
    Card("timeout_after_capture", last4="5557", fault=Fault.ANSWER_LOST),
    Card("timeout_before_capture", last4="5558", fault=Fault.REQUEST_LOST),
    Card("unavailable", last4="5559", fault=Fault.UNAVAILABLE),
    Card("out_of_order", last4="5560", first=S.PROCESSING, events_come_backwards=True),
)
CARDS = {card.name: card for card in _ALL}


def card_of(reference: str) -> Card | None:
    """Return the card of a method's or a charge's reference; None if there is none."""
    match = REFERENCE.fullmatch(reference)
    return CARDS.get(match[1] or "visa") if match else None


def details_of(reference: str, card: Card) -> MethodDetails:
    """Return what is stored of a method with this card."""
    return MethodDetails(
        method_reference=reference,
        kind=card.kind,
        brand=card.brand,
        last4=card.last4,
        expires_on=EXPIRES_ON if card.kind == "CARD" else None,
        fingerprint=hashlib.sha256(card.name.encode()).hexdigest()[:16],
    )


def first_result(card: Card, *, is_off_session: bool) -> ChargeResult:
    """Return the first result of a charge. Off session the customer cannot complete the bank's action, so the bank declines."""
    if card.first is S.REQUIRES_ACTION and is_off_session:
        return failed("authentication_required")
    return failed(card.decline_code) if card.first is S.FAILED else ChargeResult(card.first)


def last_result(card: Card) -> ChargeResult:
    return failed(card.decline_code) if card.last is S.FAILED else ChargeResult(card.last)


def failed(decline_code: str | None) -> ChargeResult:
    code = decline_code or "generic_decline"
    return ChargeResult(S.FAILED, decline_code=code, is_retryable=is_retryable(code))


def result_of(status: str, decline_code: str | None, reference: str) -> ChargeResult:
    """Return the result of a charge of the ledger."""
    result = failed(decline_code) if status == ChargeStatus.FAILED else ChargeResult(ChargeStatus(status))
    return replace(result, processor_reference=reference)


def comes_backwards(card: Card | None) -> bool:
    return card is not None and card.events_come_backwards
