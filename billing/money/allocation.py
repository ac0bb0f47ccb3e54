"""Allocation of money to debts. Debts become a flat list of items, each owed once; money is spread over them, the oldest first.

NONE              an installment without an invoice: its item has no invoice
PER_INSTALLMENT   an installment and its invoice are one item, so that they are paid at the same time and by the same amount
COLLECTIVE        an invoice has one item for each unpaid installment, so a payment of the invoice pays the installments and the reverse
no schedule       an invoice is one item
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date


@dataclass(frozen=True, slots=True)
class OpenInvoice:
    id: str
    due_on: date
    remaining_minor: int


@dataclass(frozen=True, slots=True)
class OpenInstallment:
    id: str
    invoice_id: str | None
    due_on: date
    remaining_minor: int


@dataclass(frozen=True, slots=True)
class Item:
    """A debt in one currency: of an invoice, an installment, or both at once."""

    invoice_id: str | None
    installment_id: str | None
    due_on: date
    remaining_minor: int


@dataclass(frozen=True, slots=True)
class AllocationPart:
    """Money for an item: it is added to the paid (or credited) amount of its invoice and of its installment."""

    invoice_id: str | None
    installment_id: str | None
    amount_minor: int


@dataclass(frozen=True, slots=True)
class Spread:
    """The parts, and the rest of the money after everything is paid, which goes to the customer's account."""

    parts: tuple[AllocationPart, ...]
    rest_minor: int

    @property
    def spent_minor(self) -> int:
        return sum(part.amount_minor for part in self.parts)


@dataclass(frozen=True, slots=True)
class Settlement:
    """The two sources of a payment: the customer's credit first, and the payment method for the rest."""

    by_credit: Spread
    by_charge: Spread

    @property
    def charged_minor(self) -> int:
        return self.by_charge.spent_minor + self.by_charge.rest_minor


def items_of(invoices: Iterable[OpenInvoice], installments: Iterable[OpenInstallment]) -> list[Item]:
    """Return all debts, the oldest first, each amount once. An installment with an invoice counts only if that invoice is in `invoices`."""
    of_invoice: dict[str | None, list[OpenInstallment]] = {}
    for installment in installments:
        of_invoice.setdefault(installment.invoice_id, []).append(installment)
    alone = [Item(None, one.id, one.due_on, one.remaining_minor) for one in of_invoice.get(None, [])]
    covered = [item for invoice in invoices for item in _items_of_invoice(invoice, of_invoice.get(invoice.id, []))]
    return sorted((item for item in alone + covered if item.remaining_minor > 0), key=_age)


def spread(amount_minor: int, items: Sequence[Item], *, target_id: str | None = None) -> Spread:
    """Spread money over items, the oldest first by due day, then by id. The invoice or installment with the id `target_id` comes before all others."""
    left = amount_minor
    parts = []
    for item in sorted(items, key=lambda item: (not _is_target(item, target_id), *_age(item))):
        paid = min(left, item.remaining_minor)
        if paid > 0:
            parts.append(AllocationPart(item.invoice_id, item.installment_id, paid))
            left -= paid
    return Spread(tuple(parts), left)


def allocate(amount_minor: int, credit_minor: int, items: Sequence[Item], *, target_id: str | None = None) -> Settlement:
    """Allocate an amount: as much as possible from the customer's balance, and the rest from the method. A balance below zero pays nothing.

    An amount beyond all items pays the debt on the account, which comes last: it has no due day and is never overdue.
    """
    usable = max(min(credit_minor, amount_minor, sum(item.remaining_minor for item in items)), 0)
    by_credit = spread(usable, items, target_id=target_id)
    by_charge = spread(amount_minor - usable, after(items, by_credit.parts), target_id=target_id)
    return Settlement(by_credit, by_charge)


def after(items: Sequence[Item], parts: Iterable[AllocationPart]) -> list[Item]:
    """Return the items that are still owed after these parts are paid."""
    paid = {(part.invoice_id, part.installment_id): part.amount_minor for part in parts}
    reduced = [replace(item, remaining_minor=item.remaining_minor - paid.get((item.invoice_id, item.installment_id), 0)) for item in items]
    return [item for item in reduced if item.remaining_minor > 0]


def _items_of_invoice(invoice: OpenInvoice, installments: list[OpenInstallment]) -> list[Item]:
    """Return the items of an invoice, together at most its remainder: its installments need not pay a credited amount. The part without an installment is an item of its own."""
    left = invoice.remaining_minor
    items = []
    for installment in sorted(installments, key=lambda one: (one.due_on, one.id)):
        owed = min(installment.remaining_minor, left)
        items.append(Item(invoice.id, installment.id, installment.due_on, owed))
        left -= owed
    return [*items, Item(invoice.id, None, invoice.due_on, left)]


def _is_target(item: Item, target_id: str | None) -> bool:
    return target_id is not None and target_id in (item.invoice_id, item.installment_id)


def _age(item: Item) -> tuple[date, str]:
    return item.due_on, item.installment_id or item.invoice_id or ""
