"""The lines of an invoice. Portico's are net, with the discount and the tax of each; Stripe's are as the price says, with or without tax in it."""

from collections.abc import Mapping
from decimal import Decimal

from imports.stripe.mapping.values import Line, Thing, instant, line, minor, percent

MAX_LINES, MAX_DESCRIPTION, MAX_QUANTITY = 500, 1_000, 1_000_000_000


def lines_of(invoice: Thing, tax_rates: Mapping[str, Thing]) -> list[Line] | None:
    """Return the lines; None if they do not add up to the invoice, or are too many."""
    things = invoice["lines"]["data"]
    lines = [_line(one, invoice["currency"], tax_rates) for one in things]
    total = sum(one["subtotal"] - one.get("discount", 0) + one.get("tax", 0) for one in lines)
    is_whole = bool(lines) and len(lines) <= MAX_LINES and total == minor(invoice["total"], invoice["currency"])
    return lines if is_whole and all(one.get("discount", 0) >= 0 for one in lines) else None


def _line(thing: Thing, currency: str, tax_rates: Mapping[str, Thing]) -> Line:
    taxes = thing.get("taxes") or []
    included = sum(tax["amount"] for tax in taxes if tax["tax_behavior"] == "inclusive")
    tax = sum(tax["amount"] for tax in taxes)
    discount = sum(one["amount"] for one in thing.get("discount_amounts") or [])
    net = thing["amount"] - included
    quantity, unit = _quantity(thing, net)
    period = thing.get("period") or {}
    has_period = period.get("end", 0) > period.get("start", 0)
    return line(
        description=(thing.get("description") or "–")[:MAX_DESCRIPTION],
        quantity=quantity,
        unitAmount=minor(unit, currency),
        discount=minor(discount, currency) or None,
        tax=minor(tax, currency) or None,
        taxRate=_rate(taxes, tax_rates),
        periodStartsAt=instant(period["start"]) if has_period else None,
        periodEndsAt=instant(period["end"]) if has_period else None,
    ) | {"subtotal": minor(net, currency)}


def _quantity(thing: Thing, net: int) -> tuple[int, int]:
    """Return quantity and unit amount; one unit of the whole where the product of both would not be the amount."""
    quantity = thing.get("quantity") or 1
    unit = Decimal(str(((thing.get("pricing") or {}).get("unit_amount_decimal")) or net))
    return (quantity, int(unit)) if unit == int(unit) and unit * quantity == net and quantity <= MAX_QUANTITY else (1, net)


def _rate(taxes: list[Thing], tax_rates: Mapping[str, Thing]) -> str | None:
    """Return the percentage, where there is one rate."""
    rates = {(tax.get("tax_rate_details") or {}).get("tax_rate") for tax in taxes}
    rate = tax_rates.get(rates.pop() or "") if len(rates) == 1 else None
    return percent(rate["percentage"]) if rate else None
