"""Dunning: writes the decisions of `billing/money/dunning.py` about unpaid invoices and their subscriptions. Every function needs the customer's lock."""

from dataclasses import replace
from typing import Protocol
from zoneinfo import ZoneInfo

from billing.lifecycle.facts import Decision, LifecycleEvent
from billing.lifecycle.resume import lift as lifted
from billing.lifecycle.stops import canceled, hold
from billing.money.collection import message
from billing.money.dunning import ENDS_PROMISE, MAX_TRIES, Collecting, Ending, Failures, Happening, Step, can_be_held, charge_at, step, with_next_day
from billing.money.money import formatted
from billing.rows.letters import LetterRecipientRow
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
    """Apply a failed charge of the billing clock. `never_happened`: there was no method or processor to charge."""
    await _apply_happening(transaction, charge, Happening.UNAVAILABLE if never_happened else Happening.DECLINED, by=by)


async def returned(transaction: Transaction, charge: ChargedInvoice, *, by: WriteContext) -> None:
    """Apply a debit that a bank returned after its success. Once the invoice is owed again, it counts as one more failed try, and the policy's days continue."""
    await _apply_happening(transaction, charge, Happening.RETURNED, by=by)


async def disputed(transaction: Transaction, charge: ChargedInvoice, *, by: WriteContext) -> None:
    """Apply a dispute by which a bank took the money back. Once the invoice is owed again, the clock never charges it, and the policy's final action is taken now."""
    await _apply_happening(transaction, charge, Happening.DISPUTED, by=by)


async def write_step(transaction: Transaction, invoice: Collectable, decided: Step, *, by: WriteContext) -> None:
    """Write the collection from now on, the policy's final action if it is due, and the letter."""
    await save(transaction, {"collection": [collection_row(invoice.invoice_id, decided)]})
    if decided.ending is not None and invoice.subscription_id is not None:
        await end(transaction, invoice.subscription_id, decided.ending, by=by)
    if decided.is_failure:
        await _send_letter(transaction, invoice, decided, by=by)


async def await_next_day(transaction: Transaction, invoice: Collectable) -> None:
    """Charge an invoice of which nothing is due now on the day of its next installment."""
    if invoice.next_part_on is not None:
        planned = Step(Collection.DUE, charge_at(invoice.next_part_on, invoice.time_zone), None, None)
        await save(transaction, {"collection": [collection_row(invoice.invoice_id, planned)]})


def next_step(invoice: Collectable, happening: Happening, *, charged_method_id: str | None = None, by: WriteContext) -> Step:
    """Return the collection of an invoice after an event. One that is charged in parts begins anew on the day of the next part, unless its money was disputed."""
    decided = step(collecting(invoice, charged_method_id=charged_method_id), happening, by.policy, now=by.now)
    decided = replace(decided, ends_promise=happening in ENDS_PROMISE)
    is_over = invoice.is_disputed or happening is Happening.DISPUTED
    return decided if is_over else with_next_day(decided, invoice.next_part_on, invoice.time_zone)


async def methods_changed(transaction: Transaction, *, is_requested: bool = False, by: WriteContext) -> None:
    """Schedule open invoices where another method can be charged now, and with `is_requested` all that are past due. The next pass of the clock charges them."""
    changes: Changes = {"collection": []}
    for invoice in await transaction.run("collections.facts", key=None):
        before = collecting(invoice)
        is_past_due = (before.state is not Collection.NONE and not invoice.is_planned) or invoice.is_overdue
        happening = Happening.RETRY_REQUESTED if is_requested and is_past_due else Happening.METHODS_CHANGED
        decided = next_step(invoice, happening, by=by)
        if (decided.state, decided.next_at) != (before.state, before.next_at):
            changes["collection"].append(collection_row(invoice.invoice_id, decided))
    if changes["collection"]:
        await save(transaction, changes)


async def end_collection(transaction: Transaction, subscription_id: str, *, by: WriteContext) -> Changes:
    """Return the changes for a release by staff of an unpaid subscription: its open invoices stay open, and are charged again only with another method."""
    invoices = [invoice for invoice in await transaction.run("collections.facts", key=None) if invoice.subscription_id == subscription_id]
    collected = [invoice for invoice in invoices if invoice.collection != Collection.NONE and not invoice.is_planned]
    return {"collection": [collection_row(one.invoice_id, next_step(one, Happening.RELEASED, by=by)) for one in collected]}


async def end(transaction: Transaction, subscription_id: str, ending: Ending, *, by: WriteContext) -> None:
    """Take the policy's final action. A subscription that does not run is not changed."""
    contract = await contract_of(transaction.run, subscription_id)
    facts = await facts_of(transaction.run, contract, now=by.now)
    if ending is Ending.HOLD and can_be_held(contract.status):
        await save(transaction, rows_of(facts, hold(facts, SuspendedBy.DUNNING, note=NOTE), by))
    if ending is Ending.CANCEL and contract.status != "CANCELED":
        decision = Decision(canceled(contract, by.now), (LifecycleEvent(SubscriptionEventKind.CANCELED, NOTE),), effective_at=by.now)
        await save(transaction, rows_of(facts, decision, by))


async def lift_paid(transaction: Transaction, *, by: WriteContext) -> None:
    """Lift dunning's hold from subscriptions whose dunned invoices are paid. Called after anything that reduces what an invoice owes. Other holds stay."""
    for due in await transaction.run("contracts.to_lift"):
        contract = await contract_of(transaction.run, due.id)
        facts = await facts_of(transaction.run, contract, now=by.now)
        await save(transaction, rows_of(facts, lifted(facts, SuspendedBy.DUNNING, is_waiting=False), by))


def collecting(invoice: Collectable, *, charged_method_id: str | None = None) -> Collecting:
    """Return the invoice's facts for the rules. A method that was declined finally, or was tried as often as card networks allow, cannot be charged."""
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


async def _apply_happening(transaction: Transaction, charge: ChargedInvoice, happening: Happening, *, by: WriteContext) -> None:
    """Apply a happening to the charge's invoice. Ignored unless the clock collects it, or it belongs to a subscription, and something remains to be paid."""
    invoice: Collectable | None = await transaction.first("collections.facts", key=charge.invoice_id) if charge.invoice_id else None
    if invoice is not None:
        await write_step(transaction, invoice, next_step(invoice, happening, charged_method_id=charge.payment_method_id, by=by), by=by)


async def _send_letter(transaction: Transaction, invoice: Collectable, decided: Step, *, by: WriteContext) -> None:
    """Write the letter about a failed charge."""
    if by.letterhead is None:
        return
    customer: LetterRecipientRow = await transaction.first("letters.recipient")
    if not customer.is_reachable:
        return
    language = language_of(Letter.PAYMENT_FAILED, customer.locale)
    day = decided.next_at.astimezone(ZoneInfo(invoice.time_zone)).date() if decided.next_at else None
    words = {
        "link": f"{by.letterhead.help}/invoices/{invoice.invoice_id}",
        "invoice": invoice.number,
        "amount": formatted(invoice.due_minor, invoice.currency, language),
        "next": message(decided.state, day, InvoiceStatus.OPEN, locale=language) or "",
    }
    envelope = Envelope(customer.email, customer.locale, by.new_id("let"), by.now)
    await enqueue_letter(transaction, by.letterhead, LetterDraft(Letter.PAYMENT_FAILED, envelope, invoice.customer_id, words))
