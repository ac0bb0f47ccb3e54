"""What every processor of payments takes and promises.

Card numbers never come here: the customer types them into the processor's own form, and we keep the reference that the processor gives us for them.
Amounts are minor units after ISO 4217 everywhere in the port. Where a processor counts otherwise, its adapter converts.

What may go wrong when money is to move:

ProcessorUnavailable    surely nothing happened by this call; the same key may be sent again. What an earlier call under that key did, it does not tell
OutcomeUnknown          it was sent and no answer came, so it may have happened; `outcome` tells later, and until then the payment is PROCESSING
KeyReused               a bug of ours: one key, two different requests; nothing happened
a declined charge       is no error but a ChargeResult that says FAILED
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from enum import StrEnum
from typing import Protocol

# An attempt younger than this may still be under way to the processor, so nobody can say yet that it never arrived.
ARRIVES_WITHIN = timedelta(minutes=15)
# Processors forget keys after a day or so. A charge that was first sent longer ago must not be sent again, or it might be taken twice: only its outcome may be asked for.
KEYS_HOLD = timedelta(hours=20)
# Signed events older than this are not believed. Processors sign each delivery anew, so a retry days later is young.
EVENT_AGE = timedelta(minutes=5)


class ProcessorUnavailable(Exception):
    """This call had no effect. The same request with the same key may be sent again; if it was sent before, that may have happened."""


class OutcomeUnknown(Exception):
    """The request was sent and the answer is missing: it may have happened. Ask `outcome`; never send it under another key."""


class KeyReused(Exception):
    """The key stands for another request already. Nothing happened."""


class SetupNotFound(Exception):
    """There is no such setup, or it is another customer's."""


class SetupUnfinished(Exception):
    """The customer has not finished the processor's form, or the method was refused there (then with the code)."""

    def __init__(self, decline_code: str | None = None) -> None:
        super().__init__(decline_code or "the form is not finished")
        self.decline_code = decline_code


class BadSignature(Exception):
    """The event was not signed by the processor, or too long ago, or it is not one. Nothing of it may be believed."""


class ChargeStatus(StrEnum):
    """PROCESSING: the processor's word comes later. REQUIRES_ACTION: the customer has to do something first. The other two are final."""

    SUCCEEDED = "SUCCEEDED"
    FAILED = "FAILED"
    REQUIRES_ACTION = "REQUIRES_ACTION"
    PROCESSING = "PROCESSING"


class EventKind(StrEnum):
    """CHARGE: what became of a charge (`result`). REFUND: money of a charge that went back (`refund`, or `refunded_minor` in all). OTHER: nothing we act on."""

    CHARGE = "CHARGE"
    REFUND = "REFUND"
    OTHER = "OTHER"


@dataclass(frozen=True, slots=True)
class Payer:
    """Who pays. `method_reference` is any method of theirs at this processor, deleted ones too, so that it knows them again."""

    customer_id: str
    email: str
    method_reference: str | None = None


@dataclass(frozen=True, slots=True)
class PaymentClientAction:
    """What the processor's own code in the browser needs to go on. The secret is for this customer only: never stored, never logged."""

    client_secret: str = field(repr=False)
    publishable_key: str


@dataclass(frozen=True, slots=True)
class SetupStart:
    reference: str
    action: PaymentClientAction


@dataclass(frozen=True, slots=True)
class MethodDetails:
    """A method that can be charged. `kind` is a PaymentMethodKind; `fingerprint` is equal for the same card or account of one processor."""

    method_reference: str
    kind: str
    brand: str | None
    last4: str | None
    expires_on: date | None
    fingerprint: str


@dataclass(frozen=True, slots=True)
class ChargeRequest:
    """`key` is our payment's id: one payment, one key, one movement of money, however often it is sent. Off session the customer is not there to be asked."""

    key: str
    customer_id: str
    method_reference: str
    amount_minor: int
    currency: str
    description: str = ""
    is_off_session: bool = False


@dataclass(frozen=True, slots=True)
class ChargeResult:
    """FAILED has a decline code, and whether the same method may be tried again; REQUIRES_ACTION has the client's action."""

    status: ChargeStatus
    processor_reference: str | None = None
    decline_code: str | None = None
    is_retryable: bool = False
    client_action: PaymentClientAction | None = None


@dataclass(frozen=True, slots=True)
class ChargeLookup:
    """A charge as we remember it. `processor_reference` is missing if its answer was never seen. `started_at` is when it was sent, and sent last if that was more than once."""

    key: str
    method_reference: str
    processor_reference: str | None
    started_at: datetime


@dataclass(frozen=True, slots=True)
class RefundRequest:
    key: str
    processor_reference: str
    amount_minor: int
    currency: str


@dataclass(frozen=True, slots=True)
class RefundReport:
    """Money of a charge that went back, or came again. `reference` is the processor's of the refund or dispute; `status` a RefundStatus, `reason` a RefundReason."""

    reference: str
    amount_minor: int
    status: str
    reason: str


@dataclass(frozen=True, slots=True)
class ProcessorEvent:
    """What the processor tells by itself. Events come at least once and in any order.

    `key` is the charge's. It is None for what is not one of ours, and where the processor names only its own `processor_reference` of the charge.
    `refunded_minor` is how much of the charge was given back on request in all, from processors that tell this without a reference, or beside one.
    """

    id: str
    kind: EventKind
    key: str | None
    processor_reference: str | None
    result: ChargeResult | None
    refunded_minor: int | None
    created_at: datetime
    refund: RefundReport | None = None


class Processor(Protocol):
    @property
    def name(self) -> str:
        """As it stands in `payment_method.processor` and in the webhook's path."""

    async def start_setup(self, payer: Payer, *, key: str) -> SetupStart:
        """Begin to add a method. Raises ProcessorUnavailable; then nothing is lost by trying again."""

    async def finish_setup(self, reference: str, *, customer_id: str) -> MethodDetails:
        """The method that the customer gave in the form; twice is the same. Raises SetupNotFound, SetupUnfinished, ProcessorUnavailable."""

    async def detach(self, method_reference: str) -> None:
        """Forget a method. One that is forgotten or was never known is fine. Raises ProcessorUnavailable."""

    async def charge(self, charge: ChargeRequest) -> ChargeResult:
        """Take money. Raises ProcessorUnavailable, OutcomeUnknown, KeyReused."""

    async def confirm(self, processor_reference: str) -> ChargeResult:
        """The client says that the action is done: what is the charge now? Raises ProcessorUnavailable, OutcomeUnknown."""

    async def cancel(self, processor_reference: str) -> ChargeResult:
        """Give up a charge that waits for its customer. FAILED means it can never succeed now; anything else is what became of it. Raises ProcessorUnavailable, OutcomeUnknown."""

    async def outcome(self, attempt: ChargeLookup, *, now: datetime) -> ChargeResult | None:
        """What became of a charge. None: it never arrived, and never will. Raises ProcessorUnavailable, and OutcomeUnknown while it may still be under way."""

    async def refund(self, refund: RefundRequest) -> ChargeResult:
        """Give back a part or all of a charge. The result is the refund's own. Raises ProcessorUnavailable, OutcomeUnknown, KeyReused."""

    def read_event(self, headers: Mapping[str, str], body: bytes, *, now: datetime) -> ProcessorEvent:
        """The event in a delivery. Names of headers are lower case. Raises BadSignature."""

    async def close(self) -> None:
        """Let go of connections."""
