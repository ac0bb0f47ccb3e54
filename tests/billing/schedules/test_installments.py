"""Payment schedules: equal parts, amounts and days as they are entered, and which installments may be changed."""

from calendar import monthrange
from datetime import UTC, date, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from billing.money.decimals import minor_units
from billing.money.money import MAX_MINOR, apportioned
from billing.refusals import Refused
from billing.rows.money.schedules import ScheduledInstallment, ScheduleInvoice
from billing.schedules.changes import InstallmentEdit, RequestedUpdate, updated
from billing.schedules.documents import correction, invoice_at, is_untouched
from billing.schedules.installments import MAX_INSTALLMENTS, InstallmentRhythm, PlannedInstallment, amount_of, check_installments, equal_installments
from billing.states import BillingInterval

TODAY = date(2027, 1, 31)
MONTHLY = InstallmentRhythm(TODAY, BillingInterval.MONTH)


@given(st.integers(0, MAX_MINOR), st.lists(st.integers(0, 10**6), min_size=1, max_size=30).filter(any))
def test_parts_add_up_and_none_is_a_unit_from_its_share(minor: int, weights: list[int]) -> None:
    parts = apportioned(minor, weights)
    assert sum(parts) == minor
    for part, weight in zip(parts, weights, strict=True):
        assert abs(part * sum(weights) - minor * weight) < sum(weights)


@pytest.mark.parametrize(
    ("minor", "weights", "parts"),
    [(100, [1, 1, 1], [34, 33, 33]), (100, [1, 1, 4], [17, 17, 66]), (5, [0, 1], [0, 5]), (0, [1, 1], [0, 0]), (10, [1, 2, 3], [2, 3, 5])],
)
def test_what_is_left_goes_to_the_largest_remainders_and_of_equal_ones_to_the_first(minor: int, weights: list[int], parts: list[int]) -> None:
    assert apportioned(minor, weights) == parts


@pytest.mark.parametrize(("minor", "weights"), [(1, []), (1, [0]), (1, [-1, 2]), (-1, [1])])
def test_parts_of_nothing_are_refused(minor: int, weights: list[int]) -> None:
    with pytest.raises(ValueError, match="weights"):
        apportioned(minor, weights)


@given(st.integers(1, MAX_INSTALLMENTS), st.integers(MAX_INSTALLMENTS, MAX_MINOR))
def test_equal_installments_add_up_to_the_minor_unit(count: int, total: int) -> None:
    amounts = [one.amount_minor for one in equal_installments(total, count, MONTHLY)]
    assert sum(amounts) == total
    assert len(amounts) == count
    assert max(amounts) - min(amounts) <= 1
    assert amounts == sorted(amounts, reverse=True)


@given(st.dates(date(2020, 1, 1), date(2040, 12, 31)), st.integers(2, 60), st.integers(1, 12))
def test_month_ends_are_kept(first: date, count: int, every: int) -> None:
    days = [one.due_on for one in equal_installments(10**6, count, InstallmentRhythm(first, BillingInterval.MONTH, every))]
    for number, day in enumerate(days):
        months = first.year * 12 + first.month - 1 + number * every
        assert (day.year * 12 + day.month - 1, day.day) == (months, min(first.day, monthrange(day.year, day.month)[1]))


def test_the_31st_becomes_the_last_of_a_shorter_month_and_the_31st_again() -> None:
    assert [one.due_on.day for one in equal_installments(600, 6, MONTHLY)] == [31, 28, 31, 30, 31, 30]
    assert [one.name for one in equal_installments(600, 3, MONTHLY)] == ["1/3", "2/3", "3/3"]


@pytest.mark.parametrize(
    ("total", "count", "rhythm", "field"),
    [
        (100, 0, MONTHLY, "count"),
        (1_000, MAX_INSTALLMENTS + 1, MONTHLY, "count"),
        (2, 3, MONTHLY, "total"),
        (100, 3, InstallmentRhythm(TODAY, BillingInterval.MONTH, 0), "every.count"),
        (100, 3, InstallmentRhythm(TODAY, BillingInterval.YEAR, 37), "every.count"),
        (1_000, 120, InstallmentRhythm(TODAY, BillingInterval.YEAR, 36), "every"),
        (1_000, 120, InstallmentRhythm(date(2999, 12, 1), BillingInterval.YEAR, 36), "every"),
        (1_000, 40, InstallmentRhythm(date(2999, 12, 1), BillingInterval.DAY, 1), "every"),
    ],
)
def test_equal_installments_that_cannot_be_are_refused(total: int, count: int, rhythm: InstallmentRhythm, field: str) -> None:
    with pytest.raises(Refused) as refused:
        equal_installments(total, count, rhythm)
    assert (refused.value.code, refused.value.field) == ("INVALID_VALUE", field)


