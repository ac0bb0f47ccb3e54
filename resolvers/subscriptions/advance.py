"""What time did to a subscription meanwhile: one step a transaction, by the billing clock, or by whoever comes to act on it first."""

from collections.abc import Mapping
from dataclasses import replace

from billing.lifecycle import clock
from billing.lifecycle.facts import Decision, LifecycleEvent, SubscriptionFacts
from billing.states import Actor, SubscriptionEventKind
from db.unit_of_work import Transaction, UnitOfWork
from payments.processor import Processor
from resolvers.changes.saving import save
from resolvers.changes.writing import WriteContext, rows_of
from resolvers.charges.attempts import ChargeSubmission
from resolvers.charges.charging import apply_result, reserve, submit
from resolvers.reads.facts import contract as contract_of
from resolvers.reads.facts import facts_of

# A clock that stood still for years walks on at its next pass.
MAX_STEPS = 500


class SubscriptionBehindClock(Exception):
    """Time has done something to this subscription that is not written yet. Catch up, then decide."""

    def __init__(self, subscription_id: str) -> None:
        super().__init__(subscription_id)
        self.subscription_id = subscription_id


async def catch_up(session: UnitOfWork, subscription_id: str, processors: Mapping[str, Processor], *, by: WriteContext) -> int:
    """Walk through all that is due, in the name of the system. How many steps that took."""
    by = replace(by, actor=Actor.SYSTEM)
    for steps in range(MAX_STEPS):
        async with session.write() as transaction:
            step = await _step(transaction, subscription_id, processors, by=by)
        if step is None:
            return steps
        if isinstance(step, ChargeSubmission):
            result = await submit(processors[step.processor], step)
            await apply_result(session, step.charge.key, result, by=by)
        elif not clock.is_due(step.contract, by.now):
            return steps + 1
    return MAX_STEPS


async def _step(transaction: Transaction, subscription_id: str, processors: Mapping[str, Processor], *, by: WriteContext) -> ChargeSubmission | Decision | None:
    """The next step, written; or begun, if it has to be paid first. None: nothing is due (any more)."""
    contract = await contract_of(transaction.run, subscription_id, is_locked=True)
    if not clock.is_due(contract, by.now):
        return None
    facts = await facts_of(transaction.run, contract, now=by.now)
    decision = clock.step(facts)
    if decision.due_minor and facts.account.method_processor in processors:
        sending, changes = reserve(facts, decision, {"subscription": contract.id}, None, by=by)
        await save(transaction, changes)
        return sending
    decision = _stays_paused(facts) if decision.due_minor else decision
    await save(transaction, rows_of(facts, decision, by))
    return decision


def _stays_paused(facts: SubscriptionFacts) -> Decision:
    """A pause that should end now, with nothing to pay the next period with, stays one until the customer ends it."""
    return Decision(replace(facts.contract, resumes_at=None), (LifecycleEvent(SubscriptionEventKind.RESUME_FAILED),), effective_at=facts.now)
