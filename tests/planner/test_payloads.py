"""What a payload selects is read by one statement, and it is what the executor reads."""

import asyncio
from dataclasses import replace
from random import Random
from types import SimpleNamespace
from typing import Any

import orjson
import pytest
from graphql import (
    DocumentNode,
    GraphQLSchema,
    NamedTypeNode,
    NonNullTypeNode,
    ObjectTypeDefinitionNode,
    build_ast_schema,
    build_schema,
    get_named_type,
    is_enum_type,
    is_input_object_type,
    is_list_type,
    is_non_null_type,
    is_required_input_field,
    parse,
    type_from_ast,
)
from graphql.pyutils import camel_to_snake
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from hypothesis_graphql import mutations

import schema as portal_schema
from auth.viewer import Viewer
from billing.states import Actor
from gateway.documents.document_cache import DocumentCache, first_party_actions, of_staff
from planner import Planner
from resolvers.reads.relations import BY_ID, type_name
from schema.declarations.fields import DEFINITION
from tests.conftest import ADA, BIG, ROOM, STAFF, Portal
from tests.depth import by_depth
from tests.planner.test_differential import SCALARS, ids_of, readable
from tests.planner.variables import with_variables

pytestmark = pytest.mark.in_turns(2)

NOUNS = {type_name(prefix) for prefix in BY_ID} | {"Attachable"}
CHANCES = by_depth(75, 1000)
VIEWERS = [ADA, STAFF, BIG]
# Values of columns by the name of their type.
VALUES = {"Boolean": True, "Int": 3, "String": "text", "ID": "id", "Decimal": "1.00"}


def payload_of(kind: Any, keys: dict[str, Any]) -> SimpleNamespace:
    """Return what a mutation answers: the keys of its objects, and a value for every other column that may not be null."""
    columns: dict[str, Any] = dict(keys)
    for field in kind.fields.values():
        name, named = field.extensions[DEFINITION].python_name, get_named_type(field.type)
        if field.extensions[DEFINITION].base_resolver is None and is_non_null_type(field.type):
            value = next(iter(named.values.values())).value if is_enum_type(named) else VALUES.get(named.name)
            columns[name] = [] if is_list_type(field.type.of_type) else value
        elif field.extensions[DEFINITION].base_resolver is None:
            columns[name] = None
    return SimpleNamespace(**columns)


async def keys_of(admin: Any) -> dict[str, Any]:
    """Return the columns of a payload about Ada: the ids of her objects, one of each kind, and a few in lists."""
    ids = await ids_of(ADA, admin)
    by_prefix = {identifier.partition("_")[0]: identifier for identifier in ids}
    for prefix, table in (("cn", "credit_note"), ("ref", "refund"), ("exp", "data_export")):
        by_prefix[prefix] = await admin.fetchval(f"select id from {table} where customer_id = $1 limit 1", ADA.customer_id)
    names = {**by_prefix, "off": await admin.fetchval("select id from portal_catalog_cancellation_option limit 1"), "grant": None}
    objects = {f"{name}_key": names.get(prefix) for prefix in BY_ID for name in [camel_to_snake(type_name(prefix))]}
    lost = "sub_01m829w97ne1msh76cygrhecz9"
    of = {prefix: [identifier for identifier in ids if identifier.startswith(f"{prefix}_")] for prefix in ("inv", "ins", "sub", "att")}
    lists = {"invoices": "inv", "installments": "ins", "released": "sub", "subscriptions": "sub", "attachments": "att"}
    return {
        **objects,
        **{f"{name}_keys": [*of[prefix][::-1], lost, *of[prefix][:1]] for name, prefix in lists.items()},
        "replacement_key": names.get("pm"),
        "parent_id": names.get("inv"),
        "customer_id": ADA.customer_id,
        "readable_customer_id": ADA.customer_id,
    }


@pytest.fixture(scope="module")
def answering() -> GraphQLSchema:
    """A schema of its own, whose mutations answer `source` of this module without doing anything."""
    # The tests of a process share one schema (`tests/sharing.py`), whose mutations have to stay as they are.
    own: GraphQLSchema = getattr(portal_schema.build, "__wrapped__", portal_schema.build)()
    return own


