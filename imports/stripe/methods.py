"""The payment methods of each customer: Stripe lists them for one customer at a time, so a few requests run at once."""

import asyncio
from collections.abc import Iterator
from itertools import islice
from typing import Any

from imports.stripe.client import ReadClient
from imports.stripe.lists import PAGE, Progress
from imports.stripe.problems import ObjectMissing
from imports.stripe.spool import Spool

NAME = "payment_methods"
AT_ONCE = 10


async def read_methods(client: ReadClient, spool: Spool, progress: Progress) -> None:
    """Read the methods of the customers that are left, in the order of the list of customers. Raises CannotRead."""
    state = spool.state_of(NAME)
    if state.is_complete:
        return
    customers = (one["id"] for one in spool.read("customers"))
    if state.after is not None:
        _skip_to(customers, state.after)
    while batch := list(islice(customers, AT_ONCE)):
        methods = [one for some in await _all_of(client, batch) for one in some]
        spool.append(NAME, methods, after=batch[-1], is_complete=False)
        progress(NAME, len(methods))
    spool.append(NAME, [], after=None, is_complete=True)


def _skip_to(customers: Iterator[str], last: str) -> None:
    for customer in customers:
        if customer == last:
            return


async def _all_of(client: ReadClient, customers: list[str]) -> list[list[dict[str, Any]]]:
    """Return the methods of each customer. If a request fails the others are cancelled, and the first error is raised."""
    try:
        async with asyncio.TaskGroup() as group:
            tasks = [group.create_task(_methods_of(client, customer)) for customer in customers]
    except BaseExceptionGroup as errors:
        raise errors.exceptions[0] from None
    return [task.result() for task in tasks]


async def _methods_of(client: ReadClient, customer: str) -> list[dict[str, Any]]:
    """Return the methods of one customer; none if it was deleted meanwhile."""
    methods: list[dict[str, Any]] = []
    while True:
        after = {"starting_after": methods[-1]["id"]} if methods else {}
        try:
            page = await client.get(f"/v1/customers/{customer}/payment_methods", {"limit": PAGE, **after})
        except ObjectMissing:
            return methods
        # The customer is not a part of every method, for example of cards that were added as sources.
        methods += [{**one, "customer": customer} for one in page["data"]]
        if not page["has_more"] or not page["data"]:
            return methods
