"""Charges that paid invoices, what went back of them, and the credit that is left."""

from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from imports.stripe.mapping.account import Bundle
from imports.stripe.mapping.invoices import without_counterpart
from imports.stripe.mapping.notes import Paid, granted, note_without_counterpart
from imports.stripe.mapping.reasons import Skipped, SkipReason
from imports.stripe.mapping.values import Line, Thing, instant, line, metadata, minor, reference
from payments.stripe_answers import details_of

REFUND_REASONS = {"duplicate": "DUPLICATE", "fraudulent": "FRAUDULENT"}


@dataclass(slots=True)
class TakenCharge:
    """A charge with the amounts that it paid of invoices, in Stripe's units, and what was left of it and became credit."""

    charge: Thing
    parts: list[tuple[str, int]] = field(default_factory=list)
    over: int = 0


def charges_of(bundle: Bundle, skipped: Skipped) -> list[TakenCharge]:
    """Return the charges that paid invoices."""
    parts = _parts(bundle)
    taken: list[TakenCharge] = []
    for charge in bundle.charges:
        if not charge["paid"] or charge["status"] != "succeeded":
            skipped.skip(charge, SkipReason.PAYMENT_FAILED, str(charge.get("failure_code") or charge["status"]))
        elif not charge["captured"]:
            skipped.skip(charge, SkipReason.PAYMENT_NOT_CAPTURED)
        elif some := parts.get(reference(charge.get("payment_intent")) or "") or parts.get(charge["id"]):
            if charge.get("disputed"):
                skipped.adapt(charge, SkipReason.DISPUTE_LEFT_OUT)
            taken.append(TakenCharge(charge, [(invoice, amount) for invoice, amount, _ in some], sum(over for _, _, over in some)))
        else:
            skipped.skip(charge, SkipReason.PAYMENT_WITHOUT_INVOICE)
    return taken


def _parts(bundle: Bundle) -> dict[str, list[tuple[str, int, int]]]:
    """Return for each payment intent, or charge without one, what it paid of which invoice, and how much more than was open."""
    parts: dict[str, list[tuple[str, int, int]]] = defaultdict(list)
    for invoice in bundle.invoices:
        if without_counterpart(invoice):
            continue
        over = invoice.get("amount_overpaid") or 0
        for one in sorted((invoice.get("payments") or {"data": []})["data"], key=lambda payment: (-payment["created"], payment["id"])):
            source = one["payment"]
            name = reference(source.get("payment_intent")) or reference(source.get("charge"))
            if one["status"] == "paid" and name and one["amount_paid"]:
                more = min(over, one["amount_paid"])
                over -= more
                parts[name].append((invoice["id"], one["amount_paid"] - more, more))
    return parts


def paid_by(charges: Iterable[TakenCharge]) -> Paid:
    taken: dict[str, int] = defaultdict(int)
    refunds: dict[str, list[tuple[Thing, int]]] = defaultdict(list)
    for one in charges:
        for invoice, amount in one.parts:
            taken[invoice] += amount
        for refund, parts in _returned(one):
            for name, amount in parts:
                if name is not None:
                    refunds[name].append((refund, amount))
    return Paid(taken, refunds)


def _returned(taken: TakenCharge) -> Iterator[tuple[Thing, list[tuple[str | None, int]]]]:
    """Return the refunds that succeeded, oldest first, each with what it took from which invoice; None is the credit of an overpayment."""
    names: list[str | None] = [*(invoice for invoice, _ in taken.parts), None]
    left = [*(amount for _, amount in taken.parts), taken.over]
    for refund in sorted(taken.charge["refunds"]["data"], key=lambda one: (one["created"], one["id"])):
        if refund["status"] != "succeeded":
            continue
        rest, parts = refund["amount"], []
        for place, name in enumerate(names):
            some = min(rest, left[place])
            left[place], rest = left[place] - some, rest - some
            if some:
                parts.append((name, some))
        yield refund, parts


