"""`createInvoice`: an invoice that staff write, issued at once."""

from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

from billing.invoicing.checks import MAX_DESCRIPTION, line_text, memo_text, positive_minor, rate_ppm
from billing.invoicing.issuing import OrderedInvoice, OrderedLine, WrittenInvoice, WrittenLine, one_currency, written
from billing.merchant.names import checked_external_id, merged_metadata
from billing.money.money import Money
from billing.states import BalanceEntryKind, Collection, CollectionMethod, InvoiceReason
from db.unit_of_work import Transaction
from resolvers.changes.saving import Changes
from resolvers.changes.writing import WriteContext, unnumbered
from resolvers.context import Context
from resolvers.idempotency import MutationCall, MutationResult
from resolvers.invoicing.staff_calls import Decide, customer_by_id, decided, owner_by_id, previewed, run_for
from resolvers.reads.facts import RunBlock
from resolvers.subscriptions.idempotent_call import Prepared

MUTATION = "createInvoice"


@dataclass(frozen=True, slots=True)
class IssueDecision:
    """The invoice to be issued for a customer, who has this many invoices before."""

    customer_id: str
    invoice: WrittenInvoice
    invoices: int

    def outcome(self) -> Any:
        """Return what a preview pins. With the number of invoices, so that no second invoice is issued by the preview of the first one."""
        return [self.invoice, self.invoices]


async def create_invoice(arguments: Any, context: Context) -> MutationResult:
    """Issue an invoice. Raises Refused."""
    decide = _deciding(_order(arguments))
    names = _names(arguments)
    owner = customer_by_id(arguments.customer_id)

    async def prepare(transaction: Transaction, by: WriteContext, call: MutationCall | None) -> Prepared:
        decision = await decided(transaction, arguments, MUTATION, decide, context)
        changes = invoice_rows(decision, names, by=by)
        invoice_id = changes["invoice"][0]["id"]
        return Prepared({"invoice": invoice_id}, changes, invoice_id)

    return await run_for(context, arguments, MUTATION, prepare, owner=owner)


async def preview(arguments: Any, context: Context) -> Any:
    """Return the invoice as it would be issued now. Raises Refused."""
    decide = _deciding(_order(arguments))
    _names(arguments)
    owner = await owner_by_id(arguments.customer_id, "cus", "customerId", context)
    decision, token = await previewed(arguments, MUTATION, decide, context, owner=owner)
    return invoice_view(decision.invoice, token)


def invoice_rows(decision: IssueDecision, names: dict[str, Any], *, by: WriteContext) -> Changes:
    """Return the rows of the invoice, its lines, and the credit that pays a part of it. `names` are the columns of the merchant's own id and metadata."""
    invoice, invoice_id = decision.invoice, by.new_id("inv")
    owner = {"customer_id": decision.customer_id, "currency": invoice.currency}
    is_paid = not invoice.remaining_minor
    row = owner | {
        "id": invoice_id,
        **unnumbered(invoice_id, by=by),
        "reason": InvoiceReason.MANUAL,
        "status": "PAID" if is_paid else "OPEN",
        "due_on": invoice.due_on,
        "subtotal_minor": invoice.subtotal_minor,
        "discount_minor": 0,
        "tax_minor": invoice.tax_minor,
        "total_minor": invoice.total_minor,
        "paid_minor": 0,
        "credited_minor": invoice.credited_minor,
        "paid_at": by.now if is_paid else None,
        "collection": Collection.DUE if invoice.collect_at else Collection.NONE,
        "collect_at": invoice.collect_at,
        "created_at": by.now,
        "memo": invoice.memo,
        "is_automatic": invoice.collection is CollectionMethod.AUTOMATIC,
        **names,
    }
    lines = [
        owner | {"id": by.new_id("line"), "invoice_id": invoice_id, "position": place} | _line_columns(line) for place, line in enumerate(invoice.lines, 1)
    ]
    changes: Changes = {"invoice": [row], "invoice_line": lines}
    if invoice.credited_minor:
        entry = {"id": by.new_id("bal"), "amount_minor": -invoice.credited_minor, "kind": BalanceEntryKind.APPLIED_TO_INVOICE}
        changes["balance_entry"] = [owner | entry | {"description": "Used for an invoice", "invoice_id": invoice_id, "created_at": by.now}]
    return changes


def _line_columns(line: WrittenLine) -> dict[str, Any]:
    return {
        "description": line.description,
        "quantity": line.quantity,
        "unit_minor": line.unit_minor,
        "tax_rate_ppm": line.tax_rate_ppm,
        **asdict(line.amounts),
        "total_minor": line.amounts.total_minor,
    }


def _names(arguments: Any) -> dict[str, Any]:
    return {"external_id": checked_external_id(arguments.external_id), "metadata": merged_metadata({}, arguments.metadata or {})}


def _order(arguments: Any) -> OrderedInvoice:
    """Return the invoice of an input. Raises Refused."""
    lines = tuple(_ordered_line(line, f"lines.{place}") for place, line in enumerate(arguments.lines))
    currency = one_currency([line.unit_amount.currency for line in arguments.lines])
    return OrderedInvoice(currency, lines, arguments.due_on, memo_text(arguments.memo), arguments.collection, arguments.backdated)


def _ordered_line(line: Any, field: str) -> OrderedLine:
    rate = None if line.tax_rate is None else rate_ppm(line.tax_rate, f"{field}.taxRate")
    description = line_text(line.description, MAX_DESCRIPTION, f"{field}.description")
    return OrderedLine(description, line.quantity, positive_minor(line.unit_amount, f"{field}.unitAmount"), rate)


def _deciding(order: OrderedInvoice) -> Decide[IssueDecision]:
    async def decide(run: RunBlock, now: datetime) -> IssueDecision:
        (buyer,) = await run("invoicing.buyer", currency=order.currency)
        return IssueDecision(buyer.customer_id, written(order, buyer, now=now), buyer.invoices)

    return decide


@dataclass(frozen=True, slots=True)
class InvoiceLineView:
    """A line of an invoice that is not issued yet, as the API presents it."""

    description: str
    quantity: int
    unit_amount: Money
    tax_rate_ppm: int
    subtotal: Money
    tax: Money
    total: Money


@dataclass(frozen=True, slots=True)
class InvoiceView:
    """An invoice that is not issued yet, as the API presents it."""

    currency: str
    due_on: Any
    memo: str | None
    collection: str
    collect_at: Any
    subtotal: Money
    tax: Money
    total: Money
    credit_used: Money
    amount_remaining: Money
    lines: list[InvoiceLineView]
    preview_token: str


def invoice_view(invoice: WrittenInvoice, token: str) -> InvoiceView:
    def money(minor: int) -> Money:
        return Money(minor, invoice.currency)

    def line_view(line: WrittenLine) -> InvoiceLineView:
        amounts = (line.amounts.subtotal_minor, line.amounts.tax_minor, line.amounts.total_minor)
        return InvoiceLineView(line.description, line.quantity, money(line.unit_minor), line.tax_rate_ppm, *(money(minor) for minor in amounts))

    return InvoiceView(
        currency=invoice.currency,
        due_on=invoice.due_on,
        memo=invoice.memo,
        collection=invoice.collection,
        collect_at=invoice.collect_at,
        subtotal=money(invoice.subtotal_minor),
        tax=money(invoice.tax_minor),
        total=money(invoice.total_minor),
        credit_used=money(invoice.credited_minor),
        amount_remaining=money(invoice.remaining_minor),
        lines=[line_view(line) for line in invoice.lines],
        preview_token=token,
    )
