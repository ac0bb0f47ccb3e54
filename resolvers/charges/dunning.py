"""What becomes of invoices that stay unpaid, and of their subscriptions: the decisions of `billing/money/dunning.py`, written. Every function needs the customer's lock."""

from typing import Protocol
from zoneinfo import ZoneInfo

from billing.lifecycle.facts import Decision, LifecycleEvent
from billing.lifecycle.resume import lift as lifted
from billing.lifecycle.stops import canceled, hold
from billing.money.collection import message
from billing.money.dunning import MAX_TRIES, Collecting, Ending, Failures, Happening, Step, can_be_held, step
from billing.money.money import formatted
from billing.rows.money.operations import Collectable
from billing.states import Collection, InvoiceStatus, SubscriptionEventKind, SuspendedBy
from db.unit_of_work import Transaction
from mail.letters import Envelope, Letter, language_of
from resolvers.changes.saving import Changes, save
from resolvers.changes.writing import WriteContext, collection_row, rows_of
from resolvers.letters import LetterDraft, enqueue_letter
from resolvers.reads.facts import contract as contract_of
from resolvers.reads.facts import facts_of

NOTE = "An invoice stayed unpaid."


class ChargedInvoice(Protocol):
    """An invoice, and the method that it was charged to."""

    @property
    def invoice_id(self) -> str | None: ...

    @property
    def payment_method_id(self) -> str | None: ...


async def declined(transaction: Transaction, charge: ChargedInvoice, *, never_happened: bool, by: WriteContext) -> None:
    """A charge of the clock failed, or nobody could be asked for the money."""
    await _happened(transaction, charge, Happening.NOT_ASKED if never_happened else Happening.DECLINED, by=by)


async def returned(transaction: Transaction, charge: ChargedInvoice, *, by: WriteContext) -> None:
    """A bank returned a debit after its success. Once the invoice is owed again, that is one more failed try, and the days of the policy go on."""
    await _happened(transaction, charge, Happening.RETURNED, by=by)


async def disputed(transaction: Transaction, charge: ChargedInvoice, *, by: WriteContext) -> None:
    """A bank took the money back for a dispute. Once the invoice is owed again, the clock never charges it, and what the merchant does at the end is done now."""
    await _happened(transaction, charge, Happening.DISPUTED, by=by)


async def write_step(transaction: Transaction, invoice: Collectable, decided: Step, *, by: WriteContext) -> None:
    """The collection from now on, the end of patience, and the letter."""
    await save(transaction, {"collection": [collection_row(invoice.invoice_id, decided)]})
    if decided.ending is not None:
        await end(transaction, invoice.subscription_id, decided.ending, by=by)
    if decided.is_failure:
        await _send_letter(transaction, invoice, decided, by=by)


async def methods_changed(transaction: Transaction, *, is_requested: bool = False, by: WriteContext) -> None:
    """What is open is charged where another method can be charged now, and with `is_requested` whatever is past due. The next pass of the clock does it."""
    changes: Changes = {"collection": []}
    for invoice in await transaction.run("collections.facts", key=None):
        before = collecting(invoice)
        is_past_due = before.state is not Collection.NONE or invoice.is_overdue
        happening = Happening.RETRY_REQUESTED if is_requested and is_past_due else Happening.METHODS_CHANGED
        decided = step(before, happening, by.policy, now=by.now)
        if (decided.state, decided.next_at) != (before.state, before.next_at):
            changes["collection"].append(collection_row(invoice.invoice_id, decided))
    if changes["collection"]:
        await save(transaction, changes)


async def end_collection(transaction: Transaction, subscription_id: str, *, by: WriteContext) -> Changes:
    """For staff who release a subscription though it is unpaid: its open invoices stay open, and are charged again only with another method."""
    invoices = [invoice for invoice in await transaction.run("collections.facts", key=None) if invoice.subscription_id == subscription_id]
    collected = [invoice for invoice in invoices if invoice.collection != Collection.NONE]
    return {"collection": [collection_row(one.invoice_id, step(collecting(one), Happening.RELEASED, by.policy, now=by.now)) for one in collected]}


async def end(transaction: Transaction, subscription_id: str, ending: Ending, *, by: WriteContext) -> None:
    """Patience is over. What does not run is left as it is."""
    contract = await contract_of(transaction.run, subscription_id, is_locked=True)
    facts = await facts_of(transaction.run, contract, now=by.now)
    if ending is Ending.HOLD and can_be_held(contract.status):
        await save(transaction, rows_of(facts, hold(facts, SuspendedBy.DUNNING, note=NOTE), by))
    if ending is Ending.CANCEL and contract.status != "CANCELED":
        decision = Decision(canceled(contract, by.now), (LifecycleEvent(SubscriptionEventKind.CANCELED, NOTE),), effective_at=by.now)
        await save(transaction, rows_of(facts, decision, by))


async def lift_paid(transaction: Transaction, *, by: WriteContext) -> None:
    """After anything that makes an invoice less owed: dunning's hold goes when a subscription owes nothing any more that dunning was about. Other holds stay."""
    for due in await transaction.run("contracts.to_lift"):
        contract = await contract_of(transaction.run, due.id, is_locked=True)
        facts = await facts_of(transaction.run, contract, now=by.now)
        await save(transaction, rows_of(facts, lifted(facts, SuspendedBy.DUNNING, is_waiting=False), by))


def collecting(invoice: Collectable, *, charged_method_id: str | None = None) -> Collecting:
    """What the rules know of it. A method that was declined for good, or was tried as often as card networks allow, cannot be charged."""
    is_usable = not invoice.is_declined_for_good and invoice.recent_tries < MAX_TRIES
    failures = None
    if invoice.retry_began_on is not None and invoice.retry_last_on is not None:
        failures = Failures(invoice.retry_count, invoice.retry_began_on, invoice.retry_last_on)
    return Collecting(
        Collection(invoice.collection),
        invoice.collect_at,
        invoice.time_zone,
        failures,
        invoice.retry_method_id,
        invoice.method_id if is_usable else None,
        charged_method_id,
        invoice.is_disputed,
    )


async def _happened(transaction: Transaction, charge: ChargedInvoice, happening: Happening, *, by: WriteContext) -> None:
    """To an invoice of a subscription of which something remains; to others nothing does."""
    invoice: Collectable | None = await transaction.first("collections.facts", key=charge.invoice_id) if charge.invoice_id else None
    if invoice is not None:
        before = collecting(invoice, charged_method_id=charge.payment_method_id)
        await write_step(transaction, invoice, step(before, happening, by.policy, now=by.now), by=by)


async def _send_letter(transaction: Transaction, invoice: Collectable, decided: Step, *, by: WriteContext) -> None:
    """The letter about a failed try."""
    if by.letterhead is None:
        return
    customer = await transaction.first("customers.by_id", key=invoice.customer_id)
    language = language_of(Letter.PAYMENT_FAILED, customer.locale)
    day = decided.next_at.astimezone(ZoneInfo(invoice.time_zone)).date() if decided.next_at else None
    words = {
        "invoice": invoice.number,
        "amount": formatted(invoice.remaining_minor, invoice.currency, language),
        "next": message(decided.state, day, InvoiceStatus.OPEN, locale=language) or "",
    }
    envelope = Envelope(customer.email, customer.locale, by.new_id("let"), by.now)
    await enqueue_letter(transaction, by.letterhead, LetterDraft(Letter.PAYMENT_FAILED, envelope, invoice.customer_id, words))
