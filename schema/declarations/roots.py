"""Root fields whose rows are selected by an argument instead of a column of the parent."""

from dataclasses import dataclass
from typing import Annotated, Any

import strawberry

from resolvers.context import Info
from resolvers.reads import roots
from schema.declarations import nouns
from schema.declarations.connections import Connection
from schema.declarations.costs import CALL
from schema.declarations.fields import DECLARATION, with_arguments
from schema.declarations.merchant import ExternalIdKind
from schema.declarations.node import Node
from schema.declarations.paging import Argument, order_of, paging, paging_arguments, sort_argument


@dataclass(frozen=True, slots=True)
class Root:
    """The name of a root look-up, by which the planner recognises the field."""

    name: str


async def _customer(
    info: Info,
    id: Annotated[
        strawberry.ID | None, strawberry.argument(description="For staff: the id of the customer. Customers may leave it out or pass their own.")
    ] = strawberry.UNSET,
    external_id: Annotated[
        str | None, strawberry.argument(description="For staff: the merchant's own id of the customer, instead of `id`.")
    ] = strawberry.UNSET,
) -> Any:
    return await roots.customer(id or None, info.context, external_id=external_id if external_id is not strawberry.UNSET else None)


async def _by_external_id(
    info: Info,
    kind: Annotated[ExternalIdKind, strawberry.argument(description="What kind of object it is.")],
    external_id: Annotated[str, strawberry.argument(description="The merchant's own id.")],
) -> Any:
    return await roots.by_external_id(kind, external_id, info.context)


async def _node(info: Info, id: Annotated[strawberry.ID, strawberry.argument(description="The id of an object.")]) -> Any:
    return await roots.node(id, info.context)


async def _nodes(info: Info, ids: Annotated[list[strawberry.ID], strawberry.argument(description="At most 50 ids; more is BAD_USER_INPUT.")]) -> Any:
    return await roots.nodes(list(ids), info.context)


SEARCH = (
    "A part of the name, e-mail address, company, external id, the number of an invoice or the last digits of a payment method, in any case; one or two characters are "
    "the beginning of one. Returns at most the 500 newest customers. Default: all customers."
)


def customers(order: Any) -> Any:
    async def resolve(parent: Any, info: Info, **values: Any) -> Any:
        return await roots.customers(values.get("search"), order=order_of(values, order), paging=paging(values), context=info.context)

    arguments = [
        Argument(
            "search",
            Annotated[
                str | None,
                strawberry.argument(description=SEARCH),
            ],
        ),
        *paging_arguments(),
        sort_argument(order),
    ]
    return _root(with_arguments(resolve, arguments), Connection[nouns.Customer] | None, "For staff: find customers. For others: FORBIDDEN.", "customers")


def _root(resolve: Any, graphql_type: Any, description: str, name: str) -> Any:
    return strawberry.field(resolver=resolve, graphql_type=graphql_type, description=description, metadata={DECLARATION: Root(name)})


customer = _root(
    _customer,
    nouns.Customer | None,
    "The caller's own account; for staff, the one with this id. Null when there is none, or it is not the caller's.",
    "customer",
)
by_external_id = strawberry.field(
    resolver=_by_external_id,
    graphql_type=Node | None,
    description="For staff: an object by the merchant's own id. Null when there is none.",
    metadata=CALL,
)
node = _root(_node, Node | None, "An object by its id. Null when there is no such object, and likewise when it is not the caller's.", "node")
nodes = _root(_nodes, list[Node | None] | None, "Several objects by their ids, in the order of the ids; each null as with `node`.", "nodes")
