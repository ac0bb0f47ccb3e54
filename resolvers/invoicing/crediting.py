"""`creditInvoice`: a credit note that staff write. What of it is paid back by a processor is issued with the processor's success."""

from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from auth.permissions import REFUND, check
from billing.invoicing.checks import MAX_DESCRIPTION, check_currency, memo_text, optional_line, positive_minor, signed_minor
from billing.invoicing.crediting import LineCredit, amount_line, credited_lines, paying_payment, split
from billing.lifecycle.actions import Action, check_version
from billing.money.money import Money
from billing.money.notes import IssuedCreditNote, NoteLine
from billing.refusals import ErrorCode, Refused
from billing.rows.money.invoicing import CreditableInvoice
from billing.rows.money.refunds import RefundedPayment
from billing.states import CreditNoteReason, RefundReason
from db.unit_of_work import Transaction
from resolvers.changes.credit_notes import note_rows
from resolvers.changes.drafted_notes import released_row
from resolvers.changes.writing import WriteContext
from resolvers.charges.refund_requests import BegunRefund
from resolvers.context import Context
from resolvers.idempotency import MutationCall, MutationResult
from resolvers.invoicing.refunds import check_processor, prepared_refund
from resolvers.invoicing.staff_calls import Decide, decided, owner_by_id, previewed, run_for
from resolvers.invoicing.withdrawing import invoice_for
from resolvers.reads.facts import RunBlock
from resolvers.subscriptions.idempotent_call import Prepared

MUTATION = "creditInvoice"
REASONS = (CreditNoteReason.CORRECTION, CreditNoteReason.GOODWILL, CreditNoteReason.DUPLICATE, CreditNoteReason.ORDER_CHANGE)
REFUND_REASONS = {CreditNoteReason.GOODWILL: RefundReason.GOODWILL, CreditNoteReason.DUPLICATE: RefundReason.DUPLICATE}


@dataclass(frozen=True, slots=True)
class CreditDecision:
    """A credit note on an invoice, and the payment that gives back its refunded part, None without one."""

    invoice: CreditableInvoice
    note: IssuedCreditNote
    payment: RefundedPayment | None

    def outcome(self) -> Any:
        """Return what a preview pins. With what is credited already, because a credit note to the balance does not change the invoice's version."""
        return [self.note, self.invoice.version, self.invoice.noted_minor, self.payment and self.payment.payment_id]


@dataclass(frozen=True, slots=True)
class _OrderedCredit:
    """An input whose amounts are in minor units; None for what is absent."""

    amount_minor: int | None
    lines: tuple[LineCredit, ...]
    description: str | None
    refund_minor: int | None
    balance_minor: int | None


async def credit_invoice(arguments: Any, context: Context) -> MutationResult:
    """Issue a credit note. Raises Refused."""
    decide = _deciding(arguments, context)
    owner = await owner_by_id(arguments.invoice_id, "inv", "invoiceId", context)

    async def prepare(transaction: Transaction, by: WriteContext, call: MutationCall | None) -> Prepared:
        decision = await decided(transaction, arguments, MUTATION, decide, context)
        check_version(arguments.expected_version, decision.invoice.version)
        answer = {"invoice": decision.invoice.id}
        note = decision.note
        if decision.payment is not None:
            reason = REFUND_REASONS.get(CreditNoteReason(note.reason), RefundReason.REQUESTED)
            refund = BegunRefund(decision.payment, note.refunded_minor, reason, note=note)
            prepared = await prepared_refund(transaction, refund, MUTATION, call, answer=answer, by=by)
            return replace(prepared, about=decision.invoice.id)
        changes = note_rows(note, owner, decision.invoice.currency, by=by)
        if note.released_minor:
            changes["released"] = [released_row(note, by=by)]
        return Prepared(answer | {"credit_note": changes["credit_note"][0]["id"]}, changes, decision.invoice.id)

    return await run_for(context, arguments, MUTATION, prepare, owner=owner)


async def preview(arguments: Any, context: Context) -> Any:
    """Return the credit note as it would be issued now. Raises Refused."""
    owner = await owner_by_id(arguments.invoice_id, "inv", "invoiceId", context)
    decision, token = await previewed(arguments, MUTATION, _deciding(arguments, context), context, owner=owner)
    return credit_view(decision, token)


