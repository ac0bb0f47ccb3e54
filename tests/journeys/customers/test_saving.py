"""`saveCustomer`: what each field does when it is sent, sent again, null and absent; refusals write nothing."""

import asyncio
from typing import Any
from uuid import uuid4

import asyncpg
import pytest

from tests.callers.merchant import SAVE, Merchant, code_of, written
from tests.conftest import ADA, token

BERLIN = {"line1": "Beispielstraße 12", "line2": None, "city": "Berlin", "region": None, "postalCode": "10115", "country": "DE"}
WIEN = {"line1": "Ring 1", "line2": "Stiege 3", "city": "Wien", "region": None, "postalCode": "1010", "country": "AT"}
REFUSED = object()
# Of each field the first value, another one, and what null leaves: a value, or a refusal.
FIELDS: dict[str, tuple[Any, Any, Any]] = {
    "email": ("{}-a@example.org", "{}-b@example.org", REFUSED),
    "name": ("Ada", "Ada Byron", REFUSED),
    "locale": ("de-CH", "fr", "en"),
    "timeZone": ("Europe/Zurich", "Asia/Tokyo", "UTC"),
    "currency": ("EUR", "JPY", REFUSED),
    "billingAddress": (BERLIN, WIEN, None),
    "companyName": ("Analytical Engines Ltd", "Difference Engines Ltd", None),
    "taxId": ("GB123456789", "DE123456789", None),
    "taxIds": (["GB123456789", "CHE-1"], ["DE123456789"], []),
    "taxRate": ("7.7", "19", "0"),
    "taxName": ("VAT", "MwSt", None),
    "taxExemption": ("EXEMPT", "REVERSE_CHARGE", None),
    "isTaxExempt": (True, False, False),
    "metadata": ({"crm": "1"}, {"crm": "2"}, {}),
}


def own(value: Any, name: str) -> Any:
    return value.format(name) if isinstance(value, str) else value


@pytest.mark.parametrize("field", FIELDS)
async def test_a_field_is_set_repeated_cleared_and_left_out(merchant: Merchant, admin: asyncpg.Connection, field: str) -> None:
    name = f"test-{uuid4().hex}"
    first, other, cleared = (own(value, name) for value in FIELDS[field])
    customer = await merchant.new(externalId=name, **{field: first})
    assert customer[field] == first
    assert customer["version"] == 1
    before = await written(admin)
    for repeated in ({field: first}, {}, {"id": customer["id"]}):
        payload = await merchant.save(**{"externalId": name} | repeated)
        assert (payload["outcome"], payload["customer"]) == ("UNCHANGED", customer)
    assert await written(admin) == before, "nothing was written, and nothing noted"
    payload = await merchant.save(externalId=name, **{field: other})
    assert (payload["outcome"], payload["customer"][field], payload["customer"]["version"]) == ("UPDATED", other, 2)
    assert len(await written(admin)) == len(before) + 1, "one event"
    at_other = await written(admin)
    payload = await merchant.save(externalId=name, **{field: None})
    if cleared is REFUSED:
        assert [(error["code"], error["path"]) for error in payload["userErrors"]] == [("INVALID_VALUE", ["input", field])]
        assert await written(admin) == at_other
    else:
        assert payload["customer"][field] == cleared
        assert payload["outcome"] == ("UNCHANGED" if cleared == other else "UPDATED")


async def test_one_call_creates_with_the_values_that_a_new_customer_has(merchant: Merchant, admin: asyncpg.Connection) -> None:
    name = f"test-{uuid4().hex}"
    payload = await merchant.save(externalId=name, email=f" {name}@Example.org ", name="Grace  Hopper", currency="USD")
    customer = payload["customer"]
    assert payload["outcome"] == "CREATED"
    assert customer == customer | {"externalId": name, "email": f"{name}@Example.org", "name": "Grace Hopper", "locale": "en", "timeZone": "UTC", "taxIds": []}
    assert customer == customer | {"taxRate": "0", "isTaxExempt": False, "billingAddress": None, "metadata": {}, "sharesEmail": False, "closedAt": None}
    event = await admin.fetchrow("select * from audit_event where customer_id = $1", customer["id"])
    assert (event["event"], event["outcome"], event["detail"], event["client"], event["actor"]) == ("saveCustomer", "OK", "CREATED", "shop", "STAFF")
    assert await admin.fetchval("select count(*) from letter where customer_id = $1", customer["id"]) == 0, "no letter by itself"


