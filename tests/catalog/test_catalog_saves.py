"""The mutations of the catalog by HTTP: what they save, what they refuse, and that a call that changes nothing writes nothing."""

import asyncio
import secrets
from collections.abc import Callable
from typing import Any

import asyncpg
import pytest

from auth.viewer import Viewer
from billing.states import Actor
from db.builtin.embedded import Urls
from tests.catalog.conftest import CLIENT, CUSTOMER_ID, SUBSCRIPTION_ID, WRITER, posted
from tests.conftest import customer

FIELDS = {
    "Plan": "plan { id code name description trialDays isArchived }",
    "Price": "price { id code unitAmount { amount currency } interval intervalCount taxBehavior isArchived plan { code } } subscriptionsMoved",
    "Coupon": "coupon { id code name percentOff amountOff { amount currency } duration durationPeriods redeemUntilOn maxRedemptions redeemedCount isArchived }",
    "CancellationOption": "cancellationOption { id code rank kind headline isArchived plan { code } coupon { code } }",
}
PAYLOADS = {"Plan": "plan", "Price": "price", "Coupon": "coupon", "CancellationOption": "cancellationOption"}
# A whole input of each kind, and for each field that may change another value.
WHOLE: dict[str, dict[str, Any]] = {
    "Plan": {"name": "New", "description": "What it has.", "trialDays": 7, "isArchived": False},
    "Price": {
        "planCode": "storage",
        "amount": "12.90",
        "currency": "USD",
        "interval": "MONTH",
        "intervalCount": 3,
        "taxBehavior": "INCLUSIVE",
        "isArchived": False,
    },
    "Coupon": {
        "name": "Less",
        "percentOff": "12.5",
        "duration": "REPEATING",
        "durationPeriods": 3,
        "redeemUntilOn": "2030-01-31",
        "maxRedemptions": 5,
        "isArchived": False,
    },
    "CancellationOption": {"rank": 7, "kind": "DOWNGRADE", "headline": "Stay", "planCode": "starter", "couponCode": None, "isArchived": False},
}
OTHERS: dict[str, dict[str, dict[str, Any]]] = {
    "Plan": {"name": {"name": "Newer"}, "description": {"description": None}, "trialDays": {"trialDays": None}, "isArchived": {"isArchived": True}},
    "Price": {
        "amount": {"amount": "13"},
        "currency": {"amount": "13", "currency": "JPY"},
        "interval": {"interval": "YEAR"},
        "intervalCount": {"intervalCount": None},
        "taxBehavior": {"taxBehavior": None},
        "isArchived": {"isArchived": True},
    },
    "Coupon": {
        "name": {"name": "Least"},
        "redeemUntilOn": {"redeemUntilOn": None},
        "maxRedemptions": {"maxRedemptions": None},
        "isArchived": {"isArchived": True},
    },
    "CancellationOption": {
        "rank": {"rank": 8},
        "kind": {"kind": "COUPON", "planCode": None, "couponCode": "loyal5"},
        "headline": {"headline": "Stay!"},
        "planCode": {"planCode": "team"},
        "isArchived": {"isArchived": True},
    },
}


async def save(address: str, kind: str, viewer: Viewer = WRITER, /, *, action: str = "save", **arguments: Any) -> dict[str, Any]:
    input_type = f"Save{kind}Input" if action == "save" else "ArchiveInput"
    text = f"mutation M($input: {input_type}!) {{ {action}{kind}(input: $input) {{ outcome replayed userErrors {{ code message path }} {FIELDS[kind]} }} }}"
    body = await posted(address, text, viewer, input=arguments)
    assert "errors" not in body, body
    payload: dict[str, Any] = body["data"][f"{action}{kind}"]
    return payload


def new_code(kind: str) -> str:
    return f"{kind.lower()[:6]}-{secrets.token_hex(4)}"


