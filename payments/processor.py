"""The port of payment processors: the contract of every processor, and its errors.

Card numbers never reach the gateway: the customer enters them in the processor's own form, and we store the reference that the processor returns.
Amounts are minor units by ISO 4217 everywhere in the port. Where a processor counts differently, its adapter converts.

The errors when money is to move:

ProcessorUnavailable    this call had certainly no effect; the same key may be sent again. It says nothing about an earlier call with that key
└── ProcessorMissing    no processor with the name is configured here
OutcomeUnknown          the request was sent and no answer came, so it may have had an effect; `outcome` finds out later, and until then the payment is PROCESSING
KeyReused               a bug of ours: one key, two different requests; the second had no effect
a declined charge       is not an error, but a ChargeResult with the status FAILED
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from enum import StrEnum
from typing import Protocol

# A request younger than this may still be in transit to the processor, so that its absence there proves nothing yet.
ARRIVES_WITHIN = timedelta(minutes=15)
# Processors forget keys after about a day. A charge first sent longer ago must not be sent again, or it might be made twice: only its outcome may be looked up.
KEYS_HOLD = timedelta(hours=20)
# Signed events older than this are refused. Processors sign each delivery anew, so a retry days later has a new time.
EVENT_AGE = timedelta(minutes=5)


class ProcessorUnavailable(Exception):
    """This call had no effect. The same request with the same key may be sent again. An earlier call with that key may have had an effect."""


class ProcessorMissing(ProcessorUnavailable):
    """No processor with this name is configured here, as after a move to another one: nothing was sent."""

    def __init__(self, name: str) -> None:
        super().__init__(f"the processor {name} is not configured")
        self.name = name


class OutcomeUnknown(Exception):
    """The request was sent and the answer is missing: it may have had an effect. Call `outcome`; never send the request with another key."""


class KeyReused(Exception):
    """The key was used for another request already. This call had no effect."""


class SetupNotFound(Exception):
    """The setup does not exist, or it is another customer's."""


class SetupUnfinished(Exception):
    """The customer has not finished the processor's form, or the processor refused the method; then with its decline code."""

    def __init__(self, decline_code: str | None = None) -> None:
        super().__init__(decline_code or "the form is not finished")
        self.decline_code = decline_code


class BadSignature(Exception):
    """The event is not signed by the processor, its signature is too old, or its body is not an event. Its content must not be used."""


class ChargeStatus(StrEnum):
    """PROCESSING: the result comes later. REQUIRES_ACTION: the customer has to act first. The other two are final."""

    SUCCEEDED = "SUCCEEDED"
    FAILED = "FAILED"
    REQUIRES_ACTION = "REQUIRES_ACTION"
    PROCESSING = "PROCESSING"


class EventKind(StrEnum):
    """CHARGE: the result of a charge (`result`). REFUND: a refund of a charge (`refund`, or the sum `refunded_minor`). OTHER: ignored."""

    CHARGE = "CHARGE"
    REFUND = "REFUND"
    OTHER = "OTHER"


@dataclass(frozen=True, slots=True)
class Payer:
    """The paying customer. `method_reference` is any method of theirs at this processor, also a deleted one, by which the processor recognises the customer."""

    customer_id: str
    email: str
    method_reference: str | None = None


@dataclass(frozen=True, slots=True)
class PaymentClientAction:
    """What the processor's own code in the browser needs to continue. The secret is for this customer only: never stored, never logged."""

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
    """A charge. `key` is our payment's id: repeated requests with it move money once. Off session the customer cannot confirm the charge."""

    key: str
    customer_id: str
    method_reference: str
    amount_minor: int
    currency: str
    description: str = ""
    is_off_session: bool = False


@dataclass(frozen=True, slots=True)
class ChargeResult:
    """The result of a charge. FAILED has a decline code, and whether the same method may be tried again; REQUIRES_ACTION has the client's action."""

    status: ChargeStatus
    processor_reference: str | None = None
    decline_code: str | None = None
    is_retryable: bool = False
    client_action: PaymentClientAction | None = None


