"""The countries of addresses."""

from babel import Locale

from billing.postal_addresses import COUNTRIES

# CLDR's territories of two letters that are regions, unions and codes for tests.
NO_COUNTRIES = {"AC", "CP", "CQ", "DG", "EA", "EU", "EZ", "IC", "QO", "TA", "UN", "XA", "XB", "XK", "ZZ"}


def test_the_countries_are_those_of_cldr() -> None:
    assert {code for code in map(str, Locale("en").territories) if len(code) == 2} - NO_COUNTRIES == COUNTRIES