@pytest.mark.parametrize("kind", FIELDS)
async def test_the_same_call_again_is_unchanged_and_writes_nothing(address: str, everything: Callable[[], Any], kind: str) -> None:
    code = new_code(kind)
    created = await save(address, kind, code=code, **WHOLE[kind])
    assert (created["outcome"], created["userErrors"]) == ("CREATED", [])
    before = everything()
    assert (await save(address, kind, code=code, **WHOLE[kind]))["outcome"] == "UNCHANGED"
    assert (await save(address, kind, code=code))["outcome"] == "UNCHANGED"
    identifier = created[PAYLOADS[kind]]["id"]
    assert (await save(address, kind, id=identifier, **WHOLE[kind]))["outcome"] == "UNCHANGED"
    assert everything() == before
    for name, other in OTHERS[kind].items():
        if "rank" in WHOLE[kind]:
            await save(address, kind, code=code, **WHOLE[kind])
        changed = await save(address, kind, code=code, **other)
        assert (changed["outcome"], changed["userErrors"]) == ("UPDATED", []), name
        before = everything()
        # The id of a version of a price that was replaced stands for the present one.
        for again in ({"code": code}, {"id": identifier}):
            assert (await save(address, kind, **again, **other))["outcome"] == "UNCHANGED", name
        assert everything() == before, name
        await save(address, kind, code=code, **WHOLE[kind])
    await save(address, kind, code=code, action="archive")
    before = everything()
    assert (await save(address, kind, code=code, action="archive"))["outcome"] == "UNCHANGED"
    assert everything() == before


async def test_each_save_leaves_one_event_with_the_client(address: str, shop: Urls) -> None:
    code = new_code("Plan")
    await save(address, "Plan", code=code, name="One")
    await save(address, "Plan", code=code, name="Two")
    await save(address, "Plan", code=code, name="Two")
    connection = await asyncpg.connect(shop.admin, server_settings={"search_path": "portico"})
    events = await connection.fetch("select event, client, detail, actor from audit_event where detail like $1 order by id", f"{code}%")
    await connection.close()
    assert sorted((event["event"], event["client"], event["actor"], event["detail"]) for event in events) == [
        ("savePlan", CLIENT, "STAFF", f"{code} CREATED"),
        ("savePlan", CLIENT, "STAFF", f"{code} UPDATED"),
    ]


async def test_a_key_has_one_effect(address: str, everything: Callable[[], Any]) -> None:
    code, key = new_code("Plan"), secrets.token_hex(8)
    first = await save(address, "Plan", code=code, name="One", idempotencyKey=key)
    await save(address, "Plan", code=code, name="Two")
    before = everything()
    again = await save(address, "Plan", code=code, name="One", idempotencyKey=key)
    assert (first["outcome"], first["replayed"], again["outcome"], again["replayed"]) == ("CREATED", False, "CREATED", True)
    assert everything() == before


async def test_a_changed_price_is_a_new_version_with_the_code(address: str, shop: Urls) -> None:
    code = new_code("Price")
    first = (await save(address, "Price", code=code, **WHOLE["Price"]))["price"]
    second = (await save(address, "Price", code=code, amount="13.00"))["price"]
    assert second["id"] != first["id"]
    assert (second["code"], second["unitAmount"]["amount"], second["intervalCount"]) == (code, "13.00", 3)
    seen = await posted(
        address, "query Q($id: ID!) { node(id: $id) { ... on Price { code formerCode isArchived unitAmount { amount } } } }", STAFF_READER, id=first["id"]
    )
    assert seen["data"]["node"] == {"code": None, "formerCode": code, "isArchived": True, "unitAmount": {"amount": "12.90"}}


STAFF_READER = Viewer(Actor.STAFF, None, ("read", "catalog:write"), CLIENT)

