"""Sequences of variable values through one document, and so through its plans: every answer is the executor's, whatever was asked before."""

from dataclasses import dataclass
from random import Random
from typing import Any

import orjson
import pytest
from graphql import GraphQLNamedType, GraphQLObjectType, GraphQLSchema, get_named_type, is_interface_type, is_leaf_type, is_object_type

import schema
from auth.viewer import Viewer
from billing.states import Actor
from gateway.documents.document_cache import first_party
from gateway.http.graphql.execution import run, run_planned
from gateway.http.requests import GraphQLRequest
from schema.declarations.fields import DECLARATION, DEFINITION, permission_of
from tests.conftest import ADA, BIG, STAFF, Portal, demo_customer
from tests.depth import by_depth
from tests.planner.test_differential import DOCUMENTS, ids_of
from tests.planner.variables import Chances, with_variables

KENJI = demo_customer("kenji@example.com")
READER, WRITER = (Viewer(Actor.PARTNER, ADA.customer_id, (scope,), "an app") for scope in ("read", "payments:write"))
VIEWERS = [ADA, ADA, ADA, ADA, KENJI, STAFF, STAFF, READER, WRITER]


async def is_planned_alike(portal: Portal, text: str, viewer: Viewer, variables: dict[str, Any]) -> bool:
    """Whether the planner answered; then to the byte as the executor did."""
    planned = await portal.plan(text, viewer, **variables)
    if planned is None:
        return False
    executed = await portal.execute(text, viewer, **variables)
    assert not executed.errors, (text, viewer, variables, executed.errors)
    assert orjson.dumps(planned.data) == orjson.dumps(executed.data), (text, viewer, variables)
    return True


def arguments_of(schema: GraphQLSchema) -> dict[str, str]:
    """For every declared field that takes arguments, a document that leads to it by the shortest path."""
    assert schema.query_type
    waiting: list[tuple[GraphQLObjectType, str]] = [(schema.query_type, "{ %s }")]
    seen, texts = {schema.query_type.name}, {}
    while waiting:
        kind, path = waiting.pop(0)
        for name, field in kind.fields.items():
            named = get_named_type(field.type)
            is_declared = DECLARATION in field.extensions[DEFINITION].metadata
            if field.args and is_declared:
                texts[f"{kind.name}.{name}"] = path % f"{name} {selection(named)}"
            if is_object_type(named) and named.name not in seen and (is_declared or name == "nodes"):
                seen.add(named.name)
                waiting.append((named, path % f"{name} {{ %s }}"))
    return texts


def selection(named: GraphQLNamedType) -> str:
    if is_leaf_type(named):
        return ""
    if not isinstance(named, GraphQLObjectType):
        return "{ __typename id }"
    if named.name.endswith("Connection"):
        return "{ totalCount pageInfo { hasNextPage hasPreviousPage startCursor endCursor } edges { cursor } }"
    return f"{{ {' '.join(name for name, field in named.fields.items() if is_leaf_type(get_named_type(field.type)) and not field.args)} }}"


# More of them at night. Where the planner answered none, as chance chose only what it refuses, more follow.
TURNS = by_depth(1, 6)
MOST_TURNS = 6
LENGTH = 5
SCHEMA = schema.build()
TEXTS = DOCUMENTS | first_party() | arguments_of(SCHEMA)


def viewers_of(name: str) -> list[Viewer]:
    """Return the callers of a document: for a root field of few kinds of callers, mostly those who may select it."""
    root, _, field = name.partition(".")
    permission = permission_of(SCHEMA.query_type, field) if SCHEMA.query_type and root == "Query" else None
    return VIEWERS + [viewer for viewer in VIEWERS if permission and viewer.kind in permission.kinds] * 4


@pytest.mark.parametrize("name", TEXTS)
async def test_values_of_chance_are_answered_alike(portal: Portal, graphql_schema: GraphQLSchema, admin: Any, name: str) -> None:
    """Arguments as variables in every place where one may stand, in lists and objects too; some arguments added, callers of every kind taking turns."""
    ids = await ids_of(ADA, admin)
    chances = Chances(added=0.4 if "." in name else 0.1, variable=0.6)
    viewers = viewers_of(name)
    planned = 0
    for turn in range(MOST_TURNS):
        if turn >= TURNS and planned:
            break
        chance = Random(f"{turn} {name}")
        text, values = with_variables(graphql_schema, TEXTS[name], ids, chance, count=LENGTH, chances=chances)
        for variables in values:
            planned += await is_planned_alike(portal, text, chance.choice(viewers), variables)
    assert planned or name == "introspection" or portal.database.is_distributed  # all callers may have been staff
    assert portal.planner.fallbacks["its statement failed"] == 0


RANDOM_ID = "inv_01m829w97ne1msh76cygrhecz9"
THING = "{ __typename id ... on Subscription { status } ... on Invoice { number } ... on Customer { email } ... on Plan { name } }"
PAGE = "{ totalCount nodes { id } pageInfo { hasNextPage hasPreviousPage } }"


