"""What is read of an account, in this order, and how: pages of 100 objects, each page counted before the next is asked for."""

from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from imports.stripe.client import Params, ReadClient
from imports.stripe.problems import ObjectMissing
from imports.stripe.spool import Spool

PAGE = 100
Progress = Callable[[str, int], None]


@dataclass(frozen=True, slots=True)
class Part:
    """A list inside of an object, of which Stripe includes the first ten. The others are pages of a path, which may take the id of the object as a parameter."""

    name: str
    path: str
    parameter: str | None = None


@dataclass(frozen=True, slots=True)
class StripeList:
    """A list of the API. `expand` names what is to be included in its objects."""

    name: str
    expand: tuple[str, ...] = ()
    params: Mapping[str, str] = field(default_factory=dict)
    parts: tuple[Part, ...] = ()


LISTS = (
    StripeList("products"),
    StripeList("prices", ("data.currency_options",)),
    StripeList("coupons", ("data.applies_to", "data.currency_options")),
    StripeList("tax_rates"),
    StripeList("customers", ("data.tax_ids", "data.invoice_credit_balance")),
    StripeList("subscriptions", ("data.discounts.source.coupon", "data.items.data.discounts", "data.schedule"), {"status": "all"}),
    StripeList("subscription_schedules", params={"scheduled": "true"}),
    StripeList("invoices", ("data.payments",), parts=(Part("lines", "/v1/invoices/{id}/lines"), Part("payments", "/v1/invoice_payments", "invoice"))),
    StripeList("charges", ("data.refunds",), parts=(Part("refunds", "/v1/refunds", "charge"),)),
    StripeList("credit_notes", parts=(Part("lines", "/v1/credit_notes/{id}/lines"),)),
)


async def read_list(client: ReadClient, spool: Spool, what: StripeList, progress: Progress) -> None:
    """Read what is left of a list. Objects that are made meanwhile are newer than `read_at`, and left for another run. Raises CannotRead."""
    while not (state := spool.state_of(what.name)).is_complete:
        page = await _page(client, spool, what, state.after)
        objects = [await _whole(client, what, one) for one in page["data"]]
        after = objects[-1]["id"] if objects else None
        spool.append(what.name, objects, after=after, is_complete=not (page["has_more"] and objects))
        progress(what.name, len(objects))


async def _page(client: ReadClient, spool: Spool, what: StripeList, after: str | None) -> dict[str, Any]:
    params: dict[str, Any] = {"limit": PAGE, "created[lte]": spool.read_at, **what.params}
    if what.expand:
        params["expand[]"] = list(what.expand)
    try:
        return await client.get(f"/v1/{what.name}", params | ({"starting_after": after} if after else {}))
    except ObjectMissing:
        if after is None:
            raise
        return await _page_after_deleted(client, spool, what, params)


async def _page_after_deleted(client: ReadClient, spool: Spool, what: StripeList, params: Params) -> dict[str, Any]:
    """Return the page after an object that was deleted meanwhile: from its time on, without those of that second which were read."""
    read = deque(spool.read(what.name), maxlen=PAGE)
    ids, since = {one["id"] for one in read}, {**params, "created[lte]": read[-1]["created"]}
    page = await client.get(f"/v1/{what.name}", since)
    while page["has_more"] and ids.issuperset(one["id"] for one in page["data"]):
        page = await client.get(f"/v1/{what.name}", {**since, "starting_after": page["data"][-1]["id"]})
    return {**page, "data": [one for one in page["data"] if one["id"] not in ids]}


async def _whole(client: ReadClient, what: StripeList, owner: dict[str, Any]) -> dict[str, Any]:
    """Return an object with all pages of its parts."""
    for part in what.parts:
        included = owner.get(part.name) or {"data": [], "has_more": False}
        data, has_more = list(included["data"]), included["has_more"]
        while has_more:
            query = {part.parameter: owner["id"]} if part.parameter else {}
            after = {"starting_after": data[-1]["id"]} if data else {}
            page = await client.get(part.path.format(id=owner["id"]), {"limit": PAGE, **query, **after})
            data += page["data"]
            has_more = page["has_more"] and page["data"]
        owner = {**owner, part.name: {"object": "list", "data": data, "has_more": False}}
    return owner
