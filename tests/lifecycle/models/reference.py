"""A simple reference model of the subscription rules: exact fractions, one loop over the calendar, no database. It is written from the documentation and not from the code."""

from calendar import monthrange
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from fractions import Fraction
from math import floor
from typing import Any
from zoneinfo import ZoneInfo

ZONE = ZoneInfo("Europe/Zurich")
TAX = Fraction(81, 1000)

YES, TRIAL, OVERDUE, TWICE, FIRST, MINE, GONE, WRONG = (
    None, "PAUSE_IN_TRIAL", "OVERDUE_INVOICE", "ALREADY_SCHEDULED", "RESUME_FIRST", "NOT_YOURS_TO_RESUME", "CANCELED", "WRONG_STATE",
)  # fmt: skip
ACTIONS = ("PAUSE", "SUSPEND", "RESUME", "CANCEL", "CHANGE_PLAN", "APPLY_COUPON")
TABLE = {
    "SCHEDULED": (WRONG, WRONG, WRONG, YES, WRONG, YES),
    "TRIALING": (TRIAL, YES, WRONG, YES, YES, YES),
    "ACTIVE": (YES, YES, WRONG, YES, YES, YES),
    "overdue": (OVERDUE, YES, WRONG, YES, OVERDUE, YES),
    "PAUSE": (TWICE, YES, YES, YES, YES, YES),
    "CANCEL": (TWICE, YES, YES, YES, FIRST, FIRST),
    "PLAN": (YES, YES, YES, YES, YES, YES),
    "PAUSED": (YES, YES, YES, YES, FIRST, YES),
    "CUSTOMER": (FIRST, YES, YES, YES, FIRST, YES),
    "MERCHANT": (MINE, MINE, MINE, YES, MINE, MINE),
    "CANCELED": (GONE, GONE, GONE, YES, GONE, GONE),
}


@dataclass(frozen=True)
class Price:
    id: str
    plan: str
    minor: int
    interval: str
    count: int = 1
    is_inclusive: bool = False
    trial_days: int = 0

    @property
    def rhythm(self) -> tuple[str, int]:
        return self.interval, self.count

    def a_year(self, quantity: int) -> Fraction:
        return Fraction(self.minor * quantity, self.count) * {"DAY": 365, "WEEK": Fraction(365, 7), "MONTH": 12, "YEAR": 1}[self.interval]


@dataclass(frozen=True)
class Coupon:
    code: str
    percent: Fraction = Fraction(0)
    minor: int = 0
    periods: int | None = None


@dataclass
class Use:
    coupon: Coupon
    left: int | None
    until: datetime | None = None


@dataclass
class Bill:
    subscription: str
    reason: str
    starts_at: datetime
    ends_at: datetime
    total: int
    credited: int
    tax: int = 0


@dataclass
class Cover:
    """The amount of the running period, and its unpaid part."""

    starts_at: datetime
    ends_at: datetime
    total: int
    tax: int
    remaining: int


@dataclass
class BilledInvoice:
    """An invoice of the running period: its net and tax less its credit notes."""

    net: int
    tax: int

    def take(self, net: int, tax: int) -> tuple[int, int]:
        """Take at most the rest, and return what was taken."""
        taken = min(net, self.net), min(tax, self.tax)
        self.net, self.tax = self.net - taken[0], self.tax - taken[1]
        return taken