def payment_lines(charges: Iterable[TakenCharge], customer: str, methods: Iterable[str], skipped: Skipped) -> Iterator[Line]:
    taken_methods = frozenset(methods)
    for one in charges:
        charge, currency = one.charge, one.charge["currency"]
        amount = sum(part for _, part in one.parts) + one.over
        if amount != charge["amount_captured"]:
            skipped.adapt(charge, SkipReason.AMOUNTS_DO_NOT_ADD_UP, f"{charge['amount_captured']} were taken, and {amount} are of invoices")
        yield line(
            externalId=charge["id"],
            customer=customer,
            currency=currency.upper(),
            amount=minor(amount, currency),
            createdAt=instant(charge["created"]),
            processorReference=reference(charge.get("payment_intent")) or charge["id"],
            allocations=[{"invoice": invoice, "amount": minor(part, currency)} for invoice, part in one.parts if part],
            refunds=[_refund(refund, parts, currency) for refund, parts in _returned(one) if parts],
            metadata=metadata(charge),
            **_method(charge, customer, taken_methods),
        )


def _method(charge: Thing, customer: str, taken: frozenset[str]) -> Line:
    """Return how a charge was paid: by a method that is taken, or by one that is not there any more."""
    method, details = charge.get("payment_method"), charge.get("payment_method_details") or {"type": "card"}
    if method in taken:
        return {"paymentMethod": method}
    paid = details_of({"id": method or charge["id"], **details}, customer=customer)
    return {"methodKind": paid.kind, "brand": paid.brand, "last4": paid.last4}


def _refund(refund: Thing, parts: list[tuple[str | None, int]], currency: str) -> Line:
    return line(
        externalId=refund["id"],
        amount=minor(sum(amount for _, amount in parts), currency),
        reason=REFUND_REASONS.get(refund.get("reason") or ""),
        reference=refund["id"],
        createdAt=instant(refund["created"]),
        allocations=[line(invoice=invoice, amount=minor(amount, currency)) for invoice, amount in parts],
    )


def credit_lines(bundle: Bundle, charges: Iterable[TakenCharge], *, currency: str) -> Iterator[Line]:
    """Return the credit: what credit notes and overpayments granted, and in each currency the rest of the balance as an opening balance.

    Stripe's balance is below 0 in the customer's favor, and so are the sums by currency.
    """
    customer = bundle.customer
    balances = {code.upper(): -amount for code, amount in (customer.get("invoice_credit_balance") or {}).items()}
    balances.setdefault((customer.get("currency") or currency).upper(), -(customer.get("balance") or 0))
    movements = [*_granted(bundle), *_overpaid(charges)]
    for of_currency, amount, _ in movements:
        balances[of_currency] = balances.get(of_currency, 0) - amount
    for of_currency, amount, movement in movements:
        yield {"customer": customer["id"], "currency": of_currency, "amount": minor(amount, of_currency)} | movement
    for of_currency, amount in sorted(balances.items()):
        if amount:
            yield {"externalId": f"{customer['id']}-{of_currency}", "customer": customer["id"], "currency": of_currency, "amount": minor(amount, of_currency)}


def _granted(bundle: Bundle) -> Iterator[tuple[str, int, Line]]:
    invoices = {invoice["id"] for invoice in bundle.invoices if not without_counterpart(invoice)}
    for note in bundle.credit_notes:
        amount = granted(note)
        if amount and reference(note["invoice"]) in invoices and not note_without_counterpart(note):
            about = {"kind": "CREDIT_NOTE", "creditNote": note["number"], "description": f"Credit note {note['number']}"}
            yield note["currency"].upper(), amount, {"externalId": note["id"], **about, "createdAt": instant(note["created"])}


def _overpaid(charges: Iterable[TakenCharge]) -> Iterator[tuple[str, int, Line]]:
    """Return what was paid more than was open, and what of it went back."""
    for one in charges:
        for refund, parts in _returned(one):
            for name, amount in parts:
                if name is None:
                    about = {"kind": "REFUND", "refund": refund["id"], "description": "Refund"}
                    yield one.charge["currency"].upper(), -amount, {"externalId": refund["id"], **about, "createdAt": instant(refund["created"])}
        if one.over:
            about = {"kind": "OVERPAYMENT", "payment": one.charge["id"], "description": "Overpayment"}
            yield one.charge["currency"].upper(), one.over, {"externalId": f"{one.charge['id']}-over", **about, "createdAt": instant(one.charge["created"])}