@pytest.fixture
async def payloads(portal: Portal, answering: GraphQLSchema, admin: Any) -> Portal:
    """The portal with mutations that answer a payload about Ada. Its objects are read in earnest."""
    keys = await keys_of(admin)
    assert answering.mutation_type
    for field in answering.mutation_type.fields.values():
        source = payload_of(get_named_type(field.type), keys)
        field.resolve = lambda *_, source=source, **__: source
    planner = Planner(answering)
    return replace(portal, schema=answering, planner=planner, documents=DocumentCache(answering, planner, ROOM))


def sample(kind: Any) -> Any:
    """Return the JSON of a valid input: the required fields, and empty lists."""
    if is_non_null_type(kind):
        return sample(kind.of_type)
    if is_list_type(kind):
        return []
    if is_enum_type(kind):
        return next(iter(kind.values))
    if is_input_object_type(kind):
        return {name: sample(item.type) for name, item in kind.fields.items() if is_required_input_field(item)}
    return {"Int": 1, "Boolean": True, "BigInt": "1", "Decimal": "1.00", "Date": "2026-01-01", "DateTime": "2026-01-01T00:00:00Z", "CurrencyCode": "EUR"}.get(
        kind.name, "text"
    )


def described(errors: list[dict[str, Any]]) -> list[str]:
    """Return messages and paths, in any order: fields run concurrently."""
    return sorted(f"{error['message']} {error.get('path')}" for error in errors)


async def both(portal: Portal, text: str, viewer: Viewer, **variables: Any) -> tuple[int, int]:
    """Compare, and return how many statements the executor and the plans took. By levels and field by field the executor answers the same."""
    executed = await portal.execute(text, viewer, by_levels=False, **variables)
    planned = await portal.execute_with_plans(text, viewer, **variables)
    for other in (planned, await portal.execute(text, viewer, **variables)):
        assert described(other.errors) == described(executed.errors), (text, viewer, variables)
        assert orjson.dumps(other.data) == orjson.dumps(executed.data), (text, viewer, variables)
    return executed.statements, planned.statements


# Documents whose payload takes two statements, because one would be too long.
LONG = ("AddPlan", "ConfirmPayment", "PayAllDue", "PayInvoice")
# Those that are too long for staff alone, whose ids are checked in each place.
LONG_FOR_STAFF = ("ChangePlan", "ResumeSubscription", "UpdateQuantity")
MUTATIONS = {name: text for name, text in (first_party_actions() | of_staff()).items() if "mutation " in text}


@pytest.mark.parametrize("viewer", VIEWERS, ids=["ada", "staff", "big"])
@pytest.mark.parametrize("name", MUTATIONS)
async def test_the_payload_of_every_document_is_the_same_both_ways_and_one_statement(payloads: Portal, name: str, viewer: Viewer) -> None:
    _, operation = payloads.prepare(MUTATIONS[name])
    required = [item for item in operation.variable_definitions or () if isinstance(item.type, NonNullTypeNode)]
    variables = {item.variable.name.value: sample(type_from_ast(payloads.schema, item.type)) for item in required}
    _, planned = await both(payloads, MUTATIONS[name], viewer, **variables)
    # BEGIN with its settings, the statement, COMMIT. A customer is refused what a document of staff selects, which the executor finds out.
    is_long = name in LONG or (viewer.kind is Actor.STAFF and name in LONG_FOR_STAFF)
    assert planned <= (4 if is_long else 3) or not payloads.plans_for(viewer) or (viewer.kind is not Actor.STAFF and name in of_staff())
    assert not payloads.planner.fallbacks or (viewer.kind is not Actor.STAFF and name in of_staff())


# What is read by levels after a preview of staff: the objects of the lists that it computes.
PREVIEWS = {"PreviewCreditInvoice", "PreviewRecordPayment", "PreviewRefundPayment"}
RESOLVED = {name: text for name, text in (first_party_actions() | of_staff()).items() if name.startswith("Preview") or name in ("Operation", "ByExternalId")}


