"""Amounts are written in the locale of the customer who reads them, by the planner and by the executor alike."""

from typing import Any

import asyncpg
import httpx

from auth.viewer import Viewer
from billing.money.money import formatted
from billing.states import Actor
from tests.conftest import STAFF, Portal, customer, token

TEXT = """query ($locale: String) { customer { locale invoices(first: 3) { nodes { total { minorUnits currency formatted own: formatted(locale: $locale)
  french: formatted(locale: "fr") } } } subscriptions(first: 2) { nodes { renewalAmount { minorUnits currency formatted } } } } }"""
OF_STAFF = "query ($id: ID!) { customer(id: $id) { invoices(first: 1) { nodes { total { minorUnits currency formatted } } } } }"
MOVE = """mutation ($a: String!, $b: String!) { one: updateProfile(input: { locale: $a }) { customer { ...F } } two: updateProfile(input: { locale: $b }) { customer { ...F } } }
fragment F on Customer { locale invoices(first: 1) { nodes { total { minorUnits currency formatted } } } }"""


async def customers_by_locale(admin: asyncpg.Connection) -> dict[str, str]:
    rows = await admin.fetch("select distinct on (c.locale) c.locale, c.id from customer c join invoice i on i.customer_id = c.id order by c.locale, c.id")
    return {row["locale"]: row["id"] for row in rows}


def amounts(data: Any) -> list[dict[str, Any]]:
    customer = data["customer"]
    return [node["total"] for node in customer["invoices"]["nodes"]] + [node["renewalAmount"] for node in customer.get("subscriptions", {"nodes": []})["nodes"]]


async def test_the_customers_locale_is_the_default_and_the_argument_goes_before_it(portal: Portal, admin: asyncpg.Connection) -> None:
    by_locale = await customers_by_locale(admin)
    assert {locale.partition("-")[0] for locale in by_locale} >= {"de", "en", "ja"}
    for locale, identifier in by_locale.items():
        for viewer in (customer(identifier), Viewer(Actor.PARTNER, identifier, ("read",), "acme")):
            planned, executed = await portal.plan(TEXT, viewer, locale="de-CH"), await portal.execute(TEXT, viewer, locale="de-CH")
            assert planned
            assert planned.data == executed.data
            assert planned.statements == 3, "the locale comes with the one statement"
            assert amounts(planned.data)
            for amount in amounts(planned.data):
                minor, currency = int(amount["minorUnits"]), amount["currency"]
                assert amount["formatted"] == formatted(minor, currency, locale)
                assert amount.get("own", "x") in ("x", formatted(minor, currency, "de-CH"))
                assert amount.get("french", "x") in ("x", formatted(minor, currency, "fr"))


async def test_a_german_customer_reads_german_amounts(portal: Portal, admin: asyncpg.Connection) -> None:
    identifier = (await customers_by_locale(admin))["de"]
    planned = await portal.plan(TEXT, customer(identifier), locale=None)
    assert planned
    assert all(amount["formatted"].endswith("\xa0€") for amount in amounts(planned.data) if amount["currency"] == "EUR")
    assert planned.data == (await portal.execute(TEXT, customer(identifier), locale=None)).data


async def test_staff_and_services_read_english_whoever_owes_it(portal: Portal, admin: asyncpg.Connection) -> None:
    identifier = (await customers_by_locale(admin))["de"]
    planned, executed = await portal.plan(OF_STAFF, STAFF, id=identifier), await portal.execute(OF_STAFF, STAFF, id=identifier)
    assert (planned is not None) == portal.plans_for(STAFF)
    assert planned is None or planned.data == executed.data
    (amount,) = amounts(executed.data)
    assert amount["formatted"] == formatted(int(amount["minorUnits"]), amount["currency"], "en")


async def test_a_mutation_that_changes_the_locale_answers_in_the_new_one(http: httpx.AsyncClient, admin: asyncpg.Connection) -> None:
    identifier = (await customers_by_locale(admin))["de"]
    headers = {"Authorization": f"Bearer {token(customer(identifier))}"}
    try:
        answer = await http.post("/graphql", json={"query": MOVE, "variables": {"a": "fr", "b": "ja"}}, headers=headers)
        for field, locale in (("one", "fr"), ("two", "ja")):
            (amount,) = amounts(answer.json()["data"][field])
            assert amount["formatted"] == formatted(int(amount["minorUnits"]), amount["currency"], locale)
    finally:
        await admin.execute("update customer set locale = 'de' where id = $1", identifier)
