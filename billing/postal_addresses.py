"""Postal addresses, with their lines in the order of their country."""

from dataclasses import dataclass

from babel import Locale

# Countries where the city comes before the region and the postal code, and countries where the address goes from the largest unit to the smallest (Universal
# Postal Union).
CITY_FIRST = {"AU", "CA", "GB", "HK", "IE", "IN", "NG", "NZ", "PK", "SG", "TW", "US", "ZA"}
LARGEST_FIRST = {"CN", "JP", "KR"}
# Countries where the region is behind the city, such as 00186 Roma RM.
REGION_BESIDE = {"IT"}
# Of CLDR's territories those that are countries of ISO 3166-1: the others are regions, unions, and codes for tests.
NO_COUNTRIES = {"AC", "CP", "CQ", "DG", "EA", "EU", "EZ", "IC", "QO", "TA", "UN", "XA", "XB", "XK", "ZZ"}
COUNTRIES = frozenset(code for code in map(str, Locale("en").territories) if len(code) == 2 and code not in NO_COUNTRIES)


@dataclass(frozen=True, slots=True)
class PostalAddress:
    """An address. `street` has the lines above the city; `country` is a code of ISO 3166-1, two letters."""

    street: tuple[str, ...]
    city: str | None
    region: str | None
    postal_code: str | None
    country: str

    def lines(self) -> list[str]:
        """Return the lines of the address without the name of the country, in the order of that country."""
        city, region, code = self.city or "", self.region or "", self.postal_code or ""
        if self.country in LARGEST_FIRST:
            lines = [code, f"{region}{city}{''.join(self.street[:1])}", *self.street[1:]]
        elif self.country in CITY_FIRST:
            lines = [*self.street, f"{', '.join(part for part in (city, region) if part)} {code}"]
        elif self.country in REGION_BESIDE:
            lines = [*self.street, f"{code} {city} {region}"]
        else:
            lines = [*self.street, f"{code} {city}", region]
        return [line for line in (line.strip() for line in lines) if line]
