"""Payment of debts: an invoice, an installment, or all that is due in a currency. Credit is used first, and money is counted once, whatever the invoicing."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from auth.throttle import Kind
from billing.lifecycle.actions import Action, check_action, check_version, of_installment, of_invoice
from billing.money.allocation import AllocationPart, Item, OpenInstallment, OpenInvoice, Settlement, allocate, items_of
from billing.refusals import ErrorCode, Refused
from billing.rows.contracts import BillingAccount
from billing.rows.money.owed import OwedInstallment, OwedInvoice
from db.unit_of_work import Transaction
from resolvers.changes.item_rows import attempted_rows, collected_rows, uncollected_rows
from resolvers.changes.saving import Changes
from resolvers.changes.writing import WriteContext, allocation_row, writer
from resolvers.charges.attempts import PendingCharge, attempt
from resolvers.context import Context, payments_of
from resolvers.idempotency import MutationCall, MutationResult
from resolvers.reads.facts import account_around
from resolvers.reads.ownership import customer_named, owner_named
from resolvers.schedules.issuing import issue_before_payment
from resolvers.subscriptions.idempotent_call import Prepare, Prepared, counted, run_idempotent

# The description at the processor of a payment of several debts.
ALL_DUE = "All that is due"
NOT_FOUND = "It does not exist, or nothing of it can be paid here."


@dataclass(frozen=True, slots=True)
class Debts:
    """The debts to be paid. `target_id` is the invoice or installment that the call names; `words` describe it to the processor; `account_minor` is owed on the account.

    `account` is the customer's account in their own currency, where it was read together with the debts.
    """

    currency: str
    invoices: list[OwedInvoice]
    installments: list[OwedInstallment]
    words: str
    target_id: str | None = None
    account_minor: int = 0
    account: BillingAccount | None = None

    def items(self) -> list[Item]:
        invoices = (OpenInvoice(one.id, one.due_on, one.remaining_minor) for one in self.invoices)
        return items_of(invoices, (OpenInstallment(one.id, one.invoice_id, one.due_on, one.remaining_minor) for one in self.installments))

    def remaining_minor(self) -> int:
        items = self.items()
        aimed = [item for item in items if self.target_id in (item.invoice_id, item.installment_id)]
        return sum(item.remaining_minor for item in (aimed if self.target_id else items)) + self.account_minor


@dataclass(frozen=True, slots=True)
class Payable:
    """Debts, the settlement that pays them, and the billing account."""

    debts: Debts
    settlement: Settlement
    account: BillingAccount


Find = Callable[[Transaction], Any]
# From debts and their settlement to the ids of the objects with which the call is answered, whether the payment succeeds or is declined.
AnswerOf = Callable[[Debts, Settlement], dict[str, Any]]


async def pay_invoice(arguments: Any, context: Context) -> MutationResult:
    async def find(transaction: Transaction) -> Debts:
        ids, around = [str(arguments.invoice_id)], {"key": None, "currency": None, "method_id": _method_id(arguments)}
        invoices, installments, (account,) = await transaction.run("owed.invoices + owed.installments + accounts.around", ids=ids, invoice_ids=ids, **around)
        invoice = _first_payable(invoices, "invoiceId")
        check_action(of_invoice(invoice.status, invoice.remaining_minor), Action.PAY)
        check_version(arguments.expected_version, invoice.version)
        return Debts(invoice.currency, [invoice], installments, f"Invoice {invoice.number}", invoice.id, account=account)

    owner = await owner_named(str(arguments.invoice_id), "invoiceId", context, message=NOT_FOUND)
    prepare = _paying(arguments, context, find, answer=_about_one)
    return await run_idempotent(context, arguments, "payInvoice", prepare, owner=owner)


async def pay_installment(arguments: Any, context: Context) -> MutationResult:
    async def find(transaction: Transaction) -> Debts:
        ids = [str(arguments.installment_id)]
        installment = _first_payable(await transaction.run("owed.installments", ids=ids, invoice_ids=None), "installmentId")
        check_action(of_installment(installment.status, installment.remaining_minor), Action.PAY)
        # Before its invoice is issued, which changes the version that the caller has read.
        check_version(arguments.expected_version, installment.version)
        if await issue_before_payment(transaction, installment.id, by=writer(context)):
            (installment,) = await transaction.run("owed.installments", ids=ids, invoice_ids=None)
        if installment.invoice_id is None:
            return Debts(installment.currency, [], [installment], installment.name, installment.id)
        invoice = _first_payable(await transaction.run("owed.invoices", ids=[installment.invoice_id]), "installmentId")
        check_action(of_invoice(invoice.status, invoice.remaining_minor), Action.PAY)
        installments = await transaction.run("owed.installments", ids=None, invoice_ids=[invoice.id])
        return Debts(installment.currency, [invoice], installments, installment.name, installment.id)

    owner = await owner_named(str(arguments.installment_id), "installmentId", context, message=NOT_FOUND)
    prepare = _paying(arguments, context, find, answer=_about_one)
    return await run_idempotent(context, arguments, "payInstallment", prepare, owner=owner)


async def pay_all_due(arguments: Any, context: Context) -> MutationResult:
    """Pay documents from the oldest on, then what is owed on the account. Debts with a pending payment are left out. Raises Refused."""

    async def find(transaction: Transaction) -> Debts:
        currency = str(arguments.currency)
        items = await transaction.run("owed.items", currency=currency)
        if uninvoiced := [item.installment_id for item in items if item.kind == "INSTALLMENT"]:
            for installment_id in uninvoiced:
                await issue_before_payment(transaction, installment_id, by=writer(context))
            items = await transaction.run("owed.items", currency=currency)
        payable = [item for item in items if item.payable_minor]
        if not payable:
            raise _nothing_payable(currency, is_owed=bool(items))
        invoice_ids = [item.invoice_id for item in payable if item.invoice_id]
        invoices = await transaction.run("owed.invoices", ids=invoice_ids)
        installments = await transaction.run("owed.installments", ids=[item.installment_id for item in payable if item.installment_id], invoice_ids=invoice_ids)
        return Debts(currency, invoices, installments, ALL_DUE, account_minor=sum(item.payable_minor for item in payable if item.kind == "ACCOUNT"))

    owner = await customer_named(arguments, context)
    return await run_idempotent(context, arguments, "payAllDue", _paying(arguments, context, find, answer=_about_all), owner=owner)


def _about_one(debts: Debts, _: Settlement) -> dict[str, Any]:
    """Return the invoice or the installment of the call, and of an installment the invoice that covers it."""
    installments = [("installment", one.id) for one in debts.installments if one.id == debts.target_id]
    return dict(installments + [("invoice", one.id) for one in debts.invoices])


def _about_all(debts: Debts, settlement: Settlement) -> dict[str, Any]:
    """Return what is paid by credit and by the charge, in the order in which it is paid: the oldest first."""
    parts = [*settlement.by_credit.parts, *settlement.by_charge.parts]
    invoice_ids = [part.invoice_id for part in parts if part.invoice_id]
    installment_ids = [part.installment_id for part in parts if part.installment_id]
    return {"invoices": list(dict.fromkeys(invoice_ids)), "installments": list(dict.fromkeys(installment_ids))}


def _nothing_payable(currency: str, *, is_owed: bool) -> Refused:
    if is_owed:
        return Refused(ErrorCode.IN_PROGRESS, f"All that is due in {currency} is in payment.", "currency")
    return Refused(ErrorCode.ALREADY_PAID, f"Nothing is due in {currency}.", "currency")


def _paying(arguments: Any, context: Context, find: Find, *, answer: AnswerOf) -> Prepare:
    async def prepare(transaction: Transaction, by: WriteContext, call: MutationCall | None) -> Prepared:
        debts: Debts = await find(transaction)
        amount = _checked_amount(getattr(arguments, "amount_minor_units", None), debts.remaining_minor(), context)
        method_id, account = _method_id(arguments), debts.account
        if account is None or account.currency != debts.currency:
            account = await account_around(transaction.run, currency=debts.currency, method_id=method_id)
        if method_id and account.method_id is None:
            raise Refused(ErrorCode.NOT_FOUND, "There is no such payment method, or it has expired.", "paymentMethodId")
        settlement = allocate(amount, account.balance_minor, debts.items(), target_id=debts.target_id)
        return _prepared(Payable(debts, settlement, account), call, answer=answer(debts, settlement), by=by)

    # Staff pay for many customers.
    return prepare if context.viewer.is_staff else counted(prepare, Kind.PAYMENT, context)


def _prepared(payable: Payable, call: MutationCall | None, *, answer: dict[str, Any], by: WriteContext) -> Prepared:
    debts, settlement, account = payable.debts, payable.settlement, payable.account
    about = debts.target_id or debts.currency
    if not settlement.charged_minor:
        return Prepared(answer, _paid_rows(payable, by=by), about)
    payment_id, parts = by.new_id("pay"), [*settlement.by_charge.parts, *settlement.by_credit.parts]
    intent = PendingCharge(
        payment_id,
        account.customer_id,
        debts.currency,
        settlement.charged_minor,
        debts.words,
        changes=_paid_rows(payable, by=by),
        answer=answer,
        on_failure=dict.fromkeys(("retryable", "final", "nobody asked"), uncollected_rows(parts)),
        reserved_minor=settlement.by_credit.spent_minor,
        account_minor=settlement.by_charge.rest_minor,
        invoice_id=debts.invoices[0].id if len(debts.invoices) == 1 else None,
    )
    sending, changes = attempt(intent, account, call, by=by)
    allocations = [allocation_row(account.customer_id, payment_id, part, debts.currency, by=by) for part in settlement.by_charge.parts]
    return Prepared(answer, changes | {"payment_allocation": allocations} | attempted_rows(parts), about, sending)


def _paid_rows(payable: Payable, *, by: WriteContext) -> Changes:
    """Return the changes of a successful payment: invoices, installments and schedules together, and the used credit."""
    debts, settlement = payable.debts, payable.settlement
    schedule_of = {one.id: one.schedule_id for one in debts.installments}
    entries = [_used_credit(payable.account, debts.currency, part, by=by) for part in settlement.by_credit.parts]
    return collected_rows(settlement.by_charge.parts, settlement.by_credit.parts, schedule_of, by=by) | {"balance_entry": entries}


def _used_credit(account: BillingAccount, currency: str, part: AllocationPart, *, by: WriteContext) -> dict[str, Any]:
    return {
        "customer_id": account.customer_id,
        "id": by.new_id("bal"),
        "currency": currency,
        "amount_minor": -part.amount_minor,
        "kind": "APPLIED_TO_INVOICE",
        "description": "Used for an invoice" if part.invoice_id else "Used for an installment",
        "invoice_id": part.invoice_id,
        "created_at": by.now,
    }


def _method_id(arguments: Any) -> str | None:
    return str(arguments.payment_method_id) if arguments.payment_method_id else None


def _checked_amount(amount_minor: Any, remaining_minor: int, context: Context) -> int:
    """Return the amount to pay, in minor units. Without an amount, all that remains. Raises Refused."""
    if amount_minor is None or amount_minor == remaining_minor:
        return remaining_minor
    if amount_minor > remaining_minor:
        raise Refused(ErrorCode.AMOUNT_TOO_HIGH, "The amount is more than what remains to be paid.", "amountMinorUnits")
    if not payments_of(context).takes_parts:
        raise Refused(ErrorCode.PARTIAL_NOT_ALLOWED, "Partial payments are not accepted. Pay all that remains.", "amountMinorUnits")
    if amount_minor < 1:
        raise Refused(ErrorCode.INVALID_VALUE, "An amount is at least one minor unit.", "amountMinorUnits")
    return int(amount_minor)


def _first_payable(rows: list[Any], field: str) -> Any:
    if not rows:
        raise Refused(ErrorCode.NOT_FOUND, NOT_FOUND, field)
    return rows[0]
