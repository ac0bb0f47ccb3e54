"""Pause, suspend, hold, and cancel: the actions that stop billing, the service, or both. None of them refunds money."""

from dataclasses import replace
from datetime import datetime, timedelta

from billing.lifecycle.actions import Action
from billing.lifecycle.bills import renewal_minor, running
from billing.lifecycle.facts import Decision, LifecycleEvent, Redemption, SubscriptionFacts, Warning, When, is_running, never_began, unchanged
from billing.lifecycle.guards import guard, replaced
from billing.lifecycle.pending import cleared, scheduled
from billing.refusals import ErrorCode, Refused
from billing.rows.contracts import Contract
from billing.states import CancelReason, PendingChangeKind, SubscriptionEventKind, SuspendedBy

LONGEST_PAUSE = timedelta(days=366)
MAX_COMMENT = 500

# The order of holds: of several, the first one is named as the reason of the suspension.
STRENGTH = (SuspendedBy.IMPORT, SuspendedBy.MERCHANT, SuspendedBy.DUNNING, SuspendedBy.CUSTOMER)


def pause(facts: SubscriptionFacts, *, when: When, resumes_at: datetime | None) -> Decision:
    """Stop future billing at the period's end or now. A pause now keeps the paid period, which a resume before its end continues. Raises Refused."""
    contract = facts.contract
    guard(contract, Action.PAUSE)
    if contract.status == "PAUSED":
        return unchanged(facts)
    # A change of plan that this replaces would have renewed at another price.
    contract = replace(contract, renewal_minor=renewal_minor(facts, facts.terms, running(facts)))
    at = contract.period_ends_at if when is When.PERIOD_END and contract.period_ends_at else facts.now
    _check_resumption(resumes_at, at)
    if when is When.PERIOD_END:
        after = replace(scheduled(contract, PendingChangeKind.PAUSE, at), pending_resumes_at=resumes_at)
        return Decision(after, (LifecycleEvent(SubscriptionEventKind.CHANGE_SCHEDULED, "PAUSE"),), warnings=replaced(contract), effective_at=at)
    after = paused(contract, at, resumes_at)
    return Decision(after, (LifecycleEvent(SubscriptionEventKind.PAUSED),), warnings=(*replaced(contract), Warning.NO_REFUND), effective_at=at)


def paused(contract: Contract, at: datetime, resumes_at: datetime | None) -> Contract:
    return replace(cleared(contract), status="PAUSED", paused_at=at, resumes_at=resumes_at, renews_at=None)


def suspend(facts: SubscriptionFacts) -> Decision:
    """Stop the service now. The period keeps its dates, and a pending cancellation or change of plan stays; a pending pause is dropped. Raises Refused.

    A pause keeps the day on which it ends: during the suspension nothing happens on that day, see `resume.lift`.
    """
    contract = facts.contract
    guard(contract, Action.SUSPEND)
    if contract.status == "SUSPENDED":
        return unchanged(facts)
    return _suspended(facts, SuspendedBy.CUSTOMER, SubscriptionEventKind.SUSPENDED, note="")


def hold(facts: SubscriptionFacts, by: SuspendedBy, *, note: str) -> Decision:
    """Stop the service for the merchant or for dunning. A second hold of the same kind changes nothing; holds of other kinds stay. Raises Refused.

    The result of an open charge does not take effect during the hold (`awaits`), but the subscription still waits for it: the hold may be released first.
    """
    contract = facts.contract
    if contract.status == "CANCELED":
        raise Refused(ErrorCode.CANCELED, "The subscription has ended.")
    if contract.status == "SCHEDULED":
        raise Refused(ErrorCode.WRONG_STATE, "A subscription that has not started cannot be put on hold.")
    return unchanged(facts) if by in contract.holds else _suspended(facts, by, SubscriptionEventKind.HELD, note=note)


def _suspended(facts: SubscriptionFacts, by: SuspendedBy, kind: SubscriptionEventKind, *, note: str) -> Decision:
    contract = facts.contract
    drops_pause = contract.pending_kind == PendingChangeKind.PAUSE
    holds = [*contract.holds, by]
    after = replace(
        cleared(contract) if drops_pause else contract,
        status="SUSPENDED",
        holds=holds,
        suspended_by=strongest(holds),
        suspended_at=contract.suspended_at or facts.now,
        renews_at=None,
    )
    delays_resume = contract.status == "PAUSED" and contract.resumes_at is not None
    warnings = (
        *((Warning.REPLACES_PENDING_PAUSE,) if drops_pause else ()),
        *((Warning.RESUMES_AFTER_SUSPENSION,) if delays_resume else ()),
        Warning.OPEN_INVOICES_STAY_DUE,
    )
    return Decision(after, (LifecycleEvent(kind, note),), warnings=warnings, effective_at=facts.now)