@dataclass(frozen=True, slots=True)
class ChargeLookup:
    """A charge to look up. `processor_reference` is None if no answer was received. `started_at` is when the charge was sent last."""

    key: str
    method_reference: str
    processor_reference: str | None
    started_at: datetime


@dataclass(frozen=True, slots=True)
class RefundRequest:
    """A refund. `key` is our refund's id: repeated requests with it move money once. `processor_reference` is that of the charge."""

    key: str
    processor_reference: str
    amount_minor: int
    currency: str


@dataclass(frozen=True, slots=True)
class RefundLookup:
    """A refund to look up. `processor_reference` is that of the charge, `refund_reference` that of the refund, None if no answer was received."""

    key: str
    processor_reference: str
    refund_reference: str | None
    started_at: datetime


@dataclass(frozen=True, slots=True)
class RefundReport:
    """A refund of a charge, or its reversal. `reference` is the processor's, of the refund or dispute; `status` is a RefundStatus, `reason` a RefundReason; `key` is that
    of the request for a refund that we began."""

    reference: str
    amount_minor: int
    status: str
    reason: str
    key: str | None = None


@dataclass(frozen=True, slots=True)
class ProcessorEvent:
    """An event from the processor. Events arrive at least once and in any order.

    `key` is the charge's. It is None for a charge that is not ours, and where the processor names only its own `processor_reference` of the charge.
    `refunded_minor` is the sum of the charge that was refunded on request, from processors that report it without a reference, or beside one.
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
        """The name in `payment_method.processor` and in the webhook's path."""

    async def start_setup(self, payer: Payer, *, key: str) -> SetupStart:
        """Begin to add a method. Raises ProcessorUnavailable; the call may then be repeated."""

    async def finish_setup(self, reference: str, *, customer_id: str) -> MethodDetails:
        """Return the method that the customer entered in the form. May be repeated. Raises SetupNotFound, SetupUnfinished, ProcessorUnavailable."""

    async def look_up(self, method_reference: str) -> MethodDetails | None:
        """Return a method that was added elsewhere; None for one that is unknown or another customer's. Raises ProcessorUnavailable."""

    async def detach(self, method_reference: str) -> None:
        """Detach a method. A detached or unknown method is not an error. Raises ProcessorUnavailable."""

    async def charge(self, charge: ChargeRequest) -> ChargeResult:
        """Charge a method. Raises ProcessorUnavailable, OutcomeUnknown, KeyReused."""

    async def confirm(self, processor_reference: str) -> ChargeResult:
        """Return the charge's result after the client has completed the action. Raises ProcessorUnavailable, OutcomeUnknown."""

    async def cancel(self, processor_reference: str) -> ChargeResult:
        """Cancel a charge that waits for its customer. FAILED: it can never succeed now; otherwise its result. Raises ProcessorUnavailable, OutcomeUnknown."""

    async def outcome(self, attempt: ChargeLookup, *, now: datetime) -> ChargeResult | None:
        """Return the result of a charge. None: it never arrived, and never will. Raises ProcessorUnavailable, and OutcomeUnknown while it may still be in transit."""

    async def refund(self, refund: RefundRequest) -> ChargeResult:
        """Refund a part or all of a charge. The result is the refund's own. Raises ProcessorUnavailable, OutcomeUnknown, KeyReused."""

    async def refund_outcome(self, refund: RefundLookup, *, now: datetime) -> ChargeResult | None:
        """Return the result of a refund. None: it never arrived, and never will. Raises ProcessorUnavailable, and OutcomeUnknown while it may still be in transit."""

    def read_event(self, headers: Mapping[str, str], body: bytes, *, now: datetime) -> ProcessorEvent:
        """Return the event of a delivery. Header names are lower case. Raises BadSignature."""

    async def close(self) -> None:
        """Close the connections."""


def configured(processors: Mapping[str, Processor], name: str) -> Processor:
    """Return the processor with this name. Raises ProcessorMissing."""
    if (processor := processors.get(name)) is None:
        raise ProcessorMissing(name)
    return processor
