"""The table of the lifecycle, cell by cell, written out once more."""

import pytest

from billing.lifecycle import actions
from billing.lifecycle.actions import LIFECYCLE, Action
from billing.money.coupons import RunningCoupon
from billing.states import Actor

YES = None
STATES = {
    # status, suspended_by, pending_kind, has_overdue: pause, suspend, resume, cancel, change plan, coupon
    ("PENDING", None, None, False): ("WRONG_STATE", "WRONG_STATE", "WRONG_STATE", YES, "WRONG_STATE", "WRONG_STATE"),
    ("SCHEDULED", None, None, False): ("WRONG_STATE", "WRONG_STATE", "WRONG_STATE", YES, "WRONG_STATE", YES),
    ("TRIALING", None, None, False): ("PAUSE_IN_TRIAL", YES, "WRONG_STATE", YES, YES, YES),
    ("ACTIVE", None, None, False): (YES, YES, "WRONG_STATE", YES, YES, YES),
    ("ACTIVE", None, None, True): ("OVERDUE_INVOICE", YES, "WRONG_STATE", YES, "OVERDUE_INVOICE", YES),
    ("ACTIVE", None, "PAUSE", False): ("ALREADY_SCHEDULED", YES, YES, YES, YES, YES),
    ("ACTIVE", None, "PAUSE", True): ("ALREADY_SCHEDULED", YES, YES, YES, "OVERDUE_INVOICE", YES),
    ("ACTIVE", None, "CANCEL", False): ("ALREADY_SCHEDULED", YES, YES, YES, "RESUME_FIRST", "RESUME_FIRST"),
    ("TRIALING", None, "CANCEL", False): ("ALREADY_SCHEDULED", YES, YES, YES, "RESUME_FIRST", "RESUME_FIRST"),
    ("ACTIVE", None, "PLAN", False): (YES, YES, YES, YES, YES, YES),
    ("ACTIVE", None, "PLAN", True): ("OVERDUE_INVOICE", YES, YES, YES, "OVERDUE_INVOICE", YES),
    ("TRIALING", None, "PLAN", False): ("PAUSE_IN_TRIAL", YES, YES, YES, YES, YES),
    ("PAUSED", None, None, False): (YES, YES, YES, YES, "RESUME_FIRST", YES),
    ("SUSPENDED", "CUSTOMER", None, False): ("RESUME_FIRST", YES, YES, YES, "RESUME_FIRST", YES),
    ("SUSPENDED", "CUSTOMER", "CANCEL", False): ("RESUME_FIRST", YES, YES, YES, "RESUME_FIRST", YES),
    ("SUSPENDED", "MERCHANT", None, False): ("NOT_YOURS_TO_RESUME",) * 3 + (YES,) + ("NOT_YOURS_TO_RESUME",) * 2,
    ("SUSPENDED", "DUNNING", None, True): ("NOT_YOURS_TO_RESUME",) * 3 + (YES,) + ("NOT_YOURS_TO_RESUME",) * 2,
    ("CANCELED", None, None, False): ("CANCELED", "CANCELED", "CANCELED", YES, "CANCELED", "CANCELED"),
}


@pytest.mark.parametrize(("state", "reasons"), STATES.items(), ids=map(str, STATES))
def test_each_cell_of_the_lifecycle_table(state: tuple, reasons: tuple) -> None:
    items = {item.action: item for item in actions.of_subscription(*state, False, None)}
    assert {action: items[action].reason for action in LIFECYCLE} == dict(zip(LIFECYCLE, reasons, strict=True))
    assert items[Action.UPDATE_QUANTITY].reason == items[Action.CHANGE_PLAN].reason
    assert items[Action.WITHDRAW_PENDING_CHANGE].allowed == (state[2] is not None and state[0] != "SUSPENDED")
    assert all(item.allowed == (item.reason is None) == (item.message is None) for item in items.values())


@pytest.mark.parametrize("coupon", [None, *RunningCoupon])
@pytest.mark.parametrize(("state", "reasons"), STATES.items(), ids=map(str, STATES))
def test_a_coupon_is_removed_where_one_runs_and_one_is_applied_where_none_lasts(state: tuple, reasons: tuple, coupon: RunningCoupon | None) -> None:
    reason_of = {item.action: item.reason for item in actions.of_subscription(*state, False, coupon)}
    assert reason_of[Action.APPLY_COUPON] == (reasons[-1] or ("COUPON_ALREADY_APPLIED" if coupon == "LASTING" else None))
    assert reason_of[Action.REMOVE_COUPON] == (reasons[-1] or (None if coupon else "WRONG_STATE"))


@pytest.mark.parametrize("state", STATES, ids=map(str, STATES))
def test_while_a_charge_decides_it_can_only_be_canceled(state: tuple) -> None:
    reasons = {item.action: item.reason for item in actions.of_subscription(*state, True, None)}
    assert reasons.pop(Action.CANCEL) is None
    assert set(reasons.values()) == {"WRONG_STATE" if state[0] == "PENDING" else "IN_PROGRESS"}


