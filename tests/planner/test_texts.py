"""JSON that Postgres puts together as text says what the executor says, and marks a null where none may be."""

import dataclasses
import itertools
import json
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import asyncpg
import pytest
from graphql import (
    GraphQLBoolean,
    GraphQLEnumType,
    GraphQLID,
    GraphQLInt,
    GraphQLList,
    GraphQLNonNull,
    GraphQLObjectType,
    GraphQLScalarType,
    GraphQLSchema,
    GraphQLString,
    OperationDefinitionNode,
    parse,
)

from billing.rows import row_types
from db.blocks import PARAMETER
from planner import PlanCache, Planner
from planner.derived import selected
from planner.json_sql import MARK, Constant, column, objects, text_of
from schema.declarations.fields import DECLARATION, DEFINITION, Derived
from tests.conftest import ADA, Portal, customer

KINDS: dict[str, tuple[Any, str, list[tuple[Any, Any]]]] = {
    "String": (GraphQLString, "text", [(text, text) for text in ("", 'a "b" \\ c', "tab\there", "line\nline", "\x01\x1f", "é\U0001f600", "null", "\\t", "{}")]),
    "ID": (GraphQLID, "text", [("sub_01", "sub_01"), ('"', '"')]),
    "Int": (GraphQLInt, "integer", [(0, 0), (-7, -7)]),
    "Boolean": (GraphQLBoolean, "boolean", [(True, True), (False, False)]),
    "BigInt": (GraphQLScalarType("BigInt"), "bigint", [(2**63 - 1, str(2**63 - 1))]),
    "CurrencyCode": (GraphQLScalarType("CurrencyCode"), "text", [("USD", "USD")]),
    "enum": (GraphQLEnumType("Status", ["OPEN"]), "text", [("OPEN", "OPEN")]),
    "Date": (GraphQLScalarType("Date"), "date", [(date(2026, 2, 3), "2026-02-03")]),
    "DateTime": (
        GraphQLScalarType("DateTime"),
        "timestamptz",
        [(datetime(2026, 2, 3, 4, 5, 6, 789_000, UTC), "2026-02-03T04:05:06.789Z"), (datetime(2026, 2, 3, tzinfo=UTC), "2026-02-03T00:00:00.000Z")],
    ),
    "list": (GraphQLList(GraphQLNonNull(GraphQLString)), "text[]", [([], []), (["a", '"'], ["a", '"'])]),
}


@pytest.mark.parametrize("is_certain", [True, False], ids=["never null", "nullable"])
@pytest.mark.parametrize("name", KINDS)
async def test_a_column_is_what_the_executor_makes_of_it(admin: asyncpg.Connection, name: str, is_certain: bool) -> None:
    kind, stored, pairs = KINDS[name]
    declared = GraphQLNonNull(kind) if is_certain else kind
    sql = f"select {text_of(objects({'v': column(f'cast($1 as {stored})', declared)}))}"
    await admin.execute("set datestyle = 'German'")
    try:
        for value, expected in pairs:
            text = await admin.fetchval(sql, value)
            assert json.loads(text) == {"v": expected}
            assert MARK not in text
        missing = await admin.fetchval(sql, None)
    finally:
        await admin.execute("reset datestyle")
    assert (MARK in missing) == is_certain
    if not is_certain:
        assert json.loads(missing) == {"v": None}


async def test_an_object_may_have_more_members_than_a_function_has_arguments(admin: asyncpg.Connection) -> None:
    members = {f"m{number}": column(f"cast({number} as integer)", GraphQLInt) for number in range(12_000)}
    for count in (49, 50, 51, 99, 101, 12_000):
        first = dict(list(members.items())[:count])
        assert json.loads(await admin.fetchval(f"select {text_of(objects(first))}")) == {f"m{number}": number for number in range(count)}


