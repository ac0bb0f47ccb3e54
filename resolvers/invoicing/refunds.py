"""`refundPayment`: money of a payment goes back, by its processor, or by the merchant's own hand where no processor took it."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from billing.invoicing.checks import MAX_REASON, check_currency, optional_line, positive_minor
from billing.lifecycle.actions import Action, check_action, of_payment
from billing.money.money import Money, decimal_text
from billing.money.refunds import BY_THE_BANK, PaymentPart
from billing.refusals import ErrorCode, Refused
from billing.rows.money.refunds import RefundedPayment
from billing.states import Actor
from db.unit_of_work import Transaction
from resolvers.changes.saving import save
from resolvers.changes.writing import WriteContext
from resolvers.charges.refund_requests import MANUAL, BegunRefund, begun, settle_manual, stored_answer
from resolvers.charges.refunding import preview_parts
from resolvers.context import Context, payments_of
from resolvers.idempotency import MutationCall, MutationResult
from resolvers.invoicing.staff_calls import Decide, decided, owner_by_id, previewed, run_for
from resolvers.reads.facts import RunBlock
from resolvers.subscriptions.idempotent_call import Prepared

MUTATION = "refundPayment"


@dataclass(frozen=True, slots=True)
class RefundDecision:
    """A refund, and what it takes from."""

    refund: BegunRefund
    parts: tuple[PaymentPart, ...]

    def outcome(self) -> Any:
        """Return what a preview pins. With what can still be refunded, so that no second refund is made by the preview of the first one."""
        payment = self.refund.payment
        return [payment.payment_id, payment.refundable_minor, self.refund.amount_minor, self.refund.reason, self.parts]


async def refund_payment(arguments: Any, context: Context) -> MutationResult:
    """Refund a payment, or a part of it. Raises Refused."""
    decide = _deciding(arguments, context)
    owner = await owner_by_id(arguments.payment_id, "pay", "paymentId", context)

    async def prepare(transaction: Transaction, by: WriteContext, call: MutationCall | None) -> Prepared:
        decision = await decided(transaction, arguments, MUTATION, decide, context)
        return await prepared_refund(transaction, decision.refund, MUTATION, call, answer={"payment": decision.refund.payment.payment_id}, by=by)

    return await run_for(context, arguments, MUTATION, prepare, owner=owner)


async def preview(arguments: Any, context: Context) -> Any:
    """Return what a refund would take from. Raises Refused."""
    owner = await owner_by_id(arguments.payment_id, "pay", "paymentId", context)
    decision, token = await previewed(arguments, MUTATION, _deciding(arguments, context), context, owner=owner)
    return refund_view(decision, owner, token)


async def prepared_refund(
    transaction: Transaction, refund: BegunRefund, mutation: str, call: MutationCall | None, *, answer: dict[str, Any], by: WriteContext
) -> Prepared:
    """Return the refund's request and rows; a refund of a payment that staff recorded is written here, because there is no processor to wait for."""
    submission, changes = begun(refund, mutation, answer, call, by=by)
    about = refund.payment.payment_id
    if submission:
        return Prepared(answer, changes, about, submission)
    await save(transaction, changes)
    await settle_manual(transaction, refund.payment.payment_id, by=by)
    return Prepared(await stored_answer(transaction, changes["refund"][0]["id"]), {}, about)


def check_processor(payment: RefundedPayment, context: Context, field: str) -> None:
    """Check that the payment's processor can be sent a refund. Raises Refused."""
    if payment.processor == MANUAL:
        return
    if payment.processor not in payments_of(context).processors or payment.processor_reference is None:
        raise Refused(ErrorCode.NOT_REFUNDABLE, "The processor of this payment is not configured here. Refund it there.", field)


def _deciding(arguments: Any, context: Context) -> Decide[RefundDecision]:
    if arguments.reason in BY_THE_BANK:
        raise Refused(ErrorCode.INVALID_VALUE, "Only a bank takes money back for this reason.", "reason")
    amount = None if arguments.amount is None else positive_minor(arguments.amount, "amount")
    comment = optional_line(arguments.comment, MAX_REASON, "comment")

    async def decide(run: RunBlock, now: datetime) -> RefundDecision:
        payment = await _payment(run, str(arguments.payment_id))
        check_processor(payment, context, "paymentId")
        if arguments.amount is not None:
            check_currency(arguments.amount.currency, payment.currency, "amount")
        minor = payment.refundable_minor if amount is None else amount
        if minor > payment.refundable_minor:
            most = decimal_text(payment.refundable_minor, payment.currency)
            raise Refused(ErrorCode.AMOUNT_TOO_HIGH, f"At most {most} {payment.currency} of this payment can be refunded.", "amount")
        parts = await preview_parts(run, payment.payment_id, minor)
        return RefundDecision(BegunRefund(payment, minor, arguments.reason, comment), tuple(parts))

    return decide


async def _payment(run: RunBlock, payment_id: str) -> RefundedPayment:
    rows = await run("refunds.payment", key=payment_id)
    if not rows:
        raise Refused(ErrorCode.NOT_FOUND, "There is no such payment.", "paymentId")
    payment: RefundedPayment = rows[0]
    check_action(of_payment(payment.refundable_minor, actor=Actor.STAFF), Action.REFUND, "paymentId")
    return payment


@dataclass(frozen=True, slots=True)
class MoneyPartView:
    """A part of an amount: for an invoice, an installment, both, or, with neither, the customer's account."""

    customer_id: str
    invoice_id: str | None
    installment_id: str | None
    amount: Money


@dataclass(frozen=True, slots=True)
class RefundView:
    amount: Money
    parts: list[MoneyPartView]
    preview_token: str


def refund_view(decision: RefundDecision, customer_id: str, token: str) -> RefundView:
    currency = decision.refund.payment.currency
    parts = [MoneyPartView(customer_id, part.invoice_id, part.installment_id, Money(part.amount_minor, currency)) for part in decision.parts]
    return RefundView(Money(decision.refund.amount_minor, currency), parts, token)
