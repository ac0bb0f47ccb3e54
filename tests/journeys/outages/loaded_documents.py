"""Random queries with several loaders, with or without one argument that is refused while the others still load."""

from random import Random
from typing import Any

from graphql import GraphQLField, GraphQLObjectType, GraphQLSchema, get_named_type, is_object_type, is_required_argument

from billing.states import Actor
from schema.declarations.fields import permission_of

# Each is refused by its connection after the siblings have begun to load.
REFUSED = ('after: "x"', "first: 0", "first: 101", "first: 1, last: 1", 'before: "bm90IGpzb24="')
DEPTH = 4


def random_query(schema: GraphQLSchema, chance: Random, *, is_refused: bool) -> str:
    """Return a query about the caller's customer. With `is_refused` one of its connections has an argument that is refused."""
    customer = schema.type_map["Customer"]
    assert isinstance(customer, GraphQLObjectType)
    connections = [name for name, field in customer.fields.items() if _is_connection(field)]
    chosen = chance.sample(connections, chance.randint(2, min(4, len(connections))))
    refusing = chance.choice(chosen) if is_refused else None
    parts = [f"{name}({_page(chance, is_refused=name == refusing)}) {_selection(customer.fields[name], chance, DEPTH)}" for name in chosen]
    others = [name for name, field in customer.fields.items() if is_object_type(get_named_type(field.type)) and not field.args]
    parts += [f"{name} {_selection(customer.fields[name], chance, 2)}" for name in chance.sample(others, min(2, len(others)))]
    chance.shuffle(parts)
    return "{ customer { id " + " ".join(parts) + " } }"


def _selection(field: GraphQLField, chance: Random, depth: int) -> str:
    """Return some of the scalars and relations of the field's type."""
    kind: Any = get_named_type(field.type)
    if not is_object_type(kind):
        return "{ __typename }"
    if kind.name.endswith("Connection"):
        return "{ totalCount nodes " + _selection(kind.fields["nodes"], chance, depth) + " }"
    readable = {name: inner for name, inner in kind.fields.items() if not _needs_arguments(inner) and _is_for_customers(kind, name)}
    plain = [name for name, inner in readable.items() if not _has_fields(inner)]
    nested = [name for name, inner in readable.items() if _has_fields(inner)]
    names = chance.sample(plain, min(3, len(plain)))
    if depth > 1:
        for name in chance.sample(nested, min(2, len(nested))):
            inner = kind.fields[name]
            page = f"({_page(chance, is_refused=False)})" if _is_connection(inner) else ""
            names.append(f"{name}{page} {_selection(inner, chance, depth - 1)}")
    return "{ __typename " + " ".join(names) + " }"


def _page(chance: Random, *, is_refused: bool) -> str:
    return chance.choice(REFUSED) if is_refused else f"first: {chance.randint(1, 3)}"


def _is_connection(field: GraphQLField) -> bool:
    return get_named_type(field.type).name.endswith("Connection")


def _has_fields(field: GraphQLField) -> bool:
    return hasattr(get_named_type(field.type), "fields") or hasattr(get_named_type(field.type), "types")


def _is_for_customers(kind: GraphQLObjectType, name: str) -> bool:
    permission = permission_of(kind, name)
    return permission is None or Actor.CUSTOMER in permission.kinds


def _needs_arguments(field: GraphQLField) -> bool:
    return any(is_required_argument(argument) for argument in field.args.values())