@dataclass
class Sub:
    id: str
    price: Price
    quantity: int
    started_at: datetime
    anchor: datetime
    trial_ends_at: datetime | None = None
    status: str = "SCHEDULED"
    starts_at: datetime | None = None
    ends_at: datetime | None = None
    holds: set[str] = field(default_factory=set)
    pending: str | None = None
    pending_at: datetime | None = None
    pending_price: Price | None = None
    pending_quantity: int | None = None
    pending_resumes_at: datetime | None = None
    resumes_at: datetime | None = None
    was_paused: bool = False
    use: Use | None = None
    cover: Cover | None = None
    # The newest first, back to the invoice that began the period.
    papers: list[BilledInvoice] = field(default_factory=list)

    @property
    def renews_at(self) -> datetime | None:
        if self.status == "SCHEDULED":
            return self.trial_ends_at or self.started_at
        return self.ends_at if self.status in ("TRIALING", "ACTIVE") and self.pending not in ("PAUSE", "CANCEL") else None

    @property
    def due_at(self) -> datetime | None:
        by_status = {"SCHEDULED": self.started_at, "PAUSED": self.resumes_at, "SUSPENDED": self.pending_at, "CANCELED": None}
        if self.status in by_status:
            return by_status[self.status]
        return min((at for at in (self.pending_at, self.renews_at) if at), default=None)

    def is_running(self, now: datetime) -> bool:
        return self.ends_at is not None and self.ends_at > now

    def clear(self) -> None:
        self.pending = self.pending_at = self.pending_price = self.pending_quantity = self.pending_resumes_at = None


class Refusal(Exception):
    """A refusal with its code."""


def half_up(amount: Fraction) -> int:
    return floor(amount + Fraction(1, 2))


def amounts_of(price: Price, quantity: int, part: Fraction, coupon: Coupon | None) -> tuple[int, int]:
    """Return net and tax."""
    minor = half_up(price.minor * quantity * part)
    off = min(half_up(minor * coupon.percent) if coupon.percent else half_up(coupon.minor * part), minor) if coupon else 0
    tax = half_up((minor - off) * (TAX / (1 + TAX) if price.is_inclusive else TAX))
    return minor - off - (tax if price.is_inclusive else 0), tax


def total_of(price: Price, quantity: int, part: Fraction, coupon: Coupon | None) -> int:
    return sum(amounts_of(price, quantity, part, coupon))


def line_of(paid: tuple[int, int], charged: tuple[int, int]) -> tuple[int, int]:
    """Return the net and tax of the line for paid unused time on the new invoice: as much as possible at one tax rate, or nothing."""
    if sum(paid) <= sum(charged):
        return paid if paid[0] <= charged[0] and paid[1] <= charged[1] else (0, 0)
    is_same_rate = abs(half_up(Fraction(paid[1] * sum(charged), sum(paid))) - charged[1]) <= 2
    return charged if is_same_rate and charged[0] <= paid[0] and charged[1] <= paid[1] else (0, 0)


def boundary(anchor: datetime, price: Price, number: int) -> datetime:
    wall = anchor.astimezone(ZONE)
    if price.interval in ("DAY", "WEEK"):
        day = wall.date() + timedelta(days={"DAY": 1, "WEEK": 7}[price.interval] * price.count * number)
    else:
        months = wall.year * 12 + wall.month - 1 + {"MONTH": 1, "YEAR": 12}[price.interval] * price.count * number
        year, month = divmod(months, 12)
        day = wall.date().replace(day=1, year=year, month=month + 1)
        day = day.replace(day=min(wall.day, monthrange(year, month + 1)[1]))
    return datetime.combine(day, wall.time(), ZONE).astimezone(UTC) if number else anchor


def days_later(at: datetime, days: int) -> datetime:
    """Add calendar days at the same local time."""
    wall = at.astimezone(ZONE)
    return datetime.combine(wall.date() + timedelta(days=days), wall.time(), ZONE).astimezone(UTC)


