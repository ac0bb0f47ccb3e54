"""`recordPayment`: money that came by bank transfer, cash or check."""

from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from billing.invoicing.checks import MAX_REFERENCE, check_currency, check_not_after, optional_line, positive_minor
from billing.invoicing.issuing import today_of
from billing.invoicing.recording import RecordedMoney, recorded_money
from billing.lifecycle.actions import Action, check_action, of_installment, of_invoice
from billing.merchant.names import checked_external_id, merged_metadata
from billing.money.allocation import OpenInstallment, OpenInvoice, items_of
from billing.money.money import Money
from billing.refusals import ErrorCode, Refused
from billing.rows.money.owed import OwedInstallment, OwedInvoice
from billing.states import BalanceEntryKind, PaymentStatus
from db.unit_of_work import Transaction
from resolvers.changes.credit_notes import issuer_columns
from resolvers.changes.item_rows import collected_rows
from resolvers.changes.saving import Changes
from resolvers.changes.writing import WriteContext, allocation_row
from resolvers.charges.refund_requests import MANUAL
from resolvers.context import Context
from resolvers.idempotency import MutationCall, MutationResult
from resolvers.invoicing.refunds import MoneyPartView
from resolvers.invoicing.staff_calls import Decide, customer_by_id, decided, owner_by_id, previewed, run_for
from resolvers.reads.facts import RunBlock
from resolvers.schedules.issuing import issue_before_payment
from resolvers.subscriptions.idempotent_call import Prepared

MUTATION = "recordPayment"
# What the money may be for: the field of the input, and the prefix of its ids.
TARGETS = {"customerId": "cus", "invoiceId": "inv", "installmentId": "ins"}


@dataclass(frozen=True, slots=True)
class RecordDecision:
    """Money that came, and how it is used. `open_minor` is what remained of the debts that it pays; `credit_minor` is the balance before, less what charges under way
    will use. `schedule_of` maps the paid installments to their schedules."""

    customer_id: str
    currency: str
    amount_minor: int
    received_on: date
    money: RecordedMoney
    open_minor: int
    credit_minor: int
    schedule_of: dict[str, str]

    def outcome(self) -> Any:
        """Return what a preview pins. With what was open before, so that no money is recorded twice by one preview."""
        return [self.amount_minor, self.currency, self.received_on, self.money, self.open_minor, self.credit_minor]


@dataclass(frozen=True, slots=True)
class _Debts:
    invoices: list[OwedInvoice]
    installments: list[OwedInstallment]


async def record_payment(arguments: Any, context: Context) -> MutationResult:
    """Record a payment. Raises Refused."""
    names = {"external_id": checked_external_id(arguments.external_id), "metadata": merged_metadata({}, arguments.metadata or {})}
    names["reference"] = optional_line(arguments.reference, MAX_REFERENCE, "reference")
    field, target_id = _target(arguments)
    decide = _deciding(arguments, field, target_id)
    owner = customer_by_id(target_id) if field == "customerId" else await owner_by_id(target_id, TARGETS[field], field, context)

    async def prepare(transaction: Transaction, by: WriteContext, call: MutationCall | None) -> Prepared:
        decision = await decided(transaction, arguments, MUTATION, decide, context)
        if uninvoiced := [part.installment_id for part in decision.money.parts if part.installment_id and not part.invoice_id]:
            for installment_id in uninvoiced:
                await issue_before_payment(transaction, installment_id, by=by)
            decision = await decide(transaction.run, by.now)
        changes = _rows(decision, names | {"method_kind": arguments.kind}, by=by)
        payment_id = changes["payment"][0]["id"]
        answer = {"payment": payment_id} | ({"invoice": target_id} if field == "invoiceId" else {"installment": target_id} if field == "installmentId" else {})
        return Prepared(answer, changes, payment_id)

    return await run_for(context, arguments, MUTATION, prepare, owner=owner)


async def preview(arguments: Any, context: Context) -> Any:
    """Return what the money would pay. Raises Refused."""
    field, target_id = _target(arguments)
    owner = await owner_by_id(target_id, TARGETS[field], field, context)
    decision, token = await previewed(arguments, MUTATION, _deciding(arguments, field, target_id), context, owner=owner)
    return record_view(decision, token)


def _target(arguments: Any) -> tuple[str, str]:
    """Return the field that says what the money is for, and the id in it. Raises Refused unless there is exactly one."""
    sent = {"customerId": arguments.customer_id, "invoiceId": arguments.invoice_id, "installmentId": arguments.installment_id}
    named = [(field, str(identifier)) for field, identifier in sent.items() if identifier is not None]
    if len(named) != 1:
        raise Refused(ErrorCode.INVALID_VALUE, "Send exactly one of `customerId`, `invoiceId` and `installmentId`.", "customerId")
    return named[0]


