"""What a line of an invoice comes to."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from billing.money.charges import Discount, amounts_of
from billing.money.money import share

amounts = st.integers(0, 10**12)


@pytest.mark.parametrize(
    ("minor", "part", "whole", "expected"), [(1, 1, 2, 1), (-1, 1, 2, -1), (5, 1, 3, 2), (100, 81_000, 1_000_000, 8), (250, 1, 100, 3), (249, 1, 100, 2)]
)
def test_a_share_is_rounded_half_up_away_from_zero(minor: int, part: int, whole: int, expected: int) -> None:
    assert share(minor, part, whole) == expected


@given(amounts, st.integers(0, 1_000_000), st.sampled_from(["EXCLUSIVE", "INCLUSIVE"]), st.data())
def test_a_line_is_subtotal_less_discount_plus_tax(price: int, rate: int, behavior: str, data: st.DataObject) -> None:
    discount = data.draw(st.integers(0, price))
    parts = amounts_of(price, discount, rate_ppm=rate, behavior=behavior)
    assert parts.total_minor == parts.subtotal_minor - parts.discount_minor + parts.tax_minor
    assert 0 <= parts.discount_minor <= parts.subtotal_minor
    assert parts.tax_minor >= 0
    if behavior == "INCLUSIVE":
        assert parts.total_minor == price - discount


def test_tax_is_added_to_an_exclusive_price_and_contained_in_an_inclusive_one() -> None:
    added = amounts_of(10_000, 1_000, rate_ppm=81_000, behavior="EXCLUSIVE")
    contained = amounts_of(10_810, 0, rate_ppm=81_000, behavior="INCLUSIVE")
    assert (added.tax_minor, added.total_minor) == (729, 9_729)
    assert (contained.subtotal_minor, contained.tax_minor, contained.total_minor) == (10_000, 810, 10_810)


@pytest.mark.parametrize(
    ("discount", "expected"),
    [(Discount(250_000, None), 250), (Discount(1_000_000, None), 1_000), (Discount(None, 300), 150), (Discount(None, 5_000), 1_000)],
)
def test_a_discount_on_half_a_period_is_half_and_never_more_than_the_price(discount: Discount, expected: int) -> None:
    assert discount.of(1_000, 1, 2) == expected
