"""The root fields: where a query enters the graph."""

import asyncio
from typing import Any

from auth.permissions import EVENTS, GRANTS, READ, SESSIONS, STAFF_READ, check, is_allowed
from billing.ids import prefix_of
from billing.merchant.names import ExternalIdKind
from billing.refusals import BadUserInput
from db.blocks import blocks
from resolvers.context import Context
from resolvers.reads.facts import fetch_rows
from resolvers.reads.pages import Paging, RowPage
from resolvers.reads.relations import BY_ID, by_id, page

MAX_NODES = 50

# The nouns that `node` returns only to callers who may read the list of them, by the prefix of their ids; all other nouns are for everybody who may call `node`.
LISTED_FOR = {"grant": GRANTS, "ses": SESSIONS, "evt": EVENTS}


async def by_external_id(kind: ExternalIdKind, external_id: str, context: Context) -> Any:
    """Return the object of the kind with this external id, for staff; None where there is none."""
    rows = await fetch_rows(context.session, "external_ids.owner", kind=kind.value, external_id=external_id)
    return await by_id(rows[0].customer_id, rows[0].id, BY_ID, context) if rows else None


async def customer(identifier: str | None, context: Context, *, external_id: str | None = None) -> Any:
    """Return the caller's customer, or for staff the customer with the id or the external id. Another customer's id gives None, like one that does not exist.

    Raises BadUserInput for both at once, and Forbidden where a customer looks for an external id.
    """
    if external_id is not None:
        check(context.viewer, STAFF_READ)
        if identifier is not None:
            raise BadUserInput("Name a customer by id or by externalId, not by both.", "externalId")
        return await by_external_id(ExternalIdKind.CUSTOMER, external_id, context)
    wanted = identifier or context.viewer.customer_id
    return await by_id(await owner_of(wanted, context), wanted, ("cus",), context)


async def customers(search: str | None, *, order: str, paging: Paging, context: Context) -> RowPage:
    block = blocks()["customers.matching" if search else "customers.listed"]
    return await page((None, ""), block, order=order, paging=paging, filters=(("search", search),) if search else (), context=context)


async def node(identifier: str, context: Context) -> Any:
    """Return the object with an id; None where there is none, and likewise where the caller may not see it."""
    if not is_allowed(context.viewer, LISTED_FOR.get(prefix_of(identifier), READ)):
        return None
    return await by_id(await owner_of(identifier, context), identifier, BY_ID, context)


async def nodes(identifiers: list[str], context: Context) -> list[Any]:
    if len(identifiers) > MAX_NODES:
        raise BadUserInput(f"ids may hold at most {MAX_NODES} ids.", "ids")
    return await asyncio.gather(*(node(identifier, context) for identifier in identifiers))


async def owner_of(identifier: str | None, context: Context) -> str | None:
    """Return the customer id under which to read the row with an id. For customers it is their own; for staff the row's owner is looked up."""
    if not context.viewer.is_staff or identifier is None:
        return context.viewer.customer_id
    row = await context.loaders.one(blocks()["customers.owner"]).load((None, identifier))
    return row.customer_id if row else None