def _deciding(arguments: Any, field: str, target_id: str) -> Decide[RecordDecision]:
    minor, currency = positive_minor(arguments.amount, "amount"), str(arguments.amount.currency)

    async def decide(run: RunBlock, now: datetime) -> RecordDecision:
        (buyer,) = await run("invoicing.buyer", currency=currency)
        today = today_of(buyer, now)
        received_on = arguments.received_on or today
        check_not_after(received_on, today, "receivedOn")
        debts = await _debts(run, currency, field, target_id)
        if field == "customerId" and not buyer.is_known_currency:
            raise Refused(ErrorCode.CURRENCY_MISMATCH, f"The customer pays in {buyer.currency}, and has nothing in {currency}.", "amount")
        invoices = (OpenInvoice(one.id, one.due_on, one.remaining_minor) for one in debts.invoices)
        installments = (OpenInstallment(one.id, one.invoice_id, one.due_on, one.remaining_minor) for one in debts.installments)
        items = items_of(invoices, installments)
        money = recorded_money(minor, items, target_id=target_id, owed_on_account_minor=buyer.owed_minor)
        paid = {(part.invoice_id, part.installment_id) for part in money.parts}
        open_minor = sum(item.remaining_minor for item in items if (item.invoice_id, item.installment_id) in paid)
        schedules = {one.id: one.schedule_id for one in debts.installments}
        return RecordDecision(buyer.customer_id, currency, minor, received_on, money, open_minor, buyer.credit_minor, schedules)

    return decide


async def _debts(run: RunBlock, currency: str, field: str, target_id: str) -> _Debts:
    """Return what the money can pay: the target, of which it must be payable now, and all other debts in the currency that are not in payment. Raises Refused."""
    items = [item for item in await run("owed.items", currency=currency) if item.payable_minor]
    invoice_ids = {item.invoice_id for item in items if item.invoice_id}
    alone_ids = {item.installment_id for item in items if item.installment_id}
    if field == "invoiceId":
        await _check_invoice(run, target_id, currency)
    elif field == "installmentId":
        installment = await _checked_installment(run, target_id, currency)
        if installment.invoice_id is None:
            alone_ids.add(target_id)  # one that is not due yet, too
    invoices = await run("owed.invoices", ids=sorted(invoice_ids)) if invoice_ids else []
    installments = await run("owed.installments", ids=sorted(alone_ids), invoice_ids=sorted(invoice_ids)) if alone_ids or invoice_ids else []
    return _Debts(invoices, installments)


async def _check_invoice(run: RunBlock, invoice_id: str, currency: str, field: str = "invoiceId") -> None:
    rows = await run("owed.invoices", ids=[invoice_id])
    if not rows:
        raise Refused(ErrorCode.NOT_FOUND, "There is no such invoice.", field)
    check_currency(currency, rows[0].currency, "amount")
    check_action(of_invoice(rows[0].status, rows[0].remaining_minor), Action.PAY, field)


async def _checked_installment(run: RunBlock, installment_id: str, currency: str) -> OwedInstallment:
    rows = await run("owed.installments", ids=[installment_id], invoice_ids=None)
    if not rows:
        raise Refused(ErrorCode.NOT_FOUND, "There is no such installment.", "installmentId")
    installment: OwedInstallment = rows[0]
    check_currency(currency, installment.currency, "amount")
    check_action(of_installment(installment.status, installment.remaining_minor), Action.PAY, "installmentId")
    if installment.invoice_id is not None:
        await _check_invoice(run, installment.invoice_id, currency, "installmentId")
    return installment


def _rows(decision: RecordDecision, names: dict[str, Any], *, by: WriteContext) -> Changes:
    """Return the rows of the payment, of what it pays, and of what it leaves on the account."""
    owner, payment_id, money = decision.customer_id, by.new_id("pay"), decision.money
    row = {
        "customer_id": owner,
        "id": payment_id,
        "status": PaymentStatus.SUCCEEDED,
        "currency": decision.currency,
        "amount_minor": decision.amount_minor,
        "processor": MANUAL,
        "received_on": decision.received_on,
        "created_at": by.now,
        "settled_at": by.now,
        "issuer": issuer_columns(by.issuer),
        **names,
    }
    entries = {BalanceEntryKind.PAYMENT: (money.account_minor, "Paid on account"), BalanceEntryKind.OVERPAYMENT: (money.credit_minor, "Paid more than was due")}
    return collected_rows(money.parts, (), decision.schedule_of, by=by) | {
        "payment": [row],
        "payment_allocation": [allocation_row(owner, payment_id, part, decision.currency, by=by) for part in money.parts],
        "balance_entry": [
            {
                "customer_id": owner,
                "id": by.new_id("bal"),
                "currency": decision.currency,
                "amount_minor": minor,
                "kind": kind,
                "description": words,
                "payment_id": payment_id,
                "created_at": by.now,
            }
            for kind, (minor, words) in entries.items()
            if minor
        ],
    }


@dataclass(frozen=True, slots=True)
class RecordView:
    """Money that is not recorded yet, as the API presents it."""

    amount: Money
    received_on: date
    parts: list[MoneyPartView]
    to_account: Money
    to_balance: Money
    preview_token: str


def record_view(decision: RecordDecision, token: str) -> RecordView:
    def money(minor: int) -> Money:
        return Money(minor, decision.currency)

    parts = [MoneyPartView(decision.customer_id, part.invoice_id, part.installment_id, money(part.amount_minor)) for part in decision.money.parts]
    used = decision.money
    return RecordView(money(decision.amount_minor), decision.received_on, parts, money(used.account_minor), money(used.credit_minor), token)