@pytest.mark.parametrize(
    ("status", "remaining", "reason"),
    [
        ("OPEN", 5, None),
        ("PARTIALLY_PAID", 5, None),
        ("PROCESSING", 5, "IN_PROGRESS"),
        ("PAID", 0, "ALREADY_PAID"),
        ("VOID", 0, "NOT_PAYABLE"),
        ("REFUNDED", 0, "NOT_PAYABLE"),
    ],
)
def test_what_can_be_paid(status: str, remaining: int, reason: str | None) -> None:
    assert next(item.reason for item in actions.of_invoice(status, remaining) if item.action is Action.PAY) == reason


@pytest.mark.parametrize(
    ("status", "remaining", "reason"), [("OPEN", 5, "IN_PROGRESS"), ("PARTIALLY_PAID", 5, "IN_PROGRESS"), ("PROCESSING", 5, "IN_PROGRESS")]
)
def test_what_is_in_payment_is_not_paid_meanwhile(status: str, remaining: int, reason: str) -> None:
    assert next(item.reason for item in actions.of_invoice(status, remaining, True) if item.action is Action.PAY) == reason


@pytest.mark.parametrize(
    ("installment", "covering", "reason"),
    [
        (("DUE", 5), (None, None), None),
        (("DUE", 5), ("OPEN", 5), None),
        (("PARTIALLY_PAID", 5), ("PARTIALLY_PAID", 5), None),
        (("DUE", 5), ("PROCESSING", 5), "IN_PROGRESS"),
        (("DUE", 5), ("VOID", 0), "NOT_PAYABLE"),
        (("DUE", 5), ("REFUNDED", 0), "NOT_PAYABLE"),
        (("DUE", 5), ("PAID", 0), "ALREADY_PAID"),
        (("PROCESSING", 5), ("VOID", 0), "IN_PROGRESS"),
        (("CANCELED", 0), ("OPEN", 5), "NOT_PAYABLE"),
        (("PAID", 0), ("PROCESSING", 5), "ALREADY_PAID"),
    ],
)
def test_an_installment_is_paid_where_it_and_its_invoice_can_be(installment: tuple, covering: tuple, reason: str | None) -> None:
    assert [item.reason for item in actions.of_installment(*installment, *covering)] == [reason]


@pytest.mark.parametrize(("files", "limit", "reason"), [(0, 1, None), (1, 1, "QUOTA_EXCEEDED"), (2, 3, None), (3, 3, "QUOTA_EXCEEDED"), (999, None, None)])
def test_files_are_attached_as_long_as_there_is_room(files: int, limit: int | None, reason: str | None) -> None:
    on_invoice = actions.of_invoice("PAID", 0, False, files, max_files=limit)
    on_schedule = actions.of_schedule("ACTIVE", files, max_files=limit)
    assert [item.reason for item in (*on_invoice, *on_schedule) if item.action is Action.UPLOAD_ATTACHMENTS] == [reason, reason]
    assert actions.of_schedule("CANCELED", files, max_files=limit)[0].reason == "WRONG_STATE"


@pytest.mark.parametrize(
    ("status", "is_in_payment", "remaining_minor", "update", "cancel"),
    [
        ("ACTIVE", False, 5, None, None),
        ("ACTIVE", True, 5, None, "IN_PROGRESS"),
        ("FINISHED", False, 0, "ALREADY_PAID", "ALREADY_PAID"),
        ("CANCELED", True, 0, "WRONG_STATE", "WRONG_STATE"),
        ("CANCELED", False, 5, "WRONG_STATE", None),
        ("CANCELED", True, 5, "WRONG_STATE", "IN_PROGRESS"),
    ],
)
def test_only_staff_change_and_cancel_a_schedule(status: str, is_in_payment: bool, remaining_minor: int, update: str | None, cancel: str | None) -> None:
    for actor in Actor:
        reasons = {item.action: item.reason for item in actions.of_schedule(status, 0, is_in_payment, remaining_minor, actor=actor)}
        staff = {Action.UPDATE_INSTALLMENTS: update, Action.CANCEL: cancel} if actor is Actor.STAFF else {}
        assert {action: reason for action, reason in reasons.items() if action is not Action.UPLOAD_ATTACHMENTS} == staff


@pytest.mark.parametrize(("actor", "uploader"), [("CUSTOMER", "CUSTOMER"), ("CUSTOMER", "STAFF"), ("STAFF", "CUSTOMER"), ("STAFF", "STAFF")])
def test_staff_cannot_delete_what_a_customer_uploaded_nor_the_other_way_round(actor: str, uploader: str) -> None:
    for needs_sign_in in (False, True):
        states = actions.of_attachment("STORED", uploader, actor=Actor(actor), needs_sign_in=needs_sign_in)
        delete = next(item for item in states if item.action is Action.DELETE)
        assert delete.reason == ("NOT_YOURS_TO_DELETE" if actor != uploader else "SIGN_IN_REQUIRED" if needs_sign_in else None)


@pytest.mark.parametrize(
    ("default", "expired", "in_use", "in_flight", "reasons"),
    [
        (True, False, True, False, ("ALREADY_DEFAULT", "METHOD_IN_USE")),
        (False, True, False, False, ("METHOD_EXPIRED", None)),
        (False, False, False, True, (None, "IN_PROGRESS")),
        (False, False, False, False, (None, None)),
    ],
)
def test_what_can_be_done_with_a_method(default: bool, expired: bool, in_use: bool, in_flight: bool, reasons: tuple) -> None:
    assert tuple(item.reason for item in actions.of_method(default, expired, in_use, in_flight)) == reasons
