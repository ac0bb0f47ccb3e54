"""How an invoice's number is written, and which patterns are taken."""

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from billing.money.numbers import MAX_CHARACTERS, Numbering, check_pattern

NEW_YEAR = datetime(2027, 1, 1, tzinfo=UTC)


@pytest.mark.parametrize(
    ("pattern", "written", "series"),
    [
        ("INV-{year}-{number:06}", "INV-2027-000042", "INV-{year}-{number}"),
        ("{number}", "42", "{number}"),
        ("R{number:03}", "R042", "R{number}"),
        ("{number:04}/{year}", "0042/2027", "{number}/{year}"),
        ("Nº {year}·{number:01} ({year})", "Nº 2027·42 (2027)", "Nº {year}·{number} ({year})"),
        ("A{number:015}", "A000000000000042", "A{number}"),
    ],
)
def test_a_number_is_written_as_the_pattern_says(pattern: str, written: str, series: str) -> None:
    place = Numbering(pattern).place(NEW_YEAR)
    assert (place.number(42), place.series) == (written, series)
    assert place.year == (2027 if "{year}" in pattern else 0)


def test_credit_notes_have_a_series_of_their_own_unless_the_pattern_is_the_same() -> None:
    apart, together = Numbering(), Numbering("D{number}", credit_note_pattern="D{number:04}")
    assert apart.credit_note_place(NEW_YEAR).number(7) == "CN-2027-000007"
    assert apart.credit_note_place(NEW_YEAR).series != apart.place(NEW_YEAR).series
    assert together.credit_note_place(NEW_YEAR).series == together.place(NEW_YEAR).series


def test_a_number_that_needs_more_digits_has_more() -> None:
    assert Numbering("{number:02}").place(NEW_YEAR).number(1234) == "1234"


def test_the_number_of_digits_makes_no_other_series() -> None:
    short, long = (Numbering(f"R-{{number:0{digits}}}").place(NEW_YEAR) for digits in (4, 8))
    assert short.series == long.series


@pytest.mark.parametrize(
    "pattern",
    [
        "",
        "INV",
        "{year}",
        "{number}{number}",
        "{number:6}",
        "{number:00}",
        "{number:016}",
        "{number:06d}",
        "{number!r}",
        "{number.real}",
        "{n}-{number}",
        "{{number}}",
        "{year:02}-{number}",
        "{number}}",
        "{0}{number}",
        "a\n{number}",
        "\x1b[1m{number}",
        "x" * MAX_CHARACTERS + "{number}",
    ],
)
def test_a_pattern_that_is_none_is_refused(pattern: str) -> None:
    with pytest.raises(ValueError, match=r"^(must|has)"):
        check_pattern(pattern)
    with pytest.raises(ValueError, match=r"^(must|has)"):
        Numbering(pattern)


@pytest.mark.parametrize(("zone", "year"), [("UTC", 2026), ("Asia/Tokyo", 2027), ("America/New_York", 2026), ("Pacific/Kiritimati", 2027)])
def test_the_year_begins_in_the_merchants_zone(zone: str, year: int) -> None:
    assert Numbering(time_zone=zone).place(datetime(2026, 12, 31, 20, tzinfo=UTC)).year == year


@given(
    st.lists(st.datetimes(datetime(2026, 12, 30), datetime(2027, 1, 2), timezones=st.just(UTC)), min_size=2),
    st.sampled_from(["UTC", "Asia/Tokyo", "America/Lima"]),
)
def test_in_the_order_of_issue_the_year_never_runs_backwards(instants: list[datetime], zone: str) -> None:
    years = [Numbering(time_zone=zone).place(instant).year for instant in sorted(instants)]
    assert years == sorted(years)