def _deciding(arguments: Any, context: Context) -> Decide[CreditDecision]:
    if arguments.refund is not None:
        check(context.viewer, REFUND)  # the scope of `refundPayment`
    if arguments.reason not in REASONS:
        raise Refused(ErrorCode.INVALID_VALUE, f"Send one of {', '.join(REASONS)}.", "reason")
    order, memo = _order(arguments), memo_text(arguments.memo)
    payment_id = str(arguments.payment_id) if arguments.payment_id else None

    async def decide(run: RunBlock, now: datetime) -> CreditDecision:
        invoice = await invoice_for(run, arguments.invoice_id, Action.CREDIT)
        _check_currencies(arguments, invoice.currency)
        lines = await _lines(run, order, invoice)
        parts = split(sum(line.total_minor for line in lines), invoice, refund_minor=order.refund_minor, balance_minor=order.balance_minor)
        note = IssuedCreditNote(invoice.id, arguments.reason, lines, parts.released_minor, parts.granted_minor, parts.refunded_minor, memo=memo)
        if not parts.refunded_minor:
            return CreditDecision(invoice, note, None)
        paying = paying_payment(await run("invoicing.payments", key=invoice.id), parts.refunded_minor, invoice.currency, payment_id)
        (payment,) = await run("refunds.payment", key=paying.payment_id)
        check_processor(payment, context, "refund")
        return CreditDecision(invoice, note, payment)

    return decide


def _order(arguments: Any) -> _OrderedCredit:
    """Return the amounts of an input. Raises Refused."""
    if (arguments.amount is None) == (arguments.lines is None):
        raise Refused(ErrorCode.INVALID_VALUE, "Send either `amount` or `lines`.", "amount")
    lines = tuple(
        LineCredit(
            str(line.line_id),
            None if line.amount is None else positive_minor(line.amount, f"lines.{place}.amount"),
            optional_line(line.description, MAX_DESCRIPTION, f"lines.{place}.description"),
        )
        for place, line in enumerate(arguments.lines or ())
    )
    amount = None if arguments.amount is None else positive_minor(arguments.amount, "amount")
    description = optional_line(arguments.description, MAX_DESCRIPTION, "description")
    return _OrderedCredit(amount, lines, description, _part(arguments.refund, "refund"), _part(arguments.to_balance, "toBalance"))


def _part(money: Any, field: str) -> int | None:
    minor = None if money is None else signed_minor(money, field)
    if minor is not None and minor < 0:
        raise Refused(ErrorCode.INVALID_VALUE, "The amount must not be below zero.", field)
    return minor


def _check_currencies(arguments: Any, currency: str) -> None:
    amounts = {"amount": arguments.amount, "refund": arguments.refund, "toBalance": arguments.to_balance}
    amounts |= {f"lines.{place}.amount": line.amount for place, line in enumerate(arguments.lines or ())}
    for field, money in amounts.items():
        if money is not None:
            check_currency(money.currency, currency, field)


async def _lines(run: RunBlock, order: _OrderedCredit, invoice: CreditableInvoice) -> tuple[NoteLine, ...]:
    if order.amount_minor is not None:
        return (amount_line(invoice, order.amount_minor, order.description or f"Credit for invoice {invoice.number}"),)
    rows = await run("invoicing.lines", key=invoice.id)
    return credited_lines(invoice, {row.id: row for row in rows}, order.lines)


@dataclass(frozen=True, slots=True)
class CreditedLineView:
    """A line of a credit note that is not issued yet, as the API presents it."""

    description: str
    tax_rate_ppm: int | None
    subtotal: Money
    tax: Money
    total: Money


@dataclass(frozen=True, slots=True)
class CreditView:
    """A credit note that is not issued yet, as the API presents it."""

    customer_id: str
    invoice_id: str
    payment_id: str | None
    reason: str
    subtotal: Money
    tax: Money
    total: Money
    amount_released: Money
    amount_refunded: Money
    amount_to_balance: Money
    amount_remaining: Money
    lines: list[CreditedLineView]
    preview_token: str


def credit_view(decision: CreditDecision, token: str) -> CreditView:
    note, invoice = decision.note, decision.invoice

    def money(minor: int) -> Money:
        return Money(minor, invoice.currency)

    lines = [
        CreditedLineView(line.description, line.tax_rate_ppm, money(line.net_minor), money(line.tax_minor), money(line.total_minor)) for line in note.lines
    ]
    return CreditView(
        customer_id=invoice.customer_id,
        invoice_id=invoice.id,
        payment_id=decision.payment.payment_id if decision.payment else None,
        reason=note.reason,
        subtotal=money(note.net_minor),
        tax=money(note.tax_minor),
        total=money(note.total_minor),
        amount_released=money(note.released_minor),
        amount_refunded=money(note.refunded_minor),
        amount_to_balance=money(note.granted_minor),
        amount_remaining=money(invoice.remaining_minor - note.released_minor),
        lines=lines,
        preview_token=token,
    )
