"""The lifecycle table as the mutations obey it."""

from billing.actions import MESSAGES, Action, judge, of_subscription
from billing.lifecycle.facts import Warning
from billing.refusals import ErrorCode, Refused
from billing.rows.contracts import Contract

REPLACED = {"PAUSE": Warning.REPLACES_PENDING_PAUSE, "CANCEL": Warning.REPLACES_PENDING_CANCEL, "PLAN": Warning.REPLACES_PENDING_PLAN}
MAX_QUANTITY = 10_000


def guard(contract: Contract, action: Action) -> None:
    """Raises Refused with the table's reason."""
    is_charging = contract.charging_payment_id is not None
    judge(of_subscription(contract.status, contract.suspended_by, contract.pending_kind, contract.has_overdue, is_charging), action)


def guard_charge(contract: Contract) -> None:
    """For who is not asked by the table. Raises Refused while a charge decides what becomes of the subscription."""
    if contract.charging_payment_id is not None:
        raise Refused(ErrorCode.IN_PROGRESS, MESSAGES[ErrorCode.IN_PROGRESS])


def judge_quantity(quantity: int) -> None:
    if not 1 <= quantity <= MAX_QUANTITY:
        raise Refused(ErrorCode.INVALID_VALUE, f"A quantity is 1 to {MAX_QUANTITY:,}.", "quantity")


def replaced(contract: Contract) -> tuple[Warning, ...]:
    """The warning for whoever is about to replace a pending change."""
    return (REPLACED[contract.pending_kind],) if contract.pending_kind else ()
