"""Statuses follow from amounts, and never go backwards whatever order reports come in."""

from itertools import permutations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from billing.standing import KNOWS, advanced, of_installment, of_invoice, of_schedule
from billing.states import PaymentStatus

P = PaymentStatus
reports = st.lists(st.sampled_from([P.PROCESSING, P.REQUIRES_ACTION, P.FAILED, P.SUCCEEDED]), max_size=10)


def after(status: P, told: list[P]) -> P:
    for report in told:
        status = advanced(status, report) or status
    return status


@given(st.sampled_from(list(P)), reports)
def test_a_status_never_goes_backwards(status: P, told: list[P]) -> None:
    for report in told:
        new = advanced(status, report)
        assert new is None or KNOWS[new] >= KNOWS[status]
        status = new or status


@given(reports, st.randoms(use_true_random=False))
def test_the_end_is_the_same_in_any_order_and_however_often_it_is_told(told: list[P], random: object) -> None:
    shuffled = [*told, *told]
    random.shuffle(shuffled)
    final = after(P.PROCESSING, told)
    if final in (P.FAILED, P.SUCCEEDED):
        assert after(P.PROCESSING, shuffled) is final


def test_money_that_comes_after_a_failure_counts_and_what_was_given_back_stays_given_back() -> None:
    assert advanced(P.FAILED, P.SUCCEEDED) is P.SUCCEEDED
    assert advanced(P.SUCCEEDED, P.FAILED) is None
    assert [advanced(P.REFUNDED, report) for report in P] == [None] * len(P)


def test_all_orders_of_a_slow_payments_events_end_well() -> None:
    for order in permutations([P.PROCESSING, P.REQUIRES_ACTION, P.PROCESSING, P.SUCCEEDED]):
        assert after(P.PROCESSING, list(order)) is P.SUCCEEDED


@pytest.mark.parametrize(
    ("status", "remaining", "paid", "is_in_flight", "expected"),
    [
        ("OPEN", 10, 0, False, "OPEN"),
        ("OPEN", 10, 0, True, "PROCESSING"),
        ("PROCESSING", 10, 0, False, "OPEN"),
        ("PROCESSING", 4, 6, False, "PARTIALLY_PAID"),
        ("PROCESSING", 4, 6, True, "PROCESSING"),
        ("PARTIALLY_PAID", 0, 10, False, "PAID"),
        ("OPEN", 0, 0, False, "PAID"),
        ("PROCESSING", 0, 10, True, "PAID"),
        ("VOID", 0, 0, False, "VOID"),
        ("REFUNDED", 0, 10, True, "REFUNDED"),
    ],
)
def test_an_invoices_status_follows_from_its_amounts(status: str, remaining: int, paid: int, is_in_flight: bool, expected: str) -> None:
    assert of_invoice(status, remaining, paid_minor=paid, is_in_flight=is_in_flight) == expected


@pytest.mark.parametrize(
    ("status", "remaining", "paid", "is_in_flight", "has_failed", "expected"),
    [
        ("DUE", 10, 0, False, False, "DUE"),
        ("PROCESSING", 10, 0, False, True, "FAILED"),
        ("FAILED", 10, 0, True, True, "PROCESSING"),
        ("PROCESSING", 4, 6, False, True, "PARTIALLY_PAID"),
        ("PROCESSING", 0, 10, True, False, "PAID"),
        ("CANCELED", 0, 3, False, False, "CANCELED"),
    ],
)
def test_an_installments_status_follows_from_its_amounts(status: str, remaining: int, paid: int, is_in_flight: bool, has_failed: bool, expected: str) -> None:
    assert of_installment(status, remaining, paid_minor=paid, is_in_flight=is_in_flight, has_failed=has_failed) == expected


@pytest.mark.parametrize(("status", "remaining", "expected"), [("ACTIVE", 1, "ACTIVE"), ("ACTIVE", 0, "FINISHED"), ("CANCELED", 5, "CANCELED")])
def test_a_schedule_is_finished_when_nothing_remains(status: str, remaining: int, expected: str) -> None:
    assert of_schedule(status, remaining) == expected