# An input that is refused, the code, and the field.
REFUSED: list[tuple[str, dict[str, Any], str, str]] = [
    ("savePlan", {}, "INVALID_VALUE", "code"),
    ("savePlan", {"id": "plan_01jnd8ymzcexvs3pj1n4b7vfdc", "name": "New"}, "NOT_FOUND", "id"),
    ("savePlan", {"code": "two words", "name": "New"}, "INVALID_VALUE", "code"),
    ("savePlan", {"code": "new"}, "INVALID_VALUE", "name"),
    ("savePlan", {"code": "team", "name": None}, "INVALID_VALUE", "name"),
    ("savePlan", {"code": "team", "name": "x" * 201}, "INVALID_VALUE", "name"),
    ("savePlan", {"code": "team", "trialDays": 731}, "INVALID_VALUE", "trialDays"),
    ("savePlan", {"code": "team", "description": "x" * 2001}, "INVALID_VALUE", "description"),
    ("savePlan", {"code": "team", "name": "New", "idempotencyKey": ""}, "INVALID_VALUE", "idempotencyKey"),
    ("archivePlan", {"code": "nothing"}, "NOT_FOUND", "code"),
    ("archivePlan", {"id": "price_01jnd8ymzcexvs3pj1n4b7vfdc"}, "NOT_FOUND", "id"),
    ("archivePlan", {}, "INVALID_VALUE", "code"),
    ("savePrice", {"code": "new", "planCode": "nothing", "amount": "1", "currency": "USD", "interval": "MONTH"}, "NOT_FOUND", "planCode"),
    ("savePrice", {"code": "new", "amount": "1", "currency": "USD", "interval": "MONTH"}, "INVALID_VALUE", "planCode"),
    ("savePrice", {"code": "new", "planCode": "team", "currency": "USD", "interval": "MONTH"}, "INVALID_VALUE", "amount"),
    ("savePrice", {"code": "new", "planCode": "team", "amount": "1", "interval": "MONTH"}, "INVALID_VALUE", "currency"),
    ("savePrice", {"code": "new", "planCode": "team", "amount": "1", "currency": "USD"}, "INVALID_VALUE", "interval"),
    ("savePrice", {"code": "team-usd-month", "currency": "EUR"}, "INVALID_VALUE", "amount"),
    ("savePrice", {"code": "team-usd-month", "amount": "1", "currency": "ABC"}, "INVALID_VALUE", "currency"),
    ("savePrice", {"code": "team-usd-month", "amount": "-1"}, "INVALID_VALUE", "amount"),
    ("savePrice", {"code": "team-usd-month", "amount": "1.001"}, "INVALID_VALUE", "amount"),
    ("savePrice", {"code": "team-jpy-month", "amount": "1.5"}, "INVALID_VALUE", "amount"),
    ("savePrice", {"code": "team-usd-month", "amount": "90071992547409.93"}, "INVALID_VALUE", "amount"),
    ("savePrice", {"code": "team-usd-month", "amount": "999999999999999999999999999999"}, "INVALID_VALUE", "amount"),
    ("savePrice", {"code": "team-usd-month", "amount": None}, "INVALID_VALUE", "amount"),
    ("savePrice", {"code": "team-usd-month", "intervalCount": 0}, "INVALID_VALUE", "intervalCount"),
    ("savePrice", {"code": "team-usd-month", "planCode": "starter"}, "WRONG_STATE", "planCode"),
    ("savePrice", {"code": "team-usd-month", "amount": "1", "currency": "EUR", "existing": "AT_RENEWAL"}, "CURRENCY_MISMATCH", "existing"),
    ("archivePrice", {"code": "nothing"}, "NOT_FOUND", "code"),
    ("saveCoupon", {"code": "NEW", "name": "New", "duration": "ONCE"}, "INVALID_VALUE", "percentOff"),
    ("saveCoupon", {"code": "NEW", "name": "New", "duration": "ONCE", "percentOff": "101"}, "INVALID_VALUE", "percentOff"),
    ("saveCoupon", {"code": "NEW", "name": "New", "duration": "ONCE", "percentOff": "0"}, "INVALID_VALUE", "percentOff"),
    ("saveCoupon", {"code": "NEW", "name": "New", "duration": "ONCE", "percentOff": "0.00001"}, "INVALID_VALUE", "percentOff"),
    ("saveCoupon", {"code": "NEW", "name": "New", "duration": "ONCE", "amountOff": "1"}, "INVALID_VALUE", "currency"),
    ("saveCoupon", {"code": "NEW", "name": "New", "duration": "ONCE", "currency": "USD"}, "INVALID_VALUE", "percentOff"),
    ("saveCoupon", {"code": "NEW", "name": "New", "duration": "ONCE", "amountOff": "1.001", "currency": "USD"}, "INVALID_VALUE", "amountOff"),
    ("saveCoupon", {"code": "NEW", "name": "New", "duration": "ONCE", "amountOff": "-1", "currency": "USD"}, "INVALID_VALUE", "amountOff"),
    ("saveCoupon", {"code": "NEW", "name": "New", "percentOff": "10"}, "INVALID_VALUE", "duration"),
    ("saveCoupon", {"code": "NEW", "name": "New", "percentOff": "10", "duration": "REPEATING"}, "INVALID_VALUE", "durationPeriods"),
    ("saveCoupon", {"code": "NEW", "name": "New", "percentOff": "10", "duration": "ONCE", "maxRedemptions": 0}, "INVALID_VALUE", "maxRedemptions"),
    ("saveCoupon", {"code": "welcome20", "percentOff": "30"}, "WRONG_STATE", "percentOff"),
    ("saveCoupon", {"code": "WELCOME20", "duration": "FOREVER"}, "WRONG_STATE", "duration"),
    ("archiveCoupon", {"code": "nothing"}, "NOT_FOUND", "code"),
    ("saveCancellationOption", {"code": "new", "kind": "PAUSE", "headline": "Wait"}, "INVALID_VALUE", "rank"),
    ("saveCancellationOption", {"code": "new", "kind": "PAUSE", "headline": "Wait", "rank": 1}, "INVALID_VALUE", "rank"),
    ("saveCancellationOption", {"code": "new", "kind": "DOWNGRADE", "headline": "Less", "rank": 5}, "INVALID_VALUE", "planCode"),
    ("saveCancellationOption", {"code": "new", "kind": "DOWNGRADE", "headline": "Less", "rank": 5, "planCode": "nothing"}, "NOT_FOUND", "planCode"),
    ("saveCancellationOption", {"code": "new", "kind": "COUPON", "headline": "Less", "rank": 5, "couponCode": "nothing"}, "NOT_FOUND", "couponCode"),
    ("saveCancellationOption", {"code": "new", "kind": "PAUSE", "headline": "Wait", "rank": 5, "planCode": "team"}, "INVALID_VALUE", "planCode"),
    ("saveCancellationOption", {"code": "pause", "headline": None}, "INVALID_VALUE", "headline"),
    ("archiveCancellationOption", {"code": "nothing"}, "NOT_FOUND", "code"),
]


