"""VAT numbers as people write them."""

import pytest

from pdf.einvoice.tax_numbers import other_number, vat_number


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("DE136695976", "DE136695976"),
        ("VAT GB123456789", "GB123456789"),
        ("USt-IdNr. DE123456789", "DE123456789"),
        ("USt-IdNr.: DE 123 456 789", "DE123456789"),
        ("BTW BE 0123.456.789", "BE0123456789"),
        ("CHE-123.456.789 MWST", "CHE123456789MWST"),
        ("ATU12345678", "ATU12345678"),
        ("N° TVA : FR 4V 123456789", "FR4V123456789"),
        ("ΑΦΜ EL123456789", "EL123456789"),
        ("EIN 12-3456789", None),
        ("Tax ID 12-3456789", None),
        ("NZBN 9429041234567", None),
        ("T1234567890123", None),
        ("Steuernummer 12/345/67890", None),
        ("ABN 51 824 753 556", None),
        ("DE", None),
        ("", None),
    ],
)
def test_a_vat_number_begins_with_its_country(text: str, number: str | None) -> None:
    assert vat_number([text]) == number
    assert other_number([text]) == (None if number else text)


def test_the_first_of_each_kind_is_used() -> None:
    texts = ["HRB 1", "DE123456789", "Steuernummer 12/345", "AT U12345678"]
    assert (vat_number(texts), other_number(texts)) == ("DE123456789", "HRB 1")
