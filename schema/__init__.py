"""The GraphQL schema. `build()` makes it, `print_sdl()` prints it."""

from importlib import import_module
from pkgutil import iter_modules

import strawberry
from graphql import GraphQLSchema, print_schema
from strawberry.schema.config import StrawberryConfig

from resolvers.reads.relations import BY_ID, type_name
from schema import types
from schema.declarations.node import Node
from schema.declarations.scalars import SCALARS
from schema.fast_resolvers import install_fast_resolvers
from schema.live import Live
from schema.mutations import Mutation
from schema.query import Query


def nodes() -> list[type[Node]]:
    """Return the type of each noun in `resolvers.reads.relations.BY_ID`, found by its name in the modules of schema/types. Raises KeyError for a noun without a type."""
    for module in iter_modules(types.__path__):
        import_module(f"{types.__name__}.{module.name}")
    by_name = {kind.__name__: kind for kind in Node.__subclasses__() if kind.__module__.startswith(f"{types.__name__}.")}
    return [by_name[type_name(prefix)] for prefix in BY_ID]


def build() -> GraphQLSchema:
    """The executable schema."""
    schema = strawberry.Schema(query=Query, mutation=Mutation, subscription=Live, types=nodes(), config=StrawberryConfig(scalar_map=SCALARS))._schema
    install_fast_resolvers(schema)
    return schema


def print_sdl(schema: GraphQLSchema) -> str:
    """Return the schema as SDL. It lists its root types, because the type `Subscription` is the billing noun, and the root of live operations is `Live`."""
    text = print_schema(schema)
    roots = {"query": schema.query_type, "mutation": schema.mutation_type, "subscription": schema.subscription_type}
    lines = "\n".join(f"  {name}: {root.name}" for name, root in roots.items() if root)
    return f"{text}\n" if "\nschema {" in f"\n{text}" else f"schema {{\n{lines}\n}}\n\n{text}\n"