@pytest.mark.parametrize(("mutation", "arguments", "code", "field"), REFUSED, ids=[f"{mutation}-{number}" for number, (mutation, *_) in enumerate(REFUSED)])
async def test_bad_input_is_refused_with_its_field_and_writes_nothing(
    address: str, everything: Callable[[], Any], mutation: str, arguments: dict[str, Any], code: str, field: str
) -> None:
    before = {table: rows for table, rows in everything().items() if table != "audit_event"}
    action, kind = ("save", mutation[4:]) if mutation.startswith("save") else ("archive", mutation[7:])
    payload = await save(address, kind, action=action, **arguments)
    assert [(error["code"], error["path"]) for error in payload["userErrors"]] == [(code, ["input", field])], payload
    assert (payload["outcome"], payload[PAYLOADS[kind]]) == (None, None)
    assert {table: rows for table, rows in everything().items() if table != "audit_event"} == before


async def test_two_who_save_at_once_are_served_one_after_the_other(address: str, shop: Urls) -> None:
    code, price = new_code("Plan"), new_code("Price")
    answers = await asyncio.gather(*(save(address, "Plan", code=code, name=f"Name {number}") for number in range(8)))
    assert sorted(answer["outcome"] for answer in answers) == ["CREATED", *["UPDATED"] * 7]
    terms = {"planCode": code, "currency": "USD", "interval": "MONTH"}
    answers = await asyncio.gather(*(save(address, "Price", code=price, amount=str(number), **terms) for number in range(1, 9)))
    assert sorted(answer["outcome"] for answer in answers) == ["CREATED", *["UPDATED"] * 7]
    connection = await asyncpg.connect(shop.admin, server_settings={"search_path": "portico"})
    rows = await connection.fetch(
        "select code, former_code, is_archived from price where price in (select p from price p where $1 in (p.code, p.former_code))", price
    )
    await connection.close()
    assert sorted((row["code"] or "", row["former_code"] or "", row["is_archived"]) for row in rows) == [*[("", price, True)] * 7, (price, "", False)]


