"""Money is whole minor units; every digit of it is shown and none is invented."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from billing.money.money import EXPONENTS, decimal_text, exponent, formatted


@pytest.mark.parametrize(
    ("minor", "currency", "text"),
    [
        (1290, "USD", "12.90"),
        (-5, "USD", "-0.05"),
        (0, "EUR", "0.00"),
        (1290, "JPY", "1290"),
        (1290, "KWD", "1.290"),
        (-1, "KWD", "-0.001"),
        (7, "CLF", "0.0007"),
    ],
)
def test_an_amount_shows_all_decimals_of_its_currency(minor: int, currency: str, text: str) -> None:
    assert decimal_text(minor, currency) == text


@given(st.integers(-(2**62), 2**62), st.sampled_from(["USD", "ZZZ", *EXPONENTS]))
def test_the_decimal_text_is_the_amount_exactly(minor: int, currency: str) -> None:
    assert Decimal(decimal_text(minor, currency)).scaleb(exponent(currency)) == minor


@pytest.mark.parametrize(
    ("minor", "currency", "locale", "text"),
    [
        (129000, "USD", "en", "$1,290.00"),
        (129000, "EUR", "de-DE", "1.290,00\xa0€"),
        (1290, "JPY", "en", "¥1,290"),
        (1290500, "KWD", "en", "KWD1,290.500"),
        (1, "USD", "zz-nowhere", "$0.01"),
        (1, "USD", None, "$0.01"),
    ],
)
def test_an_amount_reads_as_the_locale_writes_it(minor: int, currency: str, locale: str | None, text: str) -> None:
    assert formatted(minor, currency, locale) == text


@given(st.text(max_size=60))
def test_any_locale_at_all_reads_as_something(locale: str) -> None:
    assert formatted(1200, "USD", locale)
