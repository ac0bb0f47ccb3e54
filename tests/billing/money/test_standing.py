"""Statuses follow from amounts, and never go backwards whatever order reports come in."""

from dataclasses import dataclass
from itertools import permutations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from billing.money.standing import RANK, advanced, of_installment, of_invoice, of_payment, of_schedule
from billing.states import PaymentStatus

P = PaymentStatus
reports = st.lists(st.sampled_from([P.PROCESSING, P.REQUIRES_ACTION, P.FAILED, P.SUCCEEDED]), max_size=10)


def after(status: P, events: list[P]) -> P:
    for report in events:
        status = advanced(status, report) or status
    return status


@given(st.sampled_from(list(P)), reports)
def test_a_status_never_goes_backwards(status: P, events: list[P]) -> None:
    for report in events:
        new = advanced(status, report)
        assert new is None or RANK[new] >= RANK[status]
        status = new or status


@given(reports, st.randoms(use_true_random=False))
def test_the_end_is_the_same_in_any_order_and_however_often_it_is_told(events: list[P], random: object) -> None:
    shuffled = [*events, *events]
    random.shuffle(shuffled)
    final = after(P.PROCESSING, events)
    if final in (P.FAILED, P.SUCCEEDED):
        assert after(P.PROCESSING, shuffled) is final


def test_money_that_comes_after_a_failure_counts_and_what_was_given_back_stays_given_back() -> None:
    assert advanced(P.FAILED, P.SUCCEEDED) is P.SUCCEEDED
    assert advanced(P.SUCCEEDED, P.FAILED) is None
    assert [advanced(P.REFUNDED, report) for report in P] == [None] * len(P)


def test_all_orders_of_a_slow_payments_events_end_well() -> None:
    for order in permutations([P.PROCESSING, P.REQUIRES_ACTION, P.PROCESSING, P.SUCCEEDED]):
        assert after(P.PROCESSING, list(order)) is P.SUCCEEDED


@dataclass
class Amounts:
    """An invoice or an installment: what it is over, and what became of it."""

    status: str
    total_minor: int
    paid_minor: int = 0
    credited_minor: int = 0
    refunded_minor: int = 0
    noted_minor: int = 0

    @property
    def amount_minor(self) -> int:
        return self.total_minor


@pytest.mark.parametrize(
    ("invoice", "expected"),
    [
        (Amounts("OPEN", 10), "OPEN"),
        (Amounts("PROCESSING", 10), "PROCESSING"),
        (Amounts("OPEN", 10, 6), "PARTIALLY_PAID"),
        (Amounts("PAID", 10, 6), "PARTIALLY_PAID"),
        (Amounts("PROCESSING", 10, 6), "PROCESSING"),
        (Amounts("PARTIALLY_PAID", 10, 10), "PAID"),
        (Amounts("OPEN", 0), "PAID"),
        (Amounts("PROCESSING", 10, 10), "PAID"),
        (Amounts("VOID", 10), "VOID"),
        (Amounts("PAID", 10, 0, 10), "PAID"),
        (Amounts("PAID", 10, 0, 10, 10, 10), "REFUNDED"),
        (Amounts("REFUNDED", 10, 0, 10, 6, 6), "PAID"),
        (Amounts("REFUNDED", 10, 4, 6, 6, 6), "PAID"),
        (Amounts("REFUNDED", 10, 0, 0, 10, 0), "OPEN"),
    ],
)
def test_an_invoices_status_follows_from_its_amounts(invoice: Amounts, expected: str) -> None:
    assert of_invoice(invoice) == expected


@pytest.mark.parametrize(
    ("installment", "expected"),
    [
        (Amounts("DUE", 10), "DUE"),
        (Amounts("FAILED", 10), "FAILED"),
        (Amounts("PAID", 10), "DUE"),
        (Amounts("PROCESSING", 10), "PROCESSING"),
        (Amounts("FAILED", 10, 6), "PARTIALLY_PAID"),
        (Amounts("PROCESSING", 10, 10), "PAID"),
        (Amounts("CANCELED", 10, 3), "CANCELED"),
        (Amounts("PAID", 10, 0, refunded_minor=10), "REFUNDED"),
        (Amounts("PAID", 10, 4, refunded_minor=6), "PAID"),
        (Amounts("PAID", 10, 0, refunded_minor=6), "DUE"),
    ],
)
def test_an_installments_status_follows_from_its_amounts(installment: Amounts, expected: str) -> None:
    assert of_installment(installment) == expected


@pytest.mark.parametrize(
    ("status", "refunded", "expected"), [("SUCCEEDED", 9, "SUCCEEDED"), ("SUCCEEDED", 10, "REFUNDED"), ("REFUNDED", 0, "SUCCEEDED"), ("FAILED", 0, "FAILED")]
)
def test_a_payment_is_refunded_when_all_of_it_went_back(status: str, refunded: int, expected: str) -> None:
    assert of_payment(status, amount_minor=10, refunded_minor=refunded) == expected


@pytest.mark.parametrize(("status", "remaining", "expected"), [("ACTIVE", 1, "ACTIVE"), ("ACTIVE", 0, "FINISHED"), ("CANCELED", 5, "CANCELED")])
def test_a_schedule_is_finished_when_nothing_remains(status: str, remaining: int, expected: str) -> None:
    assert of_schedule(status, remaining) == expected