@pytest.mark.parametrize("form", ["an object", "a list", "lists of several lengths"])
async def test_a_value_of_flags_is_selected_by_the_statement(admin: asyncpg.Connection, form: str) -> None:
    def value_of(*flags: bool) -> Any:
        items = [{"text": ':word it\'s \\ "é"\n', "flag": flag, "none": None} for flag in flags]
        return {"an object": {"flags": flags} if any(flags) else None, "a list": items, "lists of several lengths": items[: sum(flags)]}[form]

    for count in (1, 2, 3, 4):
        names = [f"f{number}" for number in range(count)]
        parts = selected(names, value_of)
        assert parts
        sql = text_of(parts)
        assert PARAMETER.search(sql) is None
        for flags in itertools.product((False, True), repeat=count):
            rows = f"(values ({', '.join(map(str, flags))})) r({', '.join(names)})"
            assert json.loads(await admin.fetchval(f"select {sql} from {rows}")) == json.loads(json.dumps(value_of(*flags)))
        assert MARK in await admin.fetchval(
            f"select {sql} from (values ({', '.join(['true'] * (count - 1) + ['cast(null as boolean)'])})) r({', '.join(names)})"
        )
    assert selected(["f0"], lambda flag: "x" * 2_000 + str(flag)) is None


def test_the_fields_of_flags_are_these(graphql_schema: GraphQLSchema) -> None:
    """Their values are computed once for a plan. A function that reads anything else, such as a setting or the clock, must name it as a fact of the call."""
    declared = {
        f"{kind.name}.{name}": field.extensions[DEFINITION].metadata.get(DECLARATION)
        for kind in graphql_schema.type_map.values()
        if isinstance(kind, GraphQLObjectType) and not kind.name.startswith("__")
        for name, field in kind.fields.items()
    }
    flags = {column.name for row in row_types().values() for column in dataclasses.fields(row) if column.type in (bool, "bool")}
    of_flags = {name for name, one in declared.items() if isinstance(one, Derived) and not one.about_call and one.needs and flags.issuperset(one.needs)}
    assert of_flags == {"PaymentMethod.availableActions"}


def test_the_answer_of_the_summary_is_the_text_of_the_database(graphql_schema: GraphQLSchema, root: Path) -> None:
    """What the page selects of a payment method's actions depends on flags only, so Python computes nothing for it."""
    document = parse((root / "schema/documents/Summary.graphql").read_text(encoding="utf-8"))
    operation = next(node for node in document.definitions if isinstance(node, OperationDefinitionNode))
    bound = Planner(graphql_schema).prepare(document, PlanCache()).bind(operation, {}, customer(ADA.customer_id))
    assert bound
    assert '"availableActions":' in bound.plan.sql
    assert bound.plan.fix is None
    assert bound.plan.derived == ()


def test_constants_stand_together() -> None:
    inner = objects({"b": (Constant("1"),), "c": ("x",)})
    assert text_of(objects({"a": inner})) == """concat('{"a":{"b":1,"c":', x, '}}')"""


async def test_a_column_that_is_null_where_none_may_be_is_the_executors_error(portal: Portal, admin: asyncpg.Connection) -> None:
    """The database allows none either, so it has to be told to look away."""
    text = "{ customer { subscriptions(first: 1) { nodes { status plan { name } } } } } # without a name"
    answered = await portal.plan(text)
    assert answered
    failed = portal.planner.fallbacks["its statement failed"]
    await admin.execute("alter table portico.plan alter name drop not null")
    names = await admin.fetch("select id, name from portico.plan")
    await admin.execute("update portico.plan set name = null")
    try:
        assert await portal.plan(text) is None
        executed = await portal.execute(text)
    finally:
        await admin.executemany("update portico.plan set name = $2 where id = $1", [tuple(record) for record in names])
        await admin.execute("alter table portico.plan alter name set not null")
    assert portal.planner.fallbacks["its statement failed"] == failed + 1
    portal.planner.fallbacks["its statement failed"] = failed
    assert "Cannot return null for non-nullable field Plan.name" in executed.errors[0]["message"]
    assert await portal.plan(text) == answered


@pytest.mark.parametrize("text", ["a\tb", "\\t", "\t"])
async def test_a_tab_in_a_name_is_no_null(portal: Portal, admin: asyncpg.Connection, text: str) -> None:
    before = await admin.fetchval("select name from customer where id = $1", ADA.customer_id)
    await admin.execute("update customer set name = $2 where id = $1", ADA.customer_id, text)
    try:
        answer = await portal.plan("{ customer { name } }", customer(ADA.customer_id))
    finally:
        await admin.execute("update customer set name = $2 where id = $1", ADA.customer_id, before)
    assert answer
    assert answer.data["customer"]["name"] == text
