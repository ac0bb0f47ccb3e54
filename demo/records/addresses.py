"""The billing addresses of the named customers in the format of their country, with companies and tax numbers."""

from typing import Any


def _at(line1: str, city: str, country: str, /, *, postal_code: str | None = None, **more: Any) -> dict[str, Any]:
    return {"address_line1": line1, "address_city": city, "address_country": country, "address_postal_code": postal_code, **more}


# Emma has none, like a customer who has just signed up.
ADDRESSES: dict[str, dict[str, Any]] = {
    "ada@example.com": _at("12 St James's Square", "London", "GB", postal_code="SW1Y 4LB"),
    "kenji@example.com": _at(
        "丸の内1-9-1", "千代田区", "JP", address_region="東京都", postal_code="100-0005", company_name="田中商事株式会社", tax_ids=["T1234567890123"]
    ),
    "fatima@example.com": _at("شارع فهد السالم، قطعة 5، مبنى 12", "مدينة الكويت", "KW", postal_code="13001", tax_exemption="EXEMPT"),
    "greta@example.com": _at("Lindenstraße 24", "Berlin", "DE", postal_code="10969", company_name="Müller Gestaltung GmbH", tax_ids=["DE136695976"]),
    "kai@example.com": _at("1001 Bishop St", "Honolulu", "US", address_line2="Suite 800", address_region="HI", postal_code="96813"),
    "aroha@example.com": _at("45 Queen Street", "Auckland", "NZ", postal_code="1010", tax_ids=["NZBN 9429041234567"]),
    "olga@example.com": _at(
        "ul. Świętokrzyska 14", "Warszawa", "PL", postal_code="00-050", company_name="Nowak i Wspólnicy Sp. z o.o.", tax_ids=["PL5260001246"]
    ),
    "sam@example.com": _at("20 Marina Road", "Lagos", "NG", address_region="Lagos State", postal_code="102273"),
    "tina@example.com": _at("Via del Corso 300", "Roma", "IT", address_region="RM", postal_code="00186", tax_ids=["IT12345678901"]),
    "big@example.com": _at(
        "350 Fifth Avenue",
        "New York",
        "US",
        address_line2="Floor 21",
        address_region="NY",
        postal_code="10118",
        company_name="Bigg Corp",
        tax_ids=["EIN 12-3456789"],
    ),
}
