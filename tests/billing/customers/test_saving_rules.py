"""What saving a customer changes, without a database: the columns of each field, and who signs in with an address."""

from decimal import Decimal
from types import SimpleNamespace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as some

from billing.customers.saving import BLANK, EmailNeighbour, customer_columns, profile_columns, shares_email
from billing.customers.values import checked_line, checked_tax_rate
from billing.merchant.upserts import changed_columns
from billing.refusals import ErrorCode, Refused

REQUIRED = {"email": "a@example.org", "name": "Ada", "currency": "EUR"}
STORED = {**BLANK, **REQUIRED, "id": "cus_1"}
ADDRESS = SimpleNamespace(line1="Ring 1", line2=" ", city=None, region=None, postal_code="1010", country="AT")


@given(some.decimals(0, 100, places=4))
def test_a_rate_is_its_percentage_to_the_millionth(rate: Decimal) -> None:
    assert checked_tax_rate(str(rate.normalize().__format__("f"))) == int(rate * 10_000)


@pytest.mark.parametrize("text", ["-1", "100.0001", "1e2", "٣", "1.00000", ".5", "5.", "1000", "", " 5"])
def test_other_texts_are_no_rates(text: str) -> None:
    if text == "":
        assert checked_tax_rate(text) == 0
        return
    with pytest.raises(Refused):
        checked_tax_rate(text)


@given(some.text(max_size=220))
def test_a_line_is_one_line_of_visible_characters_or_refused(text: str) -> None:
    try:
        line = checked_line(text, "name", 200)
    except Refused:
        return
    assert 1 <= len(line) <= 200
    assert line == line.strip()
    assert not {"\n", "\t", "\0", "\u2028"} & set(text)
    assert checked_line(line, "name", 200) == line, "saved again, it is the same"


def test_a_call_of_nothing_changes_nothing_and_a_repeated_one_neither() -> None:
    assert changed_columns(STORED, customer_columns({}, STORED)) == {}
    sent: dict[str, Any] = {"company_name": "Ltd", "billing_address": ADDRESS, "tax_id": "AT1", "tax_rate": "7.70", "metadata": {"a": "1"}}
    changes = changed_columns(STORED, customer_columns(sent, STORED))
    assert changes == {
        "company_name": "Ltd", "address_line1": "Ring 1", "address_postal_code": "1010", "address_country": "AT", "tax_ids": ["AT1"], "tax_rate_ppm": 77_000,
        "metadata": {"a": "1"},
    }  # fmt: skip
    after = {**STORED, **changes}
    assert changed_columns(after, customer_columns(sent, after)) == {}
    cleared = customer_columns(dict.fromkeys(["company_name", "billing_address", "tax_id", "tax_rate", "metadata"]), after)
    assert {**after, **cleared} == STORED


@pytest.mark.parametrize("field", ["email", "name", "currency"])
@pytest.mark.parametrize("stored", [None, STORED], ids=["new", "stored"])
def test_what_every_customer_has_is_not_cleared(field: str, stored: dict[str, Any] | None) -> None:
    with pytest.raises(Refused) as refused:
        customer_columns({**REQUIRED, field: None}, stored)
    assert (refused.value.code, refused.value.field) == (ErrorCode.INVALID_VALUE, field)


OWNER, SHARER = EmailNeighbour("cus_2", "b", True), EmailNeighbour("cus_3", None, False)


@pytest.mark.parametrize(
    ("sent", "is_sharing", "neighbour", "expected"),
    [
        ({"email": "b@example.org"}, None, None, False),
        ({"email": "b@example.org"}, None, OWNER, "DUPLICATE_EMAIL"),
        ({"email": "b@example.org"}, None, SHARER, "DUPLICATE_EMAIL"),
        ({"email": "b@example.org", "allow_shared_email": True}, None, OWNER, True),
        ({"email": "b@example.org", "allow_shared_email": True}, None, SHARER, True),
        ({"email": "b@example.org", "allow_shared_email": True}, None, None, False),
        ({"email": "b@example.org"}, False, OWNER, "DUPLICATE_EMAIL"),
        ({"email": "b@example.org"}, True, None, False),
        ({"email": "A@Example.org"}, False, SHARER, False),
        ({"email": "A@Example.org"}, True, OWNER, True),
        ({"email": "A@Example.org"}, True, SHARER, False),
        ({"email": "A@Example.org", "allow_shared_email": True}, True, SHARER, True),
        ({"email": "A@Example.org"}, True, None, False),
        ({"name": "Ada"}, True, None, True),
        ({"name": "Ada"}, False, None, False),
    ],
)
def test_who_signs_in_with_an_address(sent: dict[str, Any], is_sharing: bool | None, neighbour: EmailNeighbour | None, expected: bool | str) -> None:
    stored = None if is_sharing is None else {**STORED, "shares_email": is_sharing}
    if isinstance(expected, bool):
        assert shares_email(sent, stored, neighbour) is expected
        return
    with pytest.raises(Refused) as refused:
        shares_email(sent, stored, neighbour)
    assert refused.value.code == expected
    assert refused.value.details["customerId"] == neighbour.customer_id  # type: ignore[union-attr]


def test_customers_set_nothing_that_the_merchant_decides() -> None:
    assert profile_columns({"tax_rate": "5", "currency": "USD", "metadata": {}, "external_id": "x", "is_tax_exempt": True}) == {}
