"""Changes of a subscription that are due by time: one step per transaction, taken by the billing clock, or by the first mutation on the subscription."""

from collections.abc import Mapping
from dataclasses import replace

from billing.lifecycle import clock
from billing.lifecycle.facts import Decision, LifecycleEvent, SubscriptionFacts
from billing.states import Actor, SubscriptionEventKind
from db.unit_of_work import Transaction, UnitOfWork
from payments.processor import Processor, configured
from resolvers.changes.saving import save
from resolvers.changes.writing import WriteContext, rows_of
from resolvers.charges.attempts import ChargeSubmission
from resolvers.charges.charging import apply_result, reserve, submit
from resolvers.reads.facts import contract as contract_of
from resolvers.reads.facts import facts_of

# After years without a run, the clock continues the rest at its next pass.
MAX_STEPS = 500


class SubscriptionBehindClock(Exception):
    """A change of this subscription that is due by time is not written yet. Call `catch_up`, then decide again."""

    def __init__(self, subscription_id: str) -> None:
        super().__init__(subscription_id)
        self.subscription_id = subscription_id


async def catch_up(session: UnitOfWork, subscription_id: str, processors: Mapping[str, Processor], *, by: WriteContext) -> int:
    """Take all steps that are due, as the system. Return how many that were."""
    by = replace(by, actor=Actor.SYSTEM)
    for steps in range(MAX_STEPS):
        async with session.write() as transaction:
            step = await _step(transaction, subscription_id, processors, by=by)
        if step is None:
            return steps
        if isinstance(step, ChargeSubmission):
            result = await submit(configured(processors, step.processor), step)
            await apply_result(session, step.charge.key, result, by=by)
        elif not clock.is_due(step.contract, by.now):
            return steps + 1
    return MAX_STEPS


async def _step(transaction: Transaction, subscription_id: str, processors: Mapping[str, Processor], *, by: WriteContext) -> ChargeSubmission | Decision | None:
    """Write the next step and return it; if it has to be paid first, reserve the charge and return it. None if nothing is due any more."""
    contract = await contract_of(transaction.run, subscription_id)
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
    """Return the decision for a pause that should end now without a method to pay the next period: it lasts until the customer ends it."""
    return Decision(replace(facts.contract, resumes_at=None), (LifecycleEvent(SubscriptionEventKind.RESUME_FAILED),), effective_at=facts.now)
