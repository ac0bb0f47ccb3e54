"""Postal addresses, with their lines in the order of their country."""

from dataclasses import dataclass

# Countries where the city comes before the region and the postal code, and countries where the address goes from the largest unit to the smallest (Universal
# Postal Union).
CITY_FIRST = {"AU", "CA", "GB", "HK", "IE", "IN", "NG", "NZ", "PK", "SG", "TW", "US", "ZA"}
LARGEST_FIRST = {"CN", "JP", "KR"}
# Countries where the region is behind the city, such as 00186 Roma RM.
REGION_BESIDE = {"IT"}
# The countries of ISO 3166-1. They are not read from CLDR here, because its data of one locale takes 4 MB.
_CODES = """
AD AE AF AG AI AL AM AO AQ AR AS AT AU AW AX AZ BA BB BD BE BF BG BH BI BJ BL BM BN BO BQ BR BS BT BV BW BY BZ CA CC CD CF CG CH CI CK CL CM CN CO CR
CU CV CW CX CY CZ DE DJ DK DM DO DZ EC EE EG EH ER ES ET FI FJ FK FM FO FR GA GB GD GE GF GG GH GI GL GM GN GP GQ GR GS GT GU GW GY HK HM HN HR HT HU
ID IE IL IM IN IO IQ IR IS IT JE JM JO JP KE KG KH KI KM KN KP KR KW KY KZ LA LB LC LI LK LR LS LT LU LV LY MA MC MD ME MF MG MH MK ML MM MN MO MP MQ
MR MS MT MU MV MW MX MY MZ NA NC NE NF NG NI NL NO NP NR NU NZ OM PA PE PF PG PH PK PL PM PN PR PS PT PW PY QA RE RO RS RU RW SA SB SC SD SE SG SH SI
SJ SK SL SM SN SO SR SS ST SV SX SY SZ TC TD TF TG TH TJ TK TL TM TN TO TR TT TV TW TZ UA UG UM US UY UZ VA VC VE VG VI VN VU WF WS YE YT ZA ZM ZW
"""
COUNTRIES = frozenset(_CODES.split())


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
