"""What reports of refunds come to, in whatever order and however often they come; and what a refund takes from."""

from dataclasses import replace
from datetime import UTC, datetime
from types import SimpleNamespace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from billing.money.refunds import PaymentPart, Recorded, Report, granted, recorded, taken, waived
from billing.states import RefundStatus

NOW = datetime(2027, 1, 1, tzinfo=UTC)
PAID = 1_000

amounts = st.integers(1, 400)


def after(reports: list[Report]) -> list[Recorded]:
    """The refunds of a payment after some reports, with ids as they are given when written down."""
    known: dict[str, Recorded] = {}
    for report in reports:
        for refund in recorded(PAID, list(known.values()), report, now=NOW):
            identifier = refund.id or f"ref_{len(known)}"
            known[identifier] = replace(refund, id=identifier, split_from=None)
    return list(known.values())


def counted(refunds: list[Recorded]) -> int:
    return sum(refund.amount_minor for refund in refunds if refund.status in (RefundStatus.PENDING, RefundStatus.SUCCEEDED))


@given(st.lists(amounts, min_size=1, max_size=4), st.integers(1, 3), st.randoms(use_true_random=False))
def test_reports_with_references_come_to_their_sum_in_any_order_and_however_often(minors: list[int], times: int, random: object) -> None:
    reports = [Report(f"re_{number}", minor) for number, minor in enumerate(minors)] * times
    random.shuffle(reports)
    refunds = after(reports)
    assert counted(refunds) <= PAID
    if sum(minors) <= PAID:
        assert sorted((refund.reference, refund.amount_minor) for refund in refunds) == [(f"re_{number}", minor) for number, minor in enumerate(minors)]


@given(st.lists(amounts, min_size=1, max_size=2), st.randoms(use_true_random=False))
def test_a_refund_that_is_reported_by_its_reference_and_in_a_sum_counts_once(minors: list[int], random: object) -> None:
    """As Stripe tells each refund: by itself, and by what its charge has given back so far."""
    sums = [sum(minors[: number + 1]) for number in range(len(minors))]
    reports = [Report(f"re_{number}", minor) for number, minor in enumerate(minors)] + [Report(None, minor) for minor in sums]
    random.shuffle(reports)
    assert counted(after(reports)) == sum(minors)


@given(st.lists(st.tuples(amounts, st.sampled_from(["PENDING", "SUCCEEDED", "FAILED"])), min_size=1, max_size=6), st.randoms(use_true_random=False))
def test_the_status_that_knows_most_stays(statuses: list[tuple[int, str]], random: object) -> None:
    reports = [Report("re_1", 300, status) for _, status in statuses]
    random.shuffle(reports)
    (refund,) = after(reports)
    ranks = ["PENDING", "SUCCEEDED", "FAILED"]
    assert refund.reported == max((report.status for report in reports), key=ranks.index)


def test_a_refund_that_was_known_by_its_amount_gets_its_reference() -> None:
    (refund,) = after([Report(None, 300), Report("re_1", 300)])
    assert (refund.reference, refund.amount_minor) == ("re_1", 300)


def test_two_refunds_that_were_known_as_one_sum_are_not_counted_again() -> None:
    assert counted(after([Report(None, 700), Report("re_1", 500), Report("re_2", 200)])) == 700
    assert counted(after([Report(None, 700), Report("re_1", 500), Report("re_2", 200), Report("re_3", 100), Report(None, 800)])) == 800


@given(st.permutations([Report(None, 300), Report("re_1", 200), Report("re_2", 100), Report("re_1", 200, "FAILED"), Report(None, 200)]))
def test_a_refund_that_fails_does_not_count_in_whatever_total_it_was_reported_too(reports: list[Report]) -> None:
    assert counted(after(reports)) == 100


@given(st.lists(st.tuples(st.integers(1, 200), st.booleans()), min_size=1, max_size=4), st.randoms(use_true_random=False))
def test_totals_references_and_failures_come_to_what_did_not_fail_in_any_order(refunds: list[tuple[int, bool]], random: object) -> None:
    reports = [Report(f"re_{number}", minor) for number, (minor, _) in enumerate(refunds)]
    reports += [Report(None, sum(minor for minor, _ in refunds[: number + 1])) for number in range(len(refunds))]
    reports += [Report(f"re_{number}", minor, "FAILED") for number, (minor, has_failed) in enumerate(refunds) if has_failed]
    random.shuffle(reports)
    assert counted(after(reports)) == sum(minor for minor, has_failed in refunds if not has_failed)


