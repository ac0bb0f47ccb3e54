"""The invoice that staff write: its lines, tax, due day, and the part that the customer's credit pays."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

from billing.invoicing.checks import check_size
from billing.lifecycle.bills import DAYS_TO_PAY
from billing.money.charges import Amounts, amounts_of
from billing.money.dunning import HOUR
from billing.refusals import ErrorCode, Refused
from billing.rows.money.invoicing import InvoiceBuyer
from billing.states import CollectionMethod, TaxBehavior

MAX_LINES = 200
MAX_QUANTITY = 1_000_000


@dataclass(frozen=True, slots=True)
class OrderedLine:
    """A line to be invoiced. `unit_minor` is without tax. Without a rate the customer's applies."""

    description: str
    quantity: int
    unit_minor: int
    tax_rate_ppm: int | None = None


@dataclass(frozen=True, slots=True)
class OrderedInvoice:
    """An invoice as staff send it. Without a due day it is due after DAYS_TO_PAY. `is_backdated`: the due day may be in the past."""

    currency: str
    lines: tuple[OrderedLine, ...]
    due_on: date | None
    memo: str | None
    collection: CollectionMethod
    is_backdated: bool = False


@dataclass(frozen=True, slots=True)
class WrittenLine:
    description: str
    quantity: int
    unit_minor: int
    tax_rate_ppm: int
    amounts: Amounts


@dataclass(frozen=True, slots=True)
class WrittenInvoice:
    """The invoice to be issued. The customer's credit pays `credited_minor` of it. `collect_at` is when the billing clock charges it, None for never."""

    currency: str
    lines: tuple[WrittenLine, ...]
    due_on: date
    memo: str | None
    collection: CollectionMethod
    credited_minor: int
    collect_at: datetime | None

    @property
    def subtotal_minor(self) -> int:
        return sum(line.amounts.subtotal_minor for line in self.lines)

    @property
    def tax_minor(self) -> int:
        return sum(line.amounts.tax_minor for line in self.lines)

    @property
    def total_minor(self) -> int:
        return self.subtotal_minor + self.tax_minor

    @property
    def remaining_minor(self) -> int:
        return self.total_minor - self.credited_minor


def written(order: OrderedInvoice, buyer: InvoiceBuyer, *, now: datetime) -> WrittenInvoice:
    """Return the invoice to be issued now. Raises Refused."""
    if not 1 <= len(order.lines) <= MAX_LINES:
        raise Refused(ErrorCode.INVALID_VALUE, f"An invoice has 1 to {MAX_LINES} lines.", "lines")
    if not buyer.is_known_currency:
        raise Refused(ErrorCode.CURRENCY_MISMATCH, f"The customer pays in {buyer.currency}, and has nothing in {order.currency}.", "lines.0.unitAmount")
    lines = tuple(_line(line, buyer, f"lines.{place}") for place, line in enumerate(order.lines))
    total = sum(line.amounts.total_minor for line in lines)
    check_size(total, "lines")
    due_on = _due_on(order, buyer, now)
    credited = min(max(buyer.credit_minor, 0), total)
    is_charged = order.collection is CollectionMethod.AUTOMATIC and credited < total
    return WrittenInvoice(order.currency, lines, due_on, order.memo, order.collection, credited, _collect_at(due_on, buyer, now) if is_charged else None)


def one_currency(currencies: Sequence[str]) -> str:
    """Return the currency of all lines. Raises Refused for lines of different currencies, and without a line."""
    if not currencies:
        raise Refused(ErrorCode.INVALID_VALUE, f"An invoice has 1 to {MAX_LINES} lines.", "lines")
    for place, currency in enumerate(currencies):
        if currency != currencies[0]:
            raise Refused(ErrorCode.CURRENCY_MISMATCH, f"All lines must be in one currency: the first is in {currencies[0]}.", f"lines.{place}.unitAmount")
    return currencies[0]


def today_of(buyer: InvoiceBuyer, now: datetime) -> date:
    return now.astimezone(ZoneInfo(buyer.time_zone)).date()


def _line(line: OrderedLine, buyer: InvoiceBuyer, field: str) -> WrittenLine:
    if not 1 <= line.quantity <= MAX_QUANTITY:
        raise Refused(ErrorCode.INVALID_VALUE, f"A quantity is 1 to {MAX_QUANTITY}.", f"{field}.quantity")
    if buyer.tax_exemption and line.tax_rate_ppm:
        raise Refused(ErrorCode.INVALID_VALUE, "The customer is exempt from tax: leave the rate out.", f"{field}.taxRate")
    rate = buyer.tax_rate_ppm if line.tax_rate_ppm is None else line.tax_rate_ppm
    price = line.unit_minor * line.quantity
    check_size(price, f"{field}.unitAmount")
    amounts = amounts_of(price, 0, rate_ppm=rate, behavior=TaxBehavior.EXCLUSIVE)
    check_size(amounts.total_minor, f"{field}.unitAmount")
    return WrittenLine(line.description, line.quantity, line.unit_minor, rate, amounts)


def _due_on(order: OrderedInvoice, buyer: InvoiceBuyer, now: datetime) -> date:
    today = today_of(buyer, now)
    if order.due_on is None:
        return today + timedelta(days=DAYS_TO_PAY)
    if order.due_on < today and not order.is_backdated:
        raise Refused(ErrorCode.INVALID_VALUE, f"The due day is in the past: today is {today.isoformat()}. Send `backdated: true` if it is meant.", "dueOn")
    return order.due_on


def _collect_at(due_on: date, buyer: InvoiceBuyer, now: datetime) -> datetime:
    """Return when the invoice is charged: on its due day at the hour of retries, and at once if that is past."""
    return max(datetime.combine(due_on, HOUR, ZoneInfo(buyer.time_zone)).astimezone(UTC), now)