def next_boundary(anchor: datetime, price: Price, at: datetime) -> datetime:
    number = 0
    if price.interval in ("DAY", "WEEK"):
        number = max((at - anchor).days // ({"DAY": 1, "WEEK": 7}[price.interval] * price.count) - 2, 0)
    while boundary(anchor, price, number) <= at:
        number += 1
    return boundary(anchor, price, number)


def seconds(one: datetime, other: datetime) -> int:
    return (other - one) // timedelta(seconds=1)


class World:
    """The model of one customer: subscriptions, credit, a card, and the bills since the last comparison."""

    def __init__(self, now: datetime) -> None:
        self.now = now
        self.subs: dict[str, Sub] = {}
        self.balance = 0
        # Net and tax of all credit notes.
        self.noted = (0, 0)
        self.card = "visa"
        self.redeemed: set[str] = set()
        self.bills: list[Bill] = []
        # Plans that subscriptions have had or are ordered to have, and the plans of all trials that were ordered and not canceled before they began.
        self.had: list[tuple[str, Sub]] = []
        self.trials: list[str] = []
        # The warnings of the last change of plan about unused time.
        self.warnings: set[str] = set()

    def row_of(self, sub: Sub, *, is_overdue: bool) -> str:
        if sub.status == "SUSPENDED":
            return "MERCHANT" if "MERCHANT" in sub.holds else "CUSTOMER"
        if sub.pending and sub.status in ("ACTIVE", "TRIALING"):
            return sub.pending
        return "overdue" if sub.status == "ACTIVE" and is_overdue else sub.status

    def reasons(self, sub: Sub, *, is_overdue: bool) -> dict[str, str | None]:
        row = self.row_of(sub, is_overdue=is_overdue)
        reasons = dict(zip(ACTIONS, TABLE[row], strict=True))
        # A pending pause or change of plan allows no further actions while an invoice is overdue or during a trial.
        if is_overdue and row in ("PAUSE", "PLAN") and sub.status == "ACTIVE":
            reasons["CHANGE_PLAN"] = OVERDUE
        if row == "PLAN":
            reasons["PAUSE"] = TRIAL if sub.status == "TRIALING" else OVERDUE if is_overdue else YES
        reasons["UPDATE_QUANTITY"] = reasons["CHANGE_PLAN"]
        reasons["REMOVE_COUPON"] = reasons["APPLY_COUPON"] or (YES if sub.use else WRONG)
        reasons["APPLY_COUPON"] = reasons["APPLY_COUPON"] or ("COUPON_ALREADY_APPLIED" if sub.use and sub.use.left != 0 else YES)
        reasons["WITHDRAW_PENDING_CHANGE"] = YES if row in ("PAUSE", "CANCEL", "PLAN") else reasons["RESUME"] or WRONG
        return reasons

    def renewal_of(self, sub: Sub) -> int:
        price, quantity = (sub.pending_price, sub.pending_quantity) if sub.pending == "PLAN" else (sub.price, sub.quantity)
        assert price
        assert quantity
        return total_of(price, quantity, Fraction(1), sub.use.coupon if sub.use and sub.use.left != 0 else None)

    # Bills.

    def use_up(self, sub: Sub, ends_at: datetime) -> tuple[Use | None, Coupon | None]:
        """Return the use of the coupon after a bill for a period that ends at this instant, and the coupon if it applies to it."""
        use = sub.use
        if use is None or use.until == ends_at:
            return use, use and use.coupon
        if use.left == 0:
            return None, None
        return Use(use.coupon, None if use.left is None else use.left - 1, ends_at), use.coupon

    def pay(self, due: int) -> None:
        """Charge the card in a request of the customer."""
        if due and self.card != "visa":
            raise Refusal({"none": "PAYMENT_METHOD_REQUIRED", "unavailable": "PAYMENT_UNAVAILABLE"}.get(self.card, "PAYMENT_DECLINED"))

    def new_period(self, sub: Sub, starts_at: datetime, reason: str, *, is_waiting: bool) -> None:
        ends_at = next_boundary(sub.anchor, sub.price, starts_at)
        use, coupon = self.use_up(sub, ends_at)
        net, tax = amounts_of(sub.price, sub.quantity, Fraction(1), coupon)
        total = net + tax
        credited = min(self.balance, total)
        if is_waiting:
            self.pay(total - credited)
        self.balance -= credited
        self.bills.append(Bill(sub.id, reason, starts_at, ends_at, total, credited, tax))
        sub.use, sub.status, sub.starts_at, sub.ends_at = use, "ACTIVE", starts_at, ends_at
        sub.cover = Cover(starts_at, ends_at, total, tax, 0 if is_waiting else total - credited)
        sub.papers = [BilledInvoice(net, tax)]

    # The clock.

    def catch_up(self, sub: Sub) -> None:
        while sub.due_at is not None and sub.due_at <= self.now:
            self.step(sub, sub.due_at)

    def step(self, sub: Sub, at: datetime) -> None:
        if sub.status == "SCHEDULED":
            self.begin(sub, is_waiting=False)
        elif sub.status == "PAUSED":
            try:
                self.go_on(sub, is_waiting=True)
            except Refusal as no:
                sub.resumes_at = self.now + timedelta(hours=1) if str(no) == "PAYMENT_UNAVAILABLE" else None
        elif sub.pending_at and sub.pending_at <= at:
            self.apply_pending(sub, sub.pending_at)
        else:
            self.new_period(sub, at, "FIRST" if sub.status == "TRIALING" else "RENEWAL", is_waiting=False)

    def apply_pending(self, sub: Sub, at: datetime) -> None:
        kind, price, quantity, resumes_at = sub.pending, sub.pending_price, sub.pending_quantity, sub.pending_resumes_at
        sub.clear()
        if kind == "CANCEL":
            self.end(sub)
        elif kind == "PAUSE":
            sub.status, sub.resumes_at, sub.was_paused = "PAUSED", resumes_at, True
        else:
            assert price
            assert quantity
            if price.rhythm != sub.price.rhythm:
                sub.anchor = at
            sub.price, sub.quantity = price, quantity
            self.take(sub)
            if sub.status != "SUSPENDED":
                self.new_period(sub, at, "FIRST" if sub.status == "TRIALING" else "RENEWAL", is_waiting=False)

    def begin(self, sub: Sub, *, is_waiting: bool) -> None:
        if sub.trial_ends_at:
            sub.status, sub.starts_at, sub.ends_at = "TRIALING", sub.started_at, sub.trial_ends_at
        else:
            self.new_period(sub, sub.started_at, "FIRST", is_waiting=is_waiting)

    def go_on(self, sub: Sub, *, is_waiting: bool) -> None:
        if sub.is_running(self.now):
            sub.status = "TRIALING" if sub.trial_ends_at and sub.trial_ends_at > self.now else "ACTIVE"
        else:
            before, sub.anchor = sub.anchor, self.now
            try:
                self.new_period(sub, self.now, "RENEWAL", is_waiting=is_waiting)
            except Refusal:
                sub.anchor = before
                raise
        sub.holds, sub.resumes_at, sub.was_paused = set(), None, False

    def take(self, sub: Sub) -> None:
        self.had.append((sub.price.plan, sub))

    def end(self, sub: Sub) -> None:
        if sub.status == "SCHEDULED":
            self.had = [(plan, owner) for plan, owner in self.had if owner is not sub]
            if sub.trial_ends_at:
                self.trials.remove(sub.price.plan)
            if sub.use and sub.use.until is None:
                self.redeemed.discard(sub.use.coupon.code)
                sub.use = None
        sub.clear()
        sub.status, sub.holds, sub.resumes_at = "CANCELED", set(), None

    # Mutations. A refusal raises No and changes nothing.

    def add(self, sub_id: str, price: Price, quantity: int, coupon: Coupon | None, starts_in: timedelta | None) -> None:
        if coupon and coupon.code in self.redeemed:
            raise Refusal("COUPON_INVALID")
        lasting = coupon if coupon and coupon.periods is None else None
        if self.card == "none" and total_of(price, quantity, Fraction(1), lasting):
            raise Refusal("PAYMENT_METHOD_REQUIRED")
        starts_at = self.now + (starts_in or timedelta(0))
        has_trial = price.trial_days > 0 and all(plan != price.plan for plan, _ in self.had)
        trial_ends_at = days_later(starts_at, price.trial_days) if has_trial else None
        sub = Sub(sub_id, price, quantity, starts_at, trial_ends_at or starts_at, trial_ends_at, use=Use(coupon, coupon.periods) if coupon else None)
        if starts_in is None:
            self.begin(sub, is_waiting=True)
        if coupon:
            self.redeemed.add(coupon.code)
        self.subs[sub_id] = sub
        self.take(sub)
        if has_trial:
            self.trials.append(price.plan)

    def pause(self, sub: Sub, when: str, resumes_at: datetime | None) -> None:
        if sub.status == "PAUSED":
            return
        at = sub.ends_at if when == "PERIOD_END" else self.now
        assert at
        if resumes_at and not at < resumes_at <= at + timedelta(days=366):
            raise Refusal("INVALID_VALUE")
        sub.clear()
        if when == "NOW":
            sub.status, sub.resumes_at, sub.was_paused = "PAUSED", resumes_at, True
        else:
            sub.pending, sub.pending_at, sub.pending_resumes_at = "PAUSE", at, resumes_at

    def hold(self, sub: Sub, by: str) -> None:
        if by == "MERCHANT" and sub.status in ("CANCELED", "SCHEDULED"):
            raise Refusal({"CANCELED": "CANCELED", "SCHEDULED": "WRONG_STATE"}[sub.status])
        if sub.pending == "PAUSE":
            sub.clear()
        sub.holds.add(by)
        # The end of the pause is stored, and has no effect before the suspension ends.
        sub.status = "SUSPENDED"

    def release(self, sub: Sub) -> None:
        if "MERCHANT" not in sub.holds:
            raise Refusal("WRONG_STATE")
        if sub.holds == {"MERCHANT"} and sub.was_paused and not sub.pending:
            sub.holds, sub.status = set(), "PAUSED"
        elif sub.holds == {"MERCHANT"}:
            self.go_on(sub, is_waiting=False)
        else:
            sub.holds.remove("MERCHANT")

    def resume(self, sub: Sub) -> None:
        if sub.status in ("PAUSED", "SUSPENDED"):
            self.go_on(sub, is_waiting=True)
        else:
            sub.clear()

    def cancel(self, sub: Sub, when: str) -> None:
        if sub.status == "CANCELED" or (sub.pending == "CANCEL" and when == "PERIOD_END"):
            return
        if when == "NOW" or sub.status in ("SCHEDULED", "PAUSED") or not sub.is_running(self.now):
            self.end(sub)
        else:
            sub.clear()
            sub.pending, sub.pending_at = "CANCEL", sub.ends_at

    def change(self, sub: Sub, price: Price, quantity: int, when: str) -> None:
        if (price, quantity) == (sub.price, sub.quantity):
            raise Refusal("NO_CHANGE")
        self.warnings = set()
        is_other_rhythm = price.rhythm != sub.price.rhythm
        is_upgrade = price.a_year(quantity) >= sub.price.a_year(sub.quantity)
        if when == "PERIOD_END" or (when == "POLICY" and sub.status == "ACTIVE" and not is_other_rhythm and not is_upgrade):
            sub.clear()
            sub.pending, sub.pending_at, sub.pending_price, sub.pending_quantity = "PLAN", sub.ends_at, price, quantity
        elif sub.status == "TRIALING":
            sub.clear()
            sub.price, sub.quantity = price, quantity
            self.take(sub)
        else:
            self.change_now(sub, price, quantity, is_other_rhythm=is_other_rhythm)

    def change_now(self, sub: Sub, price: Price, quantity: int, *, is_other_rhythm: bool) -> None:
        assert sub.starts_at
        assert sub.ends_at
        ends_at = next_boundary(self.now, price, self.now) if is_other_rhythm else sub.ends_at
        part = Fraction(1) if is_other_rhythm else Fraction(seconds(self.now, ends_at), seconds(sub.starts_at, sub.ends_at))
        use, coupon = self.use_up(sub, ends_at)
        charged = amounts_of(price, quantity, part, coupon)
        unused, released = self.unused(sub)
        paid = unused[0] - released[0], unused[1] - released[1]
        line = line_of(paid, charged)
        rest, granted = sum(unused) - sum(line), sum(paid) - sum(line)
        total = sum(charged) - sum(line)
        if sum(unused) and is_other_rhythm:
            self.warnings.add("PERIOD_ENDS_NOW")
        if rest:
            self.warnings.add("CREDIT_EXCEEDS_LINE")
        credited = min(self.balance + granted, total)
        self.pay(total - credited)
        self.balance += granted - credited
        self.note(sub, unused[0] - line[0], unused[1] - line[1])
        self.bills.append(Bill(sub.id, "PLAN_CHANGE", self.now, ends_at, total, credited, charged[1] - line[1]))
        sub.clear()
        sub.price, sub.quantity, sub.use = price, quantity, use
        self.take(sub)
        sub.cover = Cover(self.now, ends_at, sum(charged), charged[1], 0)
        sub.papers.insert(0, BilledInvoice(charged[0] - line[0], charged[1] - line[1]))
        if is_other_rhythm:
            sub.anchor, sub.starts_at, sub.ends_at = self.now, self.now, ends_at

    def unused(self, sub: Sub) -> tuple[tuple[int, int], tuple[int, int]]:
        """Return net and tax of the unused time, and net and tax of its unpaid part, which is open on the newest invoice."""
        cover = sub.cover
        if cover is None or cover.ends_at != sub.ends_at:
            return (0, 0), (0, 0)
        left = Fraction(seconds(max(self.now, cover.starts_at), cover.ends_at), max(seconds(cover.starts_at, cover.ends_at), 1))
        total, tax = half_up(cover.total * left), half_up(cover.tax * left)
        tax = max(tax, total - (cover.total - cover.tax))
        newest = BilledInvoice(sub.papers[0].net, sub.papers[0].tax).take(total - tax, tax)
        released = min(sum(newest), cover.remaining)
        released_tax = half_up(Fraction(newest[1] * released, sum(newest))) if released else 0
        return (total - tax, tax), (released - released_tax, released_tax)

    def note(self, sub: Sub, net: int, tax: int) -> None:
        """Write credit notes, on the newest invoice first."""
        self.noted = self.noted[0] + net, self.noted[1] + tax
        for paper in sub.papers:
            taken = paper.take(net, tax)
            net, tax = net - taken[0], tax - taken[1]
        assert (net, tax) == (0, 0), "more is given back than was asked for"

    def apply_coupon(self, sub: Sub, coupon: Coupon) -> None:
        if coupon.code in self.redeemed:
            raise Refusal("COUPON_INVALID")
        self.redeemed.add(coupon.code)
        sub.use = Use(coupon, coupon.periods)

    def remove_coupon(self, sub: Sub) -> None:
        assert sub.use
        if sub.use.until is None:
            self.redeemed.discard(sub.use.coupon.code)
        sub.use = None

    def seen(self, sub: Sub) -> dict[str, Any]:
        """Return the values to compare with a row of the database."""
        return {
            "status": sub.status,
            "price_id": sub.price.id,
            "quantity": sub.quantity,
            "holds": sorted(sub.holds),
            "period_starts_at": sub.starts_at,
            "period_ends_at": sub.ends_at,
            "renews_at": sub.renews_at,
            "pending_kind": sub.pending,
            "pending_at": sub.pending_at,
            "pending_price_id": sub.pending_price and sub.pending_price.id,
            "pending_quantity": sub.pending_quantity,
            "pending_resumes_at": sub.pending_resumes_at,
            "resumes_at": sub.resumes_at,
            "trial_ends_at": sub.trial_ends_at,
            "charging_payment_id": None,
        } | ({"renewal_minor": self.renewal_of(sub)} if sub.renews_at or sub.status == "PAUSED" else {})
