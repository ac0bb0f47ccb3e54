"""Addresses of buyers, as the post of their country writes them."""

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from billing.rows.customers import CustomerRow
from pdf.parties import address_lines, reader_of

BUYER = CustomerRow(
    id="cus_1",
    customer_id="cus_1",
    name="Tina Rossi",
    email="tina@example.com",
    locale="en",
    time_zone="UTC",
    currency="EUR",
    version=1,
    created_at=datetime(2026, 1, 1, tzinfo=UTC),
    company_name=None,
    address_line1="Main 1",
    address_line2=None,
    address_city="City",
    address_region="RG",
    address_postal_code="123",
    address_country="DE",
    tax_ids=[],
    tax_exemption=None,
    external_id=None,
    metadata="{}",
    tax_rate_ppm=190_000,
    tax_name=None,
    closed_at=None,
    shares_email=False,
    erased_at=None,
    calendar_secret=None,
)


@pytest.mark.parametrize(
    ("country", "lines"),
    [
        ("DE", ["Main 1", "123 City", "RG", "Germany"]),
        ("IT", ["Main 1", "123 City RG", "Italy"]),
        ("US", ["Main 1", "City, RG 123", "United States"]),
        ("JP", ["123", "RGCityMain 1", "Japan"]),
    ],
)
def test_an_address_is_written_as_in_its_country(country: str, lines: list[str]) -> None:
    assert address_lines(replace(BUYER, address_country=country)) == lines


@pytest.mark.parametrize("country", ["DE", "IT", "US", "JP"])
def test_what_an_address_does_not_have_leaves_no_gap(country: str) -> None:
    lines = address_lines(replace(BUYER, address_country=country, address_region=None, address_postal_code=None, address_city=None))
    assert lines[0] == "Main 1"
    assert len(lines) == 2
    assert all(line == line.strip() and line for line in lines)


def test_a_company_stands_above_the_person_and_tax_numbers_below_the_address() -> None:
    reader = reader_of(replace(BUYER, company_name="Rossi S.r.l.", tax_ids=["IT12345678901"]))
    assert (reader.name, reader.lines[0], reader.lines[-2:]) == ("Rossi S.r.l.", "Tina Rossi", ("IT12345678901", "tina@example.com"))
    assert reader_of(replace(BUYER, address_country=None)).lines == ("tina@example.com",)