@dataclass(frozen=True, slots=True)
class Sequence:
    """A document's arguments and root, and the values that its variables have one after the other. `@sub` is the id of a subscription of Ada's."""

    text: str
    values: list[dict[str, Any]]
    # How many of the values are answered by the planner. The others are refused, whatever was asked before.
    planned: int


SEQUENCES = {
    "ids in a list": Sequence(
        f"query ($id: ID!) {{ nodes(ids: [$id]) {THING} }}", [{"id": id} for id in ("@sub", "@inv", "@cus", "@plan", RANDOM_ID, "x_y", "", "@pay")], 8
    ),
    "an id beside one that stands there": Sequence(
        f'query ($id: ID!) {{ nodes(ids: ["@plan", $id, "@plan"]) {THING} }}', [{"id": id} for id in ("@sub", "@inv", "nonsense", "@plan", "@sub")], 5
    ),
    "an id with a default in a list": Sequence(
        f'query ($id: ID = "@sub", $other: ID! = "@inv") {{ nodes(ids: [$id, $other]) {THING} }}',
        [{}, {"id": "@inv"}, {"id": None}, {"other": "@plan"}, {"id": "@cus", "other": "@cus"}, {}],
        5,
    ),
    "a list of ids": Sequence(
        f"query ($ids: [ID!]!) {{ nodes(ids: $ids) {THING} }}",
        [{"ids": ids} for ids in (["@sub"], [], ["@inv", "@sub"], ["@sub"], "@inv", ["nonsense"], ["@sub"] * 51, ["@plan", "@cus", "@plan"])],
        7,
    ),
    "an id": Sequence(f"query ($id: ID!) {{ node(id: $id) {THING} }}", [{"id": id} for id in ("@sub", "@inv", "", "x_y", "@cus", "@plan", "@sub")], 7),
    "one's own account": Sequence(
        "query ($id: ID) { customer(id: $id) { id email } }", [{}, {"id": "@cus"}, {"id": None}, {"id": ""}, {"id": "@other"}, {"id": "@sub"}, {}], 7
    ),
    "a state in a list in a filter": Sequence(
        f'query ($state: InvoiceStatus!) {{ customer(id: "@cus") {{ invoices(filter: {{ status: [$state, OPEN] }}) {PAGE} }} }}',
        [{"state": state} for state in ("PAID", "VOID", "OPEN", "NONE", "PAID")],
        4,
    ),
    "a filter in parts": Sequence(
        f"""query ($states: [InvoiceStatus!], $currency: CurrencyCode = "USD", $late: Boolean) {{
            customer(id: "@cus") {{ invoices(filter: {{ status: $states, currency: $currency, isOverdue: $late }}) {PAGE} }} }}""",
        [{}, {"states": ["PAID"]}, {"states": []}, {"states": "PAID", "currency": "JPY"}, {"states": None, "currency": None}, {"late": True}, {"late": False}],
        7,
    ),
    "a whole filter": Sequence(
        f'query ($filter: InvoiceFilter = {{ status: [PAID] }}) {{ customer(id: "@cus") {{ invoices(filter: $filter) {PAGE} }} }}',
        [
            {},
            *({"filter": filter} for filter in (None, {}, {"status": None}, {"status": ["OPEN"], "isOverdue": True}, {"status": []}, {"currency": "JPY"})),
            {},
        ],
        8,
    ),
    "an order": Sequence(
        'query ($sort: InvoiceOrder) { customer(id: "@cus") { invoices(sort: $sort, first: 3) { edges { cursor node { id } } } } }',
        [{}, {"sort": "OLDEST"}, {"sort": None}, {"sort": "DUE_FIRST"}, {"sort": "NEWEST"}, {"sort": "DUE_LAST"}, {}],
        7,
    ),
    "sizes and ends": Sequence(
        f'query ($first: Int, $last: Int = null) {{ customer(id: "@cus") {{ payments(first: $first, last: $last) {PAGE} }} }}',
        [{}, {"first": 1}, {"last": 2}, {"first": 2, "last": 2}, {"first": None, "last": 1}, {"first": 0}, {"first": 3}, {"last": 101}, {"last": None}],
        6,
    ),
    "cursors": Sequence(
        f'query ($after: String, $before: String) {{ customer(id: "@cus") {{ payments(after: $after, before: $before, first: 2) {PAGE} }} }}',
        [{}, {"after": "@cursor"}, {"before": "@cursor"}, {"after": None}, {"after": "nonsense"}, {"after": "@cursor", "before": "@cursor"}, {"before": None}],
        6,
    ),
    "directives around what is refused": Sequence(
        f"""query ($yes: Boolean!, $no: Boolean! = false, $ids: [ID!]!, $first: Int) {{ ...F @include(if: $yes) customer(id: "@cus") @skip(if: $no) {{ id }} }}
            fragment F on Query {{ nodes(ids: $ids) {THING} plans(first: $first) {PAGE} }}""",
        [
            {"yes": yes, "no": no, "ids": ids, "first": first}
            for ids, first in ((["@sub"], 1), (["@sub"] * 51, 1), (["@inv"], 0))
            for yes, no in ((True, False), (False, False), (False, True))
        ],
        7,
    ),
    "one variable in several places": Sequence(
        f"""query ($id: ID!) {{ node(id: $id) {THING} nodes(ids: ["@inv", $id]) {THING} customer(id: "@cus") {{
            subscriptions(filter: {{ planId: $id }}) {PAGE} }} }}""",
        [{"id": id} for id in ("@sub", "@plan", "@inv", "nonsense", "@plan")],
        5,
    ),
    "what Python computes": Sequence(
        """query ($locale: String, $from: Date!, $to: Date!) { customer(id: "@cus") { statement(currency: "USD", startsOn: $from, endsOn: $to) { pdfUrl }
            summary { balance { formatted(locale: $locale) } } } }""",
        [
            {"locale": locale, "from": "2026-01-01", "to": to}
            for locale, to in (("de", "2026-01-31"), (None, "2026-02-28"), ("xx-nowhere", "2026-01-31"), ("de", "2025-01-01"), ("ja", "2026-01-31"))
        ],
        4,
    ),
}