async def test_the_audit_trail_names_columns_and_no_values(merchant: Merchant, admin: asyncpg.Connection) -> None:
    customer = await merchant.new()
    await merchant.save(id=customer["id"], name="Changed", companyName="Secret Ltd")
    details = await admin.fetch("select detail from audit_event where customer_id = $1 order by id", customer["id"])
    assert details[-1]["detail"] == "UPDATED company_name name"


async def test_pairs_of_metadata_are_merged_and_those_with_null_go(merchant: Merchant) -> None:
    customer = await merchant.new(metadata={"a": "1", "b": "2"})
    payload = await merchant.save(id=customer["id"], metadata={"b": None, "public:c": "3"})
    assert payload["customer"]["metadata"] == {"a": "1", "public:c": "3"}


async def test_an_exemption_sets_the_rate_to_zero_and_keeps_it_there(merchant: Merchant) -> None:
    customer = await merchant.new(taxRate="19")
    payload = await merchant.save(id=customer["id"], isTaxExempt=True)
    assert (payload["customer"]["taxRate"], payload["customer"]["taxExemption"]) == ("0", "EXEMPT")
    assert code_of(await merchant.save(id=customer["id"], taxRate="19")) == "INVALID_VALUE"
    assert (await merchant.save(id=customer["id"], isTaxExempt=False, taxRate="19"))["customer"]["taxRate"] == "19"


# What is refused: the input beside externalId, the code and the path.
REFUSALS: dict[str, tuple[dict[str, Any], str, list[str] | None]] = {
    "zone": ({"timeZone": "Mars/Olympus"}, "INVALID_VALUE", ["timeZone"]),
    "zone of files": ({"timeZone": "posixrules"}, "INVALID_VALUE", ["timeZone"]),
    "locale": ({"locale": "xx-YY"}, "INVALID_VALUE", ["locale"]),
    "currency": ({"currency": "ZZZ"}, "INVALID_VALUE", ["currency"]),
    "country": ({"billingAddress": {"line1": "a", "country": "XX"}}, "INVALID_VALUE", ["billingAddress", "country"]),
    "country in small letters": ({"billingAddress": {"line1": "a", "country": "de"}}, "INVALID_VALUE", ["billingAddress", "country"]),
    "line1 blank": ({"billingAddress": {"line1": " ", "country": "DE"}}, "INVALID_VALUE", ["billingAddress", "line1"]),
    "line1 long": ({"billingAddress": {"line1": "a" * 201, "country": "DE"}}, "INVALID_VALUE", ["billingAddress", "line1"]),
    "postal code long": ({"billingAddress": {"line1": "a", "postalCode": "1" * 21, "country": "DE"}}, "INVALID_VALUE", ["billingAddress", "postalCode"]),
    "city of two lines": ({"billingAddress": {"line1": "a", "city": "a\nb", "country": "DE"}}, "INVALID_VALUE", ["billingAddress", "city"]),
    "e-mail": ({"email": "nobody"}, "INVALID_VALUE", ["email"]),
    "e-mail of two lines": ({"email": "a@example.org\nb"}, "INVALID_VALUE", ["email"]),
    "name blank": ({"name": "\u200d "}, "INVALID_VALUE", ["name"]),
    "name long": ({"name": "a" * 201}, "INVALID_VALUE", ["name"]),
    "name with a control character": ({"name": "a\u0007b"}, "INVALID_VALUE", ["name"]),
    "company with a tab": ({"companyName": "a\tb"}, "INVALID_VALUE", ["companyName"]),
    "company long": ({"companyName": "a" * 201}, "INVALID_VALUE", ["companyName"]),
    "tax number blank": ({"taxIds": ["DE1", ""]}, "INVALID_VALUE", ["taxIds"]),
    "tax number long": ({"taxId": "1" * 51}, "INVALID_VALUE", ["taxId"]),
    "tax numbers, too many": ({"taxIds": [str(number) for number in range(11)]}, "INVALID_VALUE", ["taxIds"]),
    "tax numbers twice": ({"taxIds": [], "taxId": "1"}, "INVALID_VALUE", ["taxId"]),
    "tax rate above 100": ({"taxRate": "100.01"}, "INVALID_VALUE", ["taxRate"]),
    "tax rate below 0": ({"taxRate": "-1"}, "INVALID_VALUE", ["taxRate"]),
    "tax rate too fine": ({"taxRate": "1.00001"}, "INVALID_VALUE", ["taxRate"]),
    "tax rate of an exempt one": ({"taxRate": "19", "isTaxExempt": True}, "INVALID_VALUE", ["taxRate"]),
    "exemption twice": ({"taxExemption": "EXEMPT", "isTaxExempt": True}, "INVALID_VALUE", ["isTaxExempt"]),
    "tax name long": ({"taxName": "V" * 41}, "INVALID_VALUE", ["taxName"]),
    "metadata key": ({"metadata": {"k" * 41: "v"}}, "INVALID_VALUE", ["metadata"]),
    "metadata value": ({"metadata": {"k": "v" * 501}}, "INVALID_VALUE", ["metadata"]),
    "key": ({"idempotencyKey": ""}, "INVALID_VALUE", ["idempotencyKey"]),
}


