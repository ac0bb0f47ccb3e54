"""The release of a subscription that was imported: from then on it renews here, where its running period ends."""

from dataclasses import replace
from datetime import timedelta

from billing.lifecycle.bills import is_free
from billing.lifecycle.facts import Decision, LifecycleEvent, SubscriptionFacts, never_began
from billing.lifecycle.resume import lift
from billing.refusals import ErrorCode, Refused
from billing.states import PendingChangeKind, SubscriptionEventKind, SuspendedBy

# The system that the subscription came from needs the time to be told; within it both might bill the next period.
LEAST_NOTICE = timedelta(hours=24)


def release_imported(facts: SubscriptionFacts) -> Decision:
    """Lift the import's hold. Past periods are never billed and the running one counts as paid, so it is refused where no period runs, where the next begins within a day, and
    where nothing could be charged for it. What is paused or held by others as well goes on being so. Raises Refused."""
    contract, now = facts.contract, facts.now
    if SuspendedBy.IMPORT not in contract.holds:
        raise Refused(ErrorCode.WRONG_STATE, "The import does not hold the subscription.")
    begins = contract.started_at if never_began(contract) else contract.period_ends_at
    is_stopped = contract.holds != [SuspendedBy.IMPORT] or (contract.paused_at is not None and contract.pending_kind is None)
    if not is_stopped:
        if begins is None or begins <= now:
            raise Refused(ErrorCode.PERIOD_LAPSED, "The imported period is over. Import the subscription again as it stands in its source now.")
        _check_renewal(facts, begins - now)
    if never_began(contract):
        renews_at = contract.trial_ends_at or contract.started_at
        after = replace(contract, status="SCHEDULED", holds=[], suspended_by=None, suspended_at=None, renews_at=renews_at)
        return Decision(after, (LifecycleEvent(SubscriptionEventKind.RELEASED, SuspendedBy.IMPORT),), effective_at=now)
    lifted = lift(facts, SuspendedBy.IMPORT, is_waiting=False)
    return replace(lifted, events=(LifecycleEvent(SubscriptionEventKind.RELEASED, SuspendedBy.IMPORT),))


def _check_renewal(facts: SubscriptionFacts, left: timedelta) -> None:
    """Check what the next renewal needs. What ends with its period, or pauses there, does not renew. Raises Refused."""
    if facts.contract.pending_kind in (PendingChangeKind.CANCEL, PendingChangeKind.PAUSE):
        return
    if left < LEAST_NOTICE:
        raise Refused(ErrorCode.RENEWS_SOON, "It renews within a day. Let the source renew it, import it again, and release it then.")
    if facts.account.method_id is None and not is_free(facts):
        raise Refused(ErrorCode.PAYMENT_METHOD_REQUIRED, "Nothing can be charged for the next period. Add a payment method first.")