def test_a_total_of_before_a_failure_that_comes_after_it_is_no_new_refund() -> None:
    assert counted(after([Report("re_1", 200), Report("re_1", 200, "FAILED"), Report(None, 200)])) == 0


def test_a_dispute_is_never_taken_for_a_refund_of_the_same_amount() -> None:
    assert counted(after([Report(None, 300), Report("dp_1", 300, "SUCCEEDED", "DISPUTE")])) == 600
    assert counted(after([Report("dp_1", 300, "SUCCEEDED", "DISPUTE"), Report(None, 300)])) == 600


def test_more_than_was_paid_does_not_go_back() -> None:
    refunds = after([Report("re_1", 700), Report("re_2", 700), Report("re_3", 1)])
    assert [refund.amount_minor for refund in refunds] == [700, 300]


def test_what_failed_makes_room_for_another() -> None:
    assert counted(after([Report("re_1", 1_000), Report("re_1", 1_000, "FAILED"), Report("re_2", 1_000)])) == 1_000


def test_a_dispute_that_was_won_before_it_is_known_never_counts() -> None:
    refunds = after([Report("dp_1", 400, "REVERSED", "DISPUTE"), Report("dp_1", 400, "SUCCEEDED", "DISPUTE")])
    assert ([refund.status for refund in refunds], counted(refunds)) == ([RefundStatus.REVERSED], 0)


SOURCES = [PaymentPart(None, None, 100), PaymentPart("inv_2", None, 300), PaymentPart("inv_1", "ins_1", 200)]


@given(st.integers(1, 600))
def test_a_refund_takes_all_of_its_amount_the_credit_first_and_then_the_newest(amount: int) -> None:
    parts = taken(amount, SOURCES, None)
    assert sum(part.amount_minor for part in parts) == amount
    assert [(part.invoice_id, part.installment_id) for part in parts] == [(one.invoice_id, one.installment_id) for one in SOURCES[: len(parts)]]
    assert all(part.amount_minor == source.amount_minor for part, source in list(zip(parts, SOURCES, strict=False))[: len(parts) - 1])


def test_what_was_credited_before_is_taken_from_the_credit() -> None:
    assert taken(400, [PaymentPart("inv_1", None, 500)], {"inv_1": 250}) == [PaymentPart("inv_1", None, 250), PaymentPart(None, None, 150)]


@pytest.mark.parametrize(
    ("amounts", "minor", "expected"),
    [
        ({"paid": 300}, 300, 200),
        ({"paid": 300}, 299, 0),
        ({"paid": 100, "refunded": 200, "noted": 200, "paid_back": 200}, 100, 200),
        ({"paid": 100, "refunded": 200}, 100, 0),
        ({"paid": 300, "noted": 200, "failed": 200}, 100, 200),
        ({"paid": 100, "remaining": 200}, 100, 0),
    ],
    ids=["all at once", "not all", "the last part", "a bank took the first part", "the first part could not be paid back", "something is still owed"],
)
def test_credit_becomes_credit_again_when_the_merchant_gave_back_all_else(amounts: dict[str, int], minor: int, expected: int) -> None:
    defaults = dict.fromkeys(("remaining", "refunded", "noted", "paid_back", "failed"), 0) | {"total": 500, "applied": 200}
    invoice = SimpleNamespace(**{f"{name}_minor": value for name, value in (defaults | amounts).items()})
    assert granted(invoice, minor) == expected


@given(st.integers(0, 300), st.integers(0, 300), st.lists(amounts, max_size=6))
def test_of_what_the_merchant_gives_back_all_that_paid_the_account_is_waived_and_nothing_that_had_become_credit(
    surplus: int, account: int, refunds: list[int]
) -> None:
    credit, open_account, balance = surplus + account, account, surplus
    for minor in refunds:
        part = min(minor, credit)
        minor = waived(part, credit, open_account)
        credit, open_account, balance = credit - part, open_account - minor, balance - part + minor
        assert balance >= 0, "something is owed again"
        assert balance == max(credit - open_account, 0)