@pytest.mark.parametrize("case", REFUSALS)
@pytest.mark.parametrize("is_new", [True, False], ids=["new", "stored"])
async def test_a_refusal_says_code_and_path_and_writes_nothing(merchant: Merchant, admin: asyncpg.Connection, case: str, is_new: bool) -> None:
    arguments, code, path = REFUSALS[case]
    name = f"test-{uuid4().hex}"
    valid = {"externalId": name, "email": f"{name}@example.org", "name": "Ada", "currency": "EUR"}
    if not is_new:
        await merchant.new(**valid)
    before = await written(admin)
    payload = await merchant.save(**valid | {"name": "Other"} | arguments)
    assert [(error["code"], error["path"]) for error in payload["userErrors"]] == [(code, ["input", *(path or [])])]
    assert (payload["customer"], payload["outcome"]) == (None, None)
    assert await written(admin) == before


@pytest.mark.parametrize("field", ["email", "name", "currency"])
async def test_a_new_customer_needs_an_address_a_name_and_a_currency(merchant: Merchant, admin: asyncpg.Connection, field: str) -> None:
    name = f"test-{uuid4().hex}"
    before = await written(admin)
    arguments = {"externalId": name, "email": f"{name}@example.org", "name": "Ada", "currency": "EUR"}
    del arguments[field]
    payload = await merchant.save(**arguments)
    assert [(error["code"], error["path"]) for error in payload["userErrors"]] == [("INVALID_VALUE", ["input", field])]
    assert await written(admin) == before


async def test_ids_name_one_customer_for_good(merchant: Merchant, admin: asyncpg.Connection) -> None:
    one, two = await merchant.new(), await merchant.new()
    before = await written(admin)
    assert code_of(await merchant.save(id="cus_01jd0000000000000000000000", name="Nobody")) == "NOT_FOUND"
    assert code_of(await merchant.save(id=one["id"], externalId=f"test-{uuid4().hex}")) == "EXTERNAL_ID_FINAL"
    assert code_of(await merchant.save(id=one["id"], externalId=None)) == "EXTERNAL_ID_FINAL"
    for bad in ("", "a" * 201, "a\nb"):
        payload = await merchant.save(externalId=bad, email="x@example.org", name="x", currency="EUR")
        assert [(error["code"], error["path"]) for error in payload["userErrors"]] == [("INVALID_VALUE", ["input", "externalId"])]
    assert await written(admin) == before
    await admin.execute("alter table customer disable trigger refuse_external_id_change")
    await admin.execute("update customer set external_id = null where id = $1", one["id"])
    await admin.execute("alter table customer enable trigger refuse_external_id_change")
    payload = await merchant.save(id=one["id"], externalId=two["externalId"])
    assert [(error["code"], error["path"]) for error in payload["userErrors"]] == [("EXTERNAL_ID_TAKEN", ["input", "externalId"])]
    assert (await merchant.save(id=one["id"], externalId=one["externalId"]))["outcome"] == "UPDATED"


async def test_calls_at_once_with_one_external_id_make_one_customer(merchant: Merchant, admin: asyncpg.Connection) -> None:
    name = f"test-{uuid4().hex}"
    arguments = {"externalId": name, "email": f"{name}@example.org", "name": "Ada", "currency": "EUR"}
    payloads = await asyncio.gather(*(merchant.save(**arguments) for _ in range(8)))
    assert sorted(payload["outcome"] for payload in payloads) == ["CREATED"] + ["UNCHANGED"] * 7
    assert await admin.fetchval("select count(*) from audit_event where customer_id = $1", payloads[0]["customer"]["id"]) == 1