async def test_an_archived_plan_takes_nobody_new_and_running_subscriptions_go_on(address: str, shop: Urls) -> None:
    code = new_code("Plan")
    await save(address, "Plan", code=code, name="Sold")
    price = (await save(address, "Price", code=f"{code}-month", planCode=code, amount="0", currency="USD", interval="MONTH"))["price"]["id"]
    order = "mutation M($input: AddPlanInput!) { addPlan(input: $input) { userErrors { code path } subscription { id status } } }"
    buyer = customer(CUSTOMER_ID)
    first = (await posted(address, order, buyer, input={"priceId": price, "idempotencyKey": secrets.token_hex(8)}))["data"]["addPlan"]
    assert first["subscription"]["status"] == "ACTIVE"
    await save(address, "Plan", code=code, action="archive")
    second = (await posted(address, order, buyer, input={"priceId": price, "idempotencyKey": secrets.token_hex(8)}))["data"]["addPlan"]
    assert [error["code"] for error in second["userErrors"]] == ["PLAN_UNAVAILABLE"]
    seen = await posted(address, "query Q($id: ID!) { node(id: $id) { ... on Subscription { status renewsAt } } }", buyer, id=first["subscription"]["id"])
    assert seen["data"]["node"]["status"] == "ACTIVE"
    assert seen["data"]["node"]["renewsAt"] is not None
    await save(address, "Plan", code=code, isArchived=False)
    third = (await posted(address, order, buyer, input={"priceId": price, "idempotencyKey": secrets.token_hex(8)}))["data"]["addPlan"]
    assert third["userErrors"] == []


async def test_a_move_by_http_reaches_the_subscription(address: str, shop: Urls) -> None:
    saved = await save(address, "Price", code="team-usd-month", amount="31.00", existing="AT_RENEWAL")
    assert (saved["userErrors"], saved["subscriptionsMoved"]) == ([], 1)
    seen = await posted(
        address,
        "query Q($id: ID!) { node(id: $id) { ... on Subscription { renewalAmount { amount } pendingChange { kind price { id } } history { nodes { kind actor } } } } }",
        customer(CUSTOMER_ID),
        id=SUBSCRIPTION_ID,
    )
    subscription = seen["data"]["node"]
    assert subscription["renewalAmount"]["amount"] == "31.00"
    assert subscription["pendingChange"] == {"kind": "PLAN", "price": {"id": saved["price"]["id"]}}
    assert subscription["history"]["nodes"] == [{"kind": "CHANGE_SCHEDULED", "actor": "STAFF"}]


async def test_staff_see_the_whole_catalog_and_nobody_else_does(address: str) -> None:
    text = """{ catalogPlans(filter: {isArchived: true}) { nodes { code } } catalogPrices(first: 1, filter: {code: "team-eur-month"}) { nodes { code plan { code } } }
                catalogCoupons(filter: {code: "loyal5"}) { nodes { code redeemedCount isArchived redeemUntilOn maxRedemptions } }
                catalogCancellationOptions { nodes { code rank kind coupon { code } plan { code } } } }"""
    data = (await posted(address, text))["data"]
    assert "solo-2019" in [plan["code"] for plan in data["catalogPlans"]["nodes"]]
    assert data["catalogPrices"]["nodes"] == [{"code": "team-eur-month", "plan": {"code": "team"}}]
    assert data["catalogCoupons"]["nodes"] == [{"code": "LOYAL5", "redeemedCount": 0, "isArchived": False, "redeemUntilOn": None, "maxRedemptions": None}]
    assert data["catalogCancellationOptions"]["nodes"][0] == {"code": "coupon", "rank": 1, "kind": "COUPON", "coupon": {"code": "STAY25"}, "plan": None}
    for viewer in (customer(CUSTOMER_ID), Viewer(Actor.STAFF, None, ("read", "customers:search"), CLIENT)):
        body = await posted(address, text, viewer)
        assert {error["extensions"]["code"] for error in body["errors"]} == {"FORBIDDEN"}
        assert all(value is None for value in body["data"].values())