@pytest.mark.parametrize(
    ("text", "currency", "minor"),
    [
        ("12.9", "USD", 1_290),
        ("12.900", "USD", 1_290),
        ("-3", "EUR", -300),
        ("0.001", "KWD", 1),
        ("7", "JPY", 7),
        ("7.0", "JPY", 7),
        ("90071992547409.91", "USD", MAX_MINOR),
    ],
)
def test_an_amount_in_major_units_is_read_exactly(text: str, currency: str, minor: int) -> None:
    assert minor_units(text, currency) == minor


@pytest.mark.parametrize(
    ("text", "currency"), [("12.999", "USD"), ("7.5", "JPY"), ("0.0001", "KWD"), ("90071992547409.92", "USD"), ("9" * 30, "JPY"), ("1e3", "USD"), ("", "USD")]
)
def test_an_amount_that_the_currency_has_not_is_refused(text: str, currency: str) -> None:
    with pytest.raises(ValueError, match=r"decimal|minor units"):
        minor_units(text, currency)


@pytest.mark.parametrize("text", ["0", "-1", "0.00", "1.234"])
def test_an_installment_has_an_amount_above_zero(text: str) -> None:
    with pytest.raises(Refused) as refused:
        amount_of(text, "USD", "installments.3.amount")
    assert (refused.value.code, refused.value.field) == ("INVALID_VALUE", "installments.3.amount")


def planned(*days: int, amount: int = 100, external_ids: tuple[str | None, ...] = ()) -> list[PlannedInstallment]:
    ids = external_ids or (None,) * len(days)
    return [PlannedInstallment(str(number), date.fromordinal(TODAY.toordinal() + day), amount, ids[number]) for number, day in enumerate(days)]


