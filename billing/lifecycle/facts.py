"""Input and output of the lifecycle's rules. They are pure: facts in, a decision out; `now` is part of the facts."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from enum import StrEnum
from zoneinfo import ZoneInfo

from billing.money.charges import Line
from billing.money.notes import IssuedCreditNote
from billing.periods import BillingPeriod, Cycle
from billing.rows.contracts import BillingAccount, Contract, Cover, Offer
from billing.states import SubscriptionEventKind


class When(StrEnum):
    """When a pause or a cancellation takes effect."""

    PERIOD_END = "PERIOD_END"
    NOW = "NOW"


class ChangeWhen(StrEnum):
    """When a change of plan takes effect. POLICY: upgrades now, downgrades at the period's end."""

    POLICY = "POLICY"
    NOW = "NOW"
    PERIOD_END = "PERIOD_END"


class Warning(StrEnum):
    """A consequence that the customer should know before they confirm."""

    REPLACES_PENDING_PAUSE = "REPLACES_PENDING_PAUSE"
    REPLACES_PENDING_CANCEL = "REPLACES_PENDING_CANCEL"
    REPLACES_PENDING_PLAN = "REPLACES_PENDING_PLAN"
    OPEN_INVOICES_STAY_DUE = "OPEN_INVOICES_STAY_DUE"
    NO_REFUND = "NO_REFUND"
    COUPON_ENDS = "COUPON_ENDS"
    PERIOD_ENDS_NOW = "PERIOD_ENDS_NOW"
    CREDIT_EXCEEDS_LINE = "CREDIT_EXCEEDS_LINE"
    RESUMES_AFTER_SUSPENSION = "RESUMES_AFTER_SUSPENSION"
    PAYMENT_BECOMES_CREDIT = "PAYMENT_BECOMES_CREDIT"


class ResumedFrom(StrEnum):
    """The state that a resume ended."""

    PAUSED = "PAUSED"
    SUSPENDED = "SUSPENDED"
    PENDING_PAUSE = "PENDING_PAUSE"
    PENDING_CANCEL = "PENDING_CANCEL"
    PENDING_PLAN = "PENDING_PLAN"


@dataclass(frozen=True, slots=True)
class Terms:
    """The offer and the quantity that are paid for every period."""

    offer: Offer
    quantity: int

    @property
    def name(self) -> str:
        return self.offer.plan_name if self.quantity == 1 else f"{self.offer.plan_name} × {self.quantity}"

    @property
    def price_minor(self) -> int:
        return self.offer.unit_minor * self.quantity


@dataclass(frozen=True, slots=True)
class SubscriptionFacts:
    """A subscription, the customer's account, the offers that they name by the id of the price, and the time."""

    contract: Contract
    account: BillingAccount
    offers: Mapping[str, Offer]
    now: datetime
    # The invoices of the running period, the newest first. Read only for a change of plan.
    covers: tuple[Cover, ...] = ()

    @property
    def offer(self) -> Offer:
        """Return the offer that the contract pays for now."""
        return self.offers[self.contract.price_id]

    @property
    def terms(self) -> Terms:
        return Terms(self.offer, self.contract.quantity)

    @property
    def coming_terms(self) -> Terms:
        """Return the terms from the next renewal on, with the pending change."""
        contract = self.contract
        return self.renewed(Terms(self.offers[contract.pending_price_id or contract.price_id], contract.pending_quantity or contract.quantity))

    def renewed(self, terms: Terms) -> Terms:
        """Return the terms of a period that is yet to begin: at the price to which the merchant moves subscriptions, if there is one. The first period of an order costs
        what was ordered. (`renewal_of` is the same in SQL.)"""
        present = self.offers.get(terms.offer.moves_to or "")
        return Terms(present, terms.quantity) if present and not never_began(self.contract) else terms

    @property
    def at_present_price(self) -> "SubscriptionFacts":
        """Return the facts for a new period: the contract pays the price to which the merchant has moved it."""
        offer = self.renewed(self.terms).offer
        return replace(self, contract=replace(self.contract, price_id=offer.price_id, plan_id=offer.plan_id))

    @property
    def is_price_move(self) -> bool:
        """Return whether the pending change is the merchant's move to another price, and nothing else."""
        contract = self.contract
        return contract.pending_price_id is not None and (contract.pending_price_id, contract.pending_quantity) == (self.offer.moves_to, contract.quantity)

    @property
    def today_on(self) -> date:
        return self.now.astimezone(ZoneInfo(self.account.time_zone)).date()


@dataclass(frozen=True, slots=True)
class LifecycleEvent:
    kind: SubscriptionEventKind
    note: str = ""


@dataclass(frozen=True, slots=True)
class InvoiceDraft:
    """An invoice to be issued. The customer's credit pays `credited_minor` of it. `is_waiting`: a caller waits, and the decision takes effect only after the rest was charged."""

    reason: str
    period: BillingPeriod
    lines: tuple[Line, ...]
    due_on: date
    is_waiting: bool
    credited_minor: int = 0

    @property
    def total_minor(self) -> int:
        return sum(line.amounts.total_minor for line in self.lines)

    @property
    def remaining_minor(self) -> int:
        return self.total_minor - self.credited_minor


@dataclass(frozen=True, slots=True)
class Redemption:
    """The next state of a running coupon, or a new one if `id` is None. `is_withdrawn`: it was never used and counts as never redeemed."""

    id: str | None
    coupon_id: str
    periods_left: int | None
    used_until: datetime | None
    is_ended: bool = False
    is_withdrawn: bool = False


@dataclass(frozen=True, slots=True)
class Decision:
    """The changes to write. Credit notes release the open part of their invoices, and grant the paid part as credit."""

    contract: Contract
    events: tuple[LifecycleEvent, ...] = ()
    bill: InvoiceDraft | None = None
    notes: tuple[IssuedCreditNote, ...] = ()
    redemptions: tuple[Redemption, ...] = ()
    resumed_from: ResumedFrom | None = None
    warnings: tuple[Warning, ...] = field(default=())
    effective_at: datetime | None = None
    # Of an order, the subscriptions that the customer has had or ordered before.
    ordered_before: int | None = None

    @property
    def released_minor(self) -> int:
        return sum(note.released_minor for note in self.notes)

    @property
    def granted_minor(self) -> int:
        return sum(note.granted_minor for note in self.notes)

    @property
    def reserved_minor(self) -> int:
        """Return the part of the customer's existing credit that the bill uses. Credit that is granted together with the bill is used first."""
        return max(self.bill.credited_minor - self.granted_minor, 0) if self.bill else 0

    @property
    def due_minor(self) -> int:
        """Return the amount that must be paid before the decision takes effect, after credit is used."""
        return self.bill.remaining_minor if self.bill and self.bill.is_waiting else 0


def unchanged(facts: SubscriptionFacts) -> Decision:
    """Return the decision of a repeated request: nothing to write."""
    return Decision(facts.contract, effective_at=facts.now)


def cycle_of(contract: Contract, offer: Offer) -> Cycle:
    return Cycle(contract.anchor_at, contract.billing_zone, offer.billing_interval, offer.interval_count)


def never_began(contract: Contract) -> bool:
    """Return whether the subscription was only ordered: neither a trial nor a period has begun."""
    return contract.period_starts_at is None


def is_running(contract: Contract, now: datetime) -> bool:
    """Return whether the paid period or the trial is not over."""
    return contract.period_ends_at is not None and contract.period_ends_at > now
