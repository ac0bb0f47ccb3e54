"""Nouns are listed once, in `resolvers.reads.relations.BY_ID`; what other modules know of them agrees with it."""

import ast
import re
from dataclasses import fields
from pathlib import Path

import pytest
from graphql import GraphQLInterfaceType, GraphQLSchema

import schema
from billing.rows import row_type
from db.blocks import blocks
from resolvers.reads import relations
from resolvers.reads.relations import BY_ID, type_name
from tests.journeys.pages.test_tenancy import OWNED

TABLE = Path("resolvers/reads/relations.py")
# A part of the nouns may be listed, where a rule is about these; with half of them it is a second list.
PART = len(BY_ID) // 2


def test_the_types_with_an_id_are_those_of_the_nouns(graphql_schema: GraphQLSchema) -> None:
    node = graphql_schema.type_map["Node"]
    assert isinstance(node, GraphQLInterfaceType)
    assert {kind.name for kind in graphql_schema.get_possible_types(node)} == {type_name(prefix) for prefix in BY_ID}
    assert [kind.__name__ for kind in schema.nodes()] == [type_name(prefix) for prefix in BY_ID]


def test_a_noun_without_a_graphql_type_stops_the_build(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(relations.BY_ID, "alo", "payment_allocations.of_payment")
    with pytest.raises(KeyError, match="PaymentAllocation"):
        schema.nodes()


def test_staff_find_the_owner_of_every_noun_that_has_one() -> None:
    """`customers.owner` reads the table of each row that has an owner, beside its view, and no other table."""
    views = {prefix: re.search(r"\bfrom portal_(\w+)", blocks()[name].sql) for prefix, name in BY_ID.items()}
    assert [prefix for prefix, view in views.items() if view is None] == []
    owned = {view[1] for prefix, view in views.items() if view and has_owner(prefix)}
    assert len(owned) > 8
    # A summary has no table of its own, staff are given no sessions and grants, and only the view of events has an id.
    owned = owned - {"summary", "session", "partner_grant", "event"} | {"customer", "portal_event"}
    assert set(re.findall(r"\bfrom (\w+)", blocks()["customers.owner"].sql)) == owned


def has_owner(prefix: str) -> bool:
    return "customer_id" in {field.name for field in fields(row_type(blocks()[BY_ID[prefix]].returns))}


def test_the_tests_of_tenancy_cover_every_noun_of_customers() -> None:
    assert set(OWNED) == {prefix for prefix, name in BY_ID.items() if blocks()[name].is_of_customer}


def test_no_other_module_lists_the_prefixes(root: Path) -> None:
    packages = [path.parent for path in root.glob("*/__init__.py") if path.parent.name not in ("tests", "bench")]
    assert len(packages) > 10
    modules = [path for package in packages for path in package.rglob("*.py") if "node_modules" not in path.parts]
    assert {path.relative_to(root) for path in modules if lists_prefixes(path)} == {TABLE}


def lists_prefixes(path: Path) -> bool:
    text = path.read_text(encoding="utf-8")
    if sum(f'"{prefix}"' in text for prefix in BY_ID) <= PART:
        return False
    groups = [node for node in ast.walk(ast.parse(text)) if isinstance(node, ast.Dict | ast.List | ast.Set | ast.Tuple)]
    return any(len(BY_ID.keys() & constants(group)) > PART for group in groups)


def constants(group: ast.Dict | ast.List | ast.Set | ast.Tuple) -> set[object]:
    items = [*group.keys, *group.values] if isinstance(group, ast.Dict) else group.elts
    return {item.value for item in items if isinstance(item, ast.Constant)}
