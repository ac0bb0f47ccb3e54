"""Subscriptions that move to the present version of a price: each gets the pending change, an event in its history, and its customer a letter."""

from collections.abc import Iterable

from billing.lifecycle.facts import Decision, SubscriptionFacts
from billing.lifecycle.pending import move_price
from billing.refusals import ErrorCode, Refused
from billing.rows.letters import LetterRecipientRow
from db.unit_of_work import Transaction
from mail.letters import Envelope, Letter
from mail.reader import reader_of
from resolvers.catalog.stored import StoredCatalog
from resolvers.changes.saving import save
from resolvers.changes.writing import WriteContext, rows_of
from resolvers.letters import LetterDraft, enqueue_letter
from resolvers.reads.facts import contract as contract_of
from resolvers.reads.facts import facts_of


async def schedule_moves(transaction: Transaction, stored: StoredCatalog, codes: Iterable[str], *, by: WriteContext, most: int | None = None) -> int:
    """Schedule the move of all subscriptions to earlier versions of these prices, and return how many that were. Customers are locked one after the other, in their order.
    Raises Refused for more than `most`.

    The rows of the prices say already that they move, so a subscription that cannot have a pending change now moves when its next period begins.
    """
    wanted = set(codes)
    rows = await transaction.run("catalog.earlier_prices") if wanted else []
    ids = [row.id for row in rows if row.former_code in wanted and row.moves_to is not None]
    subscriptions = await transaction.run("catalog.moving_subscriptions", ids=ids) if ids else []
    if most is not None and len(subscriptions) > most:
        message = f"{len(subscriptions):,} subscriptions have the price, and one call moves at most {most:,}. Use `portico catalog apply`."
        raise Refused(ErrorCode.INVALID_VALUE, message, "existing")
    moved = 0
    for due in subscriptions:
        await transaction.act_for(due.customer_id)
        moved += await _move(transaction, due.id, by=by)
    if subscriptions:
        await transaction.act_for(None)
    return moved


async def _move(transaction: Transaction, subscription_id: str, *, by: WriteContext) -> bool:
    contract = await contract_of(transaction.run, subscription_id)
    facts = await facts_of(transaction.run, contract, now=by.now)
    decision = move_price(facts)
    if decision is None:
        return False
    await save(transaction, rows_of(facts, decision, by))
    await _write_letter(transaction, facts, decision, by=by)
    return True


async def _write_letter(transaction: Transaction, facts: SubscriptionFacts, decision: Decision, *, by: WriteContext) -> None:
    if by.letterhead is None:
        return
    before, after = facts.contract, decision.contract
    customer: LetterRecipientRow = await transaction.first("letters.recipient")
    if not customer.is_reachable:
        return
    reader = reader_of(Letter.PRICE_CHANGE, customer.locale, facts.account.time_zone)
    words = {
        "plan": facts.coming_terms.name,
        "old": reader.money(before.renewal_minor, before.currency),
        "new": reader.money(after.renewal_minor, after.currency),
        "from": reader.day(before.renews_at) if before.renews_at and after.renews_at else reader.phrase("when_it_continues"),
    }
    envelope = Envelope(customer.email, customer.locale, by.new_id("let"), by.now)
    await enqueue_letter(transaction, by.letterhead, LetterDraft(Letter.PRICE_CHANGE, envelope, before.customer_id, words))