@pytest.mark.parametrize("name", RESOLVED)
async def test_a_query_with_a_function_of_its_own_is_no_fallback(payloads: Portal, name: str) -> None:
    viewer = STAFF if name in of_staff() else ADA
    _, operation = payloads.prepare(RESOLVED[name])
    required = [item for item in operation.variable_definitions or () if isinstance(item.type, NonNullTypeNode)]
    variables = {item.variable.name.value: sample(type_from_ast(payloads.schema, item.type)) for item in required}
    assert await payloads.plan(RESOLVED[name], viewer, **variables) is None
    await payloads.execute_with_plans(RESOLVED[name], viewer, **variables)
    assert set(payloads.planner.fallbacks) == ({"it belongs to a value of a resolver"} if name in PREVIEWS and payloads.plans_for(viewer) else set())


def of_objects(text: str) -> GraphQLSchema:
    """Return the schema without the other members of payloads that have objects, which most documents of chance would select."""

    def reduced(node: Any) -> Any:
        members = [field for field in getattr(node, "fields", None) or () if named(field.type) in NOUNS]
        if not isinstance(node, ObjectTypeDefinitionNode) or not node.name.value.endswith("Payload") or not members:
            return node
        return ObjectTypeDefinitionNode(name=node.name, description=None, interfaces=(), directives=(), fields=tuple(members))

    return build_ast_schema(DocumentNode(definitions=tuple(map(reduced, parse(text).definitions))))


def named(kind: Any) -> str:
    return str(kind.name.value) if isinstance(kind, NamedTypeNode) else named(kind.type)


def with_objects(schema: GraphQLSchema) -> list[str]:
    """Return the mutations whose payloads have objects. A document has no value for a file."""
    assert schema.mutation_type
    fields = schema.mutation_type.fields.items()
    return [name for name, field in fields if name != "uploadAttachments" and {get_named_type(each.type).name for each in field.type.fields.values()} & NOUNS]


@pytest.mark.slow
async def test_payloads_of_chance_are_the_same_both_ways(payloads: Portal, admin: Any) -> None:
    """Several mutations in a document, aliases, fragments, directives; half of them with variables."""
    loop = asyncio.get_running_loop()
    seen = {"asked": 0, "with rows": 0, "fewer statements": 0}
    ids = await ids_of(ADA, admin)
    texts = {viewer.kind: readable(payloads.schema, viewer.kind) for viewer in VIEWERS}
    schemas = {kind: [build_schema(text), *[of_objects(text)] * 3] for kind, text in texts.items()}

    def document_of(viewer: Viewer) -> st.SearchStrategy[tuple[str, Viewer]]:
        names = st.lists(st.sampled_from(with_objects(schemas[viewer.kind][0])), min_size=1, max_size=3, unique=True)
        chosen = st.tuples(st.sampled_from(schemas[viewer.kind]), names)
        return st.tuples(chosen.flatmap(lambda each: mutations(each[0], fields=each[1], custom_scalars=SCALARS)), st.just(viewer))

    documents = st.sampled_from(VIEWERS).flatmap(document_of)

    @settings(max_examples=CHANCES, deadline=None, database=None, derandomize=True, phases=[Phase.generate], suppress_health_check=list(HealthCheck))
    @given(documents, st.booleans())
    def compare(document_with_viewer: tuple[str, Any], has_variables: bool) -> None:
        text, viewer = document_with_viewer
        document, values = with_variables(payloads.schema, text, ids, Random(text)) if has_variables else (text, [{}])
        if payloads.documents.prepare(document).errors:
            return
        seen["asked"] += 1
        for variables in values:
            executed, planned = asyncio.run_coroutine_threadsafe(both(payloads, document, viewer, **variables), loop).result(60)
            seen["with rows"] += executed > 0
            seen["fewer statements"] += planned < executed

    await asyncio.to_thread(compare)
    assert seen["asked"] > CHANCES * 0.7, seen
    assert seen["with rows"] > CHANCES * 0.3, seen
    assert seen["fewer statements"] > CHANCES * 0.02, seen
    assert payloads.planner.fallbacks["its statement failed"] == 0