@pytest.mark.parametrize(
    ("installments", "code", "field"),
    [
        (planned(), "INVALID_VALUE", "installments"),
        (planned(*[1] * (MAX_INSTALLMENTS + 1)), "INVALID_VALUE", "installments"),
        (planned(0, 5, 4), "INVALID_VALUE", "installments.2.dueOn"),
        (planned(-1, 5), "INVALID_VALUE", "installments.0.dueOn"),
        (planned(0, 1, amount=MAX_MINOR // 2 + 1), "INVALID_VALUE", "installments"),
        (planned(0, 1, external_ids=("a", "a")), "EXTERNAL_ID_TAKEN", "installments.1.externalId"),
    ],
)
def test_installments_that_cannot_be_are_refused_with_their_path(installments: list[PlannedInstallment], code: str, field: str) -> None:
    with pytest.raises(Refused) as refused:
        check_installments(installments, TODAY, is_backdated=False)
    assert (refused.value.code, refused.value.field) == (code, field)


def test_past_days_are_accepted_where_the_call_says_so() -> None:
    check_installments(planned(-400, -1, 0, 0, 9), TODAY, is_backdated=True)


def installment(
    number: int, *, paid: int = 0, refunded: int = 0, status: str = "DUE", invoice_id: str | None = None, has_history: bool = False
) -> ScheduledInstallment:
    remaining = 0 if status == "CANCELED" else 100 - paid - refunded
    return ScheduledInstallment(f"ins_{number}", number, str(number), TODAY, 100, paid, refunded, remaining, status, invoice_id, None, has_history)


@pytest.mark.parametrize(
    ("present", "code"),
    [
        (installment(1, paid=100, status="PAID"), "ALREADY_PAID"),
        (installment(1, refunded=100, status="REFUNDED"), "ALREADY_PAID"),
        (installment(1, paid=40, status="PARTIALLY_PAID"), "WRONG_STATE"),
        (installment(1, status="PROCESSING"), "IN_PROGRESS"),
        (installment(1, status="CANCELED"), "WRONG_STATE"),
    ],
    ids=lambda value: value if isinstance(value, str) else value.status,
)
@pytest.mark.parametrize(
    "requested", [RequestedUpdate(change=(InstallmentEdit("ins_1", name="x"),)), RequestedUpdate(remove=("ins_1",))], ids=["change", "remove"]
)
def test_only_what_is_unpaid_and_not_in_payment_is_changed(present: ScheduledInstallment, code: str, requested: RequestedUpdate) -> None:
    with pytest.raises(Refused) as refused:
        updated([present, installment(2)], requested, TODAY, is_backdated=False)
    assert (refused.value.code, refused.value.field) == (code, "change.0.installmentId" if requested.change else "remove.0")


YESTERDAY = date.fromordinal(TODAY.toordinal() - 1)
REQUESTS: list[tuple[RequestedUpdate, str, str | None]] = [
    (RequestedUpdate(change=(InstallmentEdit("ins_9", name="x"),)), "NOT_FOUND", "change.0.installmentId"),
    (RequestedUpdate(remove=("ins_1", "ins_9")), "NOT_FOUND", "remove.1"),
    (RequestedUpdate(remove=("ins_1", "ins_1")), "INVALID_VALUE", "remove"),
    (RequestedUpdate(change=(InstallmentEdit("ins_1", name="x"),) * 2), "INVALID_VALUE", "change.1.installmentId"),
    (RequestedUpdate(change=(InstallmentEdit("ins_1", name="x"),), remove=("ins_1",)), "INVALID_VALUE", "change.0.installmentId"),
    (RequestedUpdate(change=(InstallmentEdit("ins_1", due_on=YESTERDAY),)), "INVALID_VALUE", "change.0.dueOn"),
    (RequestedUpdate(add=(PlannedInstallment("x", YESTERDAY, 1),)), "INVALID_VALUE", "add.0.dueOn"),
    (RequestedUpdate(change=(InstallmentEdit("ins_1", name="1"),)), "NO_CHANGE", None),
    (RequestedUpdate(), "NO_CHANGE", None),
    (RequestedUpdate(remove=("ins_1", "ins_2")), "INVALID_VALUE", "remove"),
    (RequestedUpdate(add=(PlannedInstallment("x", TODAY, 1),) * MAX_INSTALLMENTS), "INVALID_VALUE", "add"),
    (RequestedUpdate(change=(InstallmentEdit("ins_1", amount_minor=MAX_MINOR),)), "INVALID_VALUE", "change"),
]


@pytest.mark.parametrize(("requested", "code", "field"), REQUESTS)
def test_an_update_that_cannot_be_is_refused_with_its_path(requested: RequestedUpdate, code: str, field: str | None) -> None:
    with pytest.raises(Refused) as refused:
        updated([installment(1), installment(2)], requested, TODAY, is_backdated=False)
    assert (refused.value.code, refused.value.field) == (code, field)


def test_what_a_document_or_a_payment_names_is_canceled_and_the_rest_is_deleted() -> None:
    present = [installment(1), installment(2, invoice_id="inv_1"), installment(3, has_history=True), installment(4)]
    decided = updated(present, RequestedUpdate(remove=("ins_1", "ins_2", "ins_3")), TODAY, is_backdated=False)
    assert [one.id for one in decided.deleted] == ["ins_1"]
    assert [one.id for one in decided.canceled] == ["ins_2", "ins_3"]


def test_the_day_that_stays_may_have_passed() -> None:
    late = ScheduledInstallment("ins_1", 1, "1", YESTERDAY, 100, 0, 0, 100, "FAILED", None, None, False)
    (changed,) = updated([late], RequestedUpdate(change=(InstallmentEdit("ins_1", due_on=YESTERDAY, amount_minor=70),)), TODAY, is_backdated=False).changed
    assert (changed.due_on, changed.amount_minor, changed.remaining_minor) == (YESTERDAY, 70, 70)


def test_an_installment_is_invoiced_at_the_begin_of_a_day_where_the_customer_lives() -> None:
    assert invoice_at(date(2027, 4, 10), "Europe/Zurich", days_ahead=14) == datetime(2027, 3, 26, 23, tzinfo=UTC)
    assert invoice_at(date(2027, 4, 11), "Europe/Zurich", days_ahead=14) == datetime(2027, 3, 27, 23, tzinfo=UTC)
    assert invoice_at(date(2027, 4, 12), "Europe/Zurich", days_ahead=14) == datetime(2027, 3, 28, 22, tzinfo=UTC)


def schedule_invoice(**amounts: Any) -> ScheduleInvoice:
    columns = {
        "total_minor": 1_081,
        "tax_minor": 81,
        "paid_minor": 0,
        "credited_minor": 0,
        "refunded_minor": 0,
        "remaining_minor": 1_081,
        "noted_minor": 0,
        "noted_tax_minor": 0,
        "is_uncollected": False,
    }
    return ScheduleInvoice("inv_1", "INV-1", "OPEN", **(columns | amounts))


def test_a_correction_takes_at_most_what_remains_with_its_tax() -> None:
    note = correction(schedule_invoice(paid_minor=581, remaining_minor=500), 900, "Kitchen: 2/2")
    assert note is not None
    assert (note.total_minor, note.released_minor, note.granted_minor, note.reason) == (500, 500, 0, "CORRECTION")
    assert note.tax_minor == round(81 * 500 / 1_081)
    assert correction(schedule_invoice(paid_minor=1_081, remaining_minor=0), 900, "Kitchen") is None
    rest = correction(schedule_invoice(noted_minor=300, noted_tax_minor=22), 1_081, "Kitchen")
    assert rest is not None
    assert (rest.total_minor, rest.tax_minor) == (781, 59)


@pytest.mark.parametrize("column", ["paid_minor", "credited_minor", "refunded_minor", "noted_minor"])
def test_an_invoice_of_which_something_was_paid_or_credited_is_not_voided(column: str) -> None:
    assert is_untouched(schedule_invoice())
    assert not is_untouched(schedule_invoice(**{column: 1}))
