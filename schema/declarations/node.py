"""Relay's global object identification (https://relay.dev/graphql/objectidentification.htm)."""

from typing import Any

import strawberry


@strawberry.interface(description="An object with a globally unique id, by which `node` and `nodes` return it.")
class Node:
    id: strawberry.ID = strawberry.field(
        description="A TypeID such as sub_01m829w97ne1msh76cygrhecz9: globally unique, its prefix names the type, and it sorts by age."
    )

    @classmethod
    def resolve_type(cls, row: Any, *_: object) -> str:
        """Return the GraphQL type that presents the row: `InvoiceRow` is presented by `Invoice`."""
        return type(row).__name__.removesuffix("Row")

    @classmethod
    def is_type_of(cls, _row: Any, _info: Any) -> bool:
        return True