async def with_ids(portal: Portal, admin: Any, sequence: Sequence) -> tuple[str, list[dict[str, Any]]]:
    """The sequence with the ids and cursors that it names."""
    page = await portal.execute("{ customer { payments(first: 3) { edges { cursor } } } }", ADA)
    ids = {f"@{identifier.partition('_')[0]}": identifier for identifier in await ids_of(ADA, admin)} | {"@other": BIG.customer_id}
    ids["@cursor"] = page.data["customer"]["payments"]["edges"][1]["cursor"]

    def named(value: Any) -> Any:
        if isinstance(value, dict):
            return {name: named(item) for name, item in value.items()}
        return [named(item) for item in value] if isinstance(value, list) else ids.get(value, value) if isinstance(value, str) else value

    text = sequence.text
    for name, identifier in ids.items():
        text = text.replace(f'"{name}"', f'"{identifier}"')
    return text, named(sequence.values)


@pytest.mark.parametrize("viewer", [ADA, STAFF], ids=["ada", "staff"])
@pytest.mark.parametrize("name", SEQUENCES)
async def test_a_sequence_is_answered_alike_in_both_directions(portal: Portal, admin: Any, name: str, viewer: Viewer) -> None:
    text, values = await with_ids(portal, admin, SEQUENCES[name])
    for direction, ordered in (("forwards", values), ("backwards", values[::-1])):
        document = f"{text} # {direction}"  # with plans of its own
        assert sum([await is_planned_alike(portal, document, viewer, variables) for variables in ordered]) == SEQUENCES[name].planned * portal.plans_for(viewer)
    answers = {repr((await portal.execute(text, viewer, **variables)).data) for variables in values}
    assert len(answers) > 1


async def test_operations_of_one_document_have_plans_of_their_own(portal: Portal, admin: Any) -> None:
    """Variables of one name are of different types in them, and some fields are in both."""
    text = f"query A($id: ID!) {{ ...F node(id: $id) {THING} }} query B($id: [ID!]!) {{ ...F nodes(ids: $id) {THING} }} fragment F on Query {{ plans {PAGE} }}"
    ids = await ids_of(ADA, admin)
    for identifier in ids:
        for name, value in (("A", identifier), ("B", [identifier]), ("B", ids[:3])):
            document, operation = portal.prepare(text, name)
            call = GraphQLRequest(text, {"id": value}, name, False)
            session = portal.session(ADA)
            planned = await run_planned(document, operation, call, portal.context(ADA, session))
            executed = await run(portal.schema, document, call, portal.context(ADA, session))
            await session.close()
            assert planned is not None
            assert orjson.loads(planned) == {"data": executed.data}


def test_an_interfaces_field_takes_what_its_types_take(graphql_schema: GraphQLSchema) -> None:
    """Arguments in a fragment on an interface are read once, for all the types that it may be."""
    compared = 0
    for interface in filter(is_interface_type, graphql_schema.type_map.values()):
        for name, field in interface.fields.items():
            for kind in graphql_schema.get_possible_types(interface):
                arguments = {key: (str(item.type), item.default_value) for key, item in kind.fields[name].args.items()}
                assert arguments == {key: (str(item.type), item.default_value) for key, item in field.args.items()}
                declarations = [element.extensions[DEFINITION].metadata.get(DECLARATION) for element in (field, kind.fields[name])]
                assert type(declarations[0]) is type(declarations[1])
                compared += bool(arguments)
    assert compared