async def test_a_key_returns_the_first_answer_and_is_of_one_input(merchant: Merchant, admin: asyncpg.Connection) -> None:
    name, key = f"test-{uuid4().hex}", uuid4().hex
    arguments = {"externalId": name, "email": f"{name}@example.org", "name": "Ada", "currency": "EUR", "idempotencyKey": key}
    first = await merchant.save(**arguments)
    before = await written(admin)
    again = await merchant.save(**arguments)
    assert (first["replayed"], again["replayed"], again["outcome"], again["customer"]) == (False, True, "CREATED", first["customer"])
    assert code_of(await merchant.save(**arguments | {"companyName": None})) == "IDEMPOTENCY_CONFLICT", "null is another input than absent"
    assert await written(admin) == before


async def test_a_currency_with_a_history_stays(merchant: Merchant, admin: asyncpg.Connection) -> None:
    before = await admin.fetchrow("select xmin, c.* from customer c where id = $1", ADA.customer_id)
    other = "JPY" if before["currency"] != "JPY" else "EUR"
    payload = await merchant.save(id=ADA.customer_id, currency=other)
    assert [(error["code"], error["path"]) for error in payload["userErrors"]] == [("CURRENCY_IN_USE", ["input", "currency"])]
    assert (await merchant.save(id=ADA.customer_id, currency=before["currency"]))["outcome"] == "UNCHANGED"
    assert await admin.fetchrow("select xmin, c.* from customer c where id = $1", ADA.customer_id) == before


@pytest.mark.parametrize("scopes", [("read",), ("customers:read", "customers:search"), ("invoices:write",)])
async def test_without_the_scope_nothing_is_saved(merchant: Merchant, admin: asyncpg.Connection, scopes: tuple[str, ...]) -> None:
    before = await written(admin)
    answer = await Merchant(merchant.http, scopes).post(SAVE, input={"email": "x@example.org", "name": "x", "currency": "EUR"})
    assert answer["errors"][0]["extensions"]["code"] == "FORBIDDEN"
    answer = await merchant.http.post(
        "/graphql", json={"query": SAVE, "variables": {"input": {"id": ADA.customer_id, "name": "x"}}}, headers={"Authorization": f"Bearer {token(ADA)}"}
    )
    assert answer.json()["errors"][0]["extensions"]["code"] == "FORBIDDEN"
    assert await written(admin) == before


INSERT = "insert into customer (id, name, email, currency, created_at) values ($1, 'x', $1 || '@example.org', 'EUR', now())"


@pytest.mark.parametrize(("scopes", "is_allowed"), [("-", False), ("read links:create invoices:write", False), ("customers:write", True), ("staff", True)])
async def test_the_database_lets_staff_write_customers_with_the_scope_only(app: asyncpg.Connection, scopes: str, is_allowed: bool) -> None:
    identifier = f"cus_{uuid4().hex}"
    work = app.transaction()
    await work.start()
    await app.execute(f"set local app.actor = 'STAFF'; set local app.scopes = '{scopes}'")
    updated = await app.execute("update customer set company_name = 'x' where id = $1", ADA.customer_id)
    assert updated == ("UPDATE 1" if is_allowed else "UPDATE 0")
    try:
        await app.execute(INSERT, identifier)
        assert is_allowed
    except asyncpg.InsufficientPrivilegeError:
        assert not is_allowed
    finally:
        await work.rollback()


@pytest.mark.parametrize(
    "change",
    ["currency = 'KWD'", "tax_rate_ppm = 1", "tax_exemption = 'EXEMPT', tax_rate_ppm = 0", "tax_name = 'x'", 'metadata = \'{"a": "b"}\'', "closed_at = now()"],
)
async def test_no_customer_changes_what_the_merchant_decides(app: asyncpg.Connection, change: str) -> None:
    for actor, is_allowed in (("CUSTOMER", False), ("PARTNER", False), ("STAFF", True)):
        work = app.transaction()
        await work.start()
        await app.execute(f"set local app.actor = '{actor}'; set local app.scopes = 'customers:write'; set local app.customer_id = '{ADA.customer_id}'")
        assert await app.execute("update customer set name = 'x' where id = $1", ADA.customer_id) == "UPDATE 1", "the control"
        try:
            await app.execute(f"update customer set {change} where id = $1", ADA.customer_id)
            assert is_allowed
        except asyncpg.InsufficientPrivilegeError:
            assert not is_allowed
        finally:
            await work.rollback()