def strongest(holds: list[str]) -> str | None:
    return next((by for by in STRENGTH if by in holds), None)


def cancel(facts: SubscriptionFacts, *, when: When, reason: CancelReason | None, comment: str | None) -> Decision:
    """End the subscription at the period's end or now; without a running period now, whatever `when` is. Open invoices stay due. Raises Refused.

    The result of an open charge is dropped (`awaits`). A subscription that never began returns the coupon of its order.
    """
    contract = facts.contract
    guard(contract, Action.CANCEL)
    if comment is not None and len(comment) > MAX_COMMENT:
        raise Refused(ErrorCode.INVALID_VALUE, f"A comment has at most {MAX_COMMENT} characters.", "comment")
    if contract.status == "CANCELED" or (contract.pending_kind == PendingChangeKind.CANCEL and when is When.PERIOD_END):
        return unchanged(facts)
    # A change of plan that this replaces would have renewed at another price.
    without_charge = replace(
        contract,
        charging_payment_id=None,
        cancel_reason=reason or contract.cancel_reason,
        cancel_comment=comment or contract.cancel_comment,
        renewal_minor=renewal_minor(facts, facts.terms, running(facts)),
    )
    ends_now = when is When.NOW or contract.status in ("SCHEDULED", "PAUSED") or not is_running(contract, facts.now)
    at = facts.now if ends_now else contract.period_ends_at or facts.now
    after = canceled(without_charge, at) if ends_now else scheduled(without_charge, PendingChangeKind.CANCEL, at)
    event = LifecycleEvent(SubscriptionEventKind.CANCELED) if ends_now else LifecycleEvent(SubscriptionEventKind.CHANGE_SCHEDULED, "CANCEL")
    warnings = _warnings_of_cancel(facts, ends_now=ends_now)
    return Decision(after, (event,), redemptions=_returned(facts), warnings=warnings, effective_at=at)


def failed_order(facts: SubscriptionFacts, *, note: str) -> Decision:
    """Cancel an order whose first payment failed. Nothing is owed."""
    after = canceled(facts.contract, facts.now)
    return Decision(after, (LifecycleEvent(SubscriptionEventKind.CANCELED, note),), redemptions=_returned(facts), effective_at=facts.now)


def awaits(contract: Contract, payment_id: str) -> bool:
    """Return whether the result of a charge still takes effect: not after a cancellation, and not while the merchant or dunning holds the subscription."""
    return contract.charging_payment_id == payment_id and not set(contract.holds) - {SuspendedBy.CUSTOMER}


def canceled(contract: Contract, at: datetime) -> Contract:
    return replace(
        cleared(contract),
        status="CANCELED",
        canceled_at=at,
        holds=[],
        suspended_by=None,
        suspended_at=None,
        paused_at=None,
        resumes_at=None,
        renews_at=None,
        charging_payment_id=None,
    )


def _returned(facts: SubscriptionFacts) -> tuple[Redemption, ...]:
    """Return the coupon of an order that is canceled before it begins, as never redeemed."""
    redemption = running(facts)
    if redemption is None or not never_began(facts.contract):
        return ()
    return (replace(redemption, is_ended=True, is_withdrawn=True),)


def _warnings_of_cancel(facts: SubscriptionFacts, *, ends_now: bool) -> tuple[Warning, ...]:
    contract, account = facts.contract, facts.account
    loses = ends_now and contract.status != "TRIALING" and is_running(contract, facts.now)
    return (
        *(replaced(contract) if contract.pending_kind != PendingChangeKind.CANCEL else ()),
        *((Warning.NO_REFUND,) if loses else ()),
        *((Warning.OPEN_INVOICES_STAY_DUE,) if contract.has_overdue or account.coverage_remaining_minor else ()),
        *((Warning.COUPON_ENDS,) if account.redemption_id else ()),
        *((Warning.PAYMENT_BECOMES_CREDIT,) if contract.charging_payment_id else ()),
    )


def _check_resumption(resumes_at: datetime | None, paused_at: datetime) -> None:
    if resumes_at is not None and not paused_at < resumes_at <= paused_at + LONGEST_PAUSE:
        raise Refused(ErrorCode.INVALID_VALUE, "The subscription must resume after the pause begins, at most a year later.", "resumesAt")