MUTATIONS = [(action, kind) for action in ("save", "archive") for kind in FIELDS]


@pytest.mark.parametrize(("action", "kind"), MUTATIONS)
async def test_a_token_without_the_scope_is_forbidden(address: str, everything: Callable[[], Any], action: str, kind: str) -> None:
    before = everything()
    input_type = f"Save{kind}Input" if action == "save" else "ArchiveInput"
    text = f"mutation M($input: {input_type}!) {{ {action}{kind}(input: $input) {{ outcome }} }}"
    for viewer in (Viewer(Actor.STAFF, None, ("read", "subscriptions:hold"), CLIENT), customer(CUSTOMER_ID)):
        body = await posted(address, text, viewer, input={"code": "team"})
        assert [error["extensions"]["code"] for error in body["errors"]] == ["FORBIDDEN"]
    assert everything() == before


WRITES = {
    "plan": "insert into plan (id, code, name, created_at) values ('plan_x', 'x', 'x', now())",
    "price": "insert into price (id, plan_id, code, currency, unit_minor, billing_interval, created_at) select 'price_x', id, 'x', 'USD', 1, 'MONTH', now() from plan limit 1",
    "coupon": "insert into coupon (id, code, name, percent_off_ppm, duration, is_active, created_at) values ('cpn_x', 'X', 'x', 1, 'ONCE', true, now())",
    "option": "insert into retention_offer (id, code, rank, kind, headline, is_active) values ('off_x', 'x', 99, 'PAUSE', 'x', true)",
    "plan archived": "update plan set is_archived = true where code = 'team'",
    "price archived": "update price set is_archived = true where code = 'team-usd-year'",
    "price moved": "update price set moves_to = id where code = 'none of these' or former_code = 'team-usd-month'",
    "coupon archived": "update coupon set is_active = false where code = 'LOYAL5'",
    "option archived": "update retention_offer set is_active = false where code = 'pause'",
}
CALLERS = {
    "catalog:write": ("STAFF", "catalog:write", True),
    "staff": ("STAFF", "staff", True),
    "the command line": ("SYSTEM", "", True),
    "another scope": ("STAFF", "subscriptions:write invoices:write", False),
    "staff of the version before": ("STAFF", "", False),
    "a customer": ("CUSTOMER", "", False),
    "a partner": ("PARTNER", "catalog:write", False),
}


@pytest.mark.parametrize("name", CALLERS)
async def test_the_database_lets_only_writers_of_the_catalog_write_it(shop: Urls, name: str) -> None:
    actor, scopes, is_allowed = CALLERS[name]
    connection = await asyncpg.connect(shop.app)
    try:
        for what, statement in WRITES.items():
            transaction = connection.transaction()
            await transaction.start()
            await connection.execute(f"set local app.actor = '{actor}'; set local app.scopes = '{scopes}'; set local app.customer_id = ''")
            if is_allowed:
                assert await connection.execute(statement) in ("INSERT 0 1", "UPDATE 1", "UPDATE 0"), what
            elif what != "price moved":
                with pytest.raises(asyncpg.InsufficientPrivilegeError):
                    await connection.execute(statement)
            await transaction.rollback()
    finally:
        await connection.close()


@pytest.mark.parametrize(
    "column", ["currency = 'EUR'", "unit_minor = 1", "billing_interval = 'DAY'", "interval_count = 2", "tax_behavior = 'INCLUSIVE'", "plan_id = plan_id"]
)
async def test_the_database_lets_nobody_edit_the_terms_of_a_price(shop: Urls, column: str) -> None:
    connection = await asyncpg.connect(shop.app)
    try:
        async with connection.transaction():
            await connection.execute("set local app.actor = 'STAFF'; set local app.scopes = 'staff'")
            with pytest.raises(asyncpg.InsufficientPrivilegeError):
                await connection.execute(f"update price set {column} where code = 'team-usd-year'")
    except asyncpg.InFailedSQLTransactionError:
        pass
    finally:
        await connection.close()
