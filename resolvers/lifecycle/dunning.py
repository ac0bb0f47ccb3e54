"""What happens to a subscription whose invoice stays unpaid, and when that is taken back."""

from billing.dunning import Ending, can_be_held
from billing.lifecycle.facts import Decision, Event
from billing.lifecycle.resume import lift as lifted
from billing.lifecycle.stops import canceled, hold
from billing.states import SubscriptionEventKind, SuspendedBy
from db.session import Transaction
from resolvers.lifecycle.reading import contract as contract_of
from resolvers.lifecycle.reading import facts_of
from resolvers.lifecycle.writing import Writer, rows_of, save

NOTE = "An invoice stayed unpaid."


async def end(transaction: Transaction, subscription_id: str, ending: Ending, *, by: Writer) -> None:
    """Patience is over. What does not run is left as it is."""
    contract = await contract_of(transaction.run, subscription_id, is_locked=True)
    facts = await facts_of(transaction.run, contract, now=by.now)
    if ending is Ending.HOLD and can_be_held(contract.status):
        await save(transaction, rows_of(facts, hold(facts, SuspendedBy.DUNNING, note=NOTE), by))
    if ending is Ending.CANCEL and contract.status != "CANCELED":
        decision = Decision(canceled(contract, by.now), (Event(SubscriptionEventKind.CANCELED, NOTE),), effective_at=by.now)
        await save(transaction, rows_of(facts, decision, by))


async def lift_paid(transaction: Transaction, *, by: Writer) -> None:
    """After a payment: dunning's hold goes when a subscription owes nothing any more that dunning was about. Other holds stay."""
    for due in await transaction.run("contracts.to_lift"):
        contract = await contract_of(transaction.run, due.id, is_locked=True)
        facts = await facts_of(transaction.run, contract, now=by.now)
        await save(transaction, rows_of(facts, lifted(facts, SuspendedBy.DUNNING, is_waiting=False), by))
