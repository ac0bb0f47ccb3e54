"""Whatever stands in an argument, the answer is not INTERNAL_SERVER_ERROR: every argument of every field, one hostile value at a time, and some together."""

import asyncio
import itertools
import json
import re
from collections.abc import AsyncIterator, Callable, Iterable, Iterator
from copy import deepcopy
from dataclasses import dataclass
from typing import Any
from uuid import uuid4

import aiohttp
import asyncpg
import pytest
from graphql import get_named_type
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

import demo
from auth.viewer import Viewer
from billing.states import Actor
from db.blocks import blocks
from db.builtin import embedded
from schema.declarations.fields import DECLARATION, DEFINITION, PageOf
from tests.callers.partners import registered
from tests.callers.posting import Piece, field, form, headers, operations, paths
from tests.conftest import NOW, ROOM, STAFF, customer, token
from tests.depth import SEED, by_depth
from tests.journeys.arguments import Case, as_json, callers_of, fields_with_arguments, plausible_variables, put
from tests.journeys.http.hostile import BROKEN_CURSORS, BY_TYPE, NAMES, TEXTS, cursors, hostile
from tests.template import create_database

CUSTOMERS = 250
CASES = fields_with_arguments()
# Customers who have something of each kind, once for each of their subscriptions.
OWNED = """
  select c.id as "customerId", c.currency, s.id as "subscriptionId", s.price_id as "priceId", i.id as "invoiceId", m.id as "paymentMethodId", p.id as "paymentId",
         t.id as "installmentId", a.id as "attachmentId", exists (select from credit_note n where n.customer_id = c.id) as "hasCreditNotes"
    from customer c
    join subscription s on s.customer_id = c.id and s.status = 'ACTIVE'
    join lateral (select id from invoice where customer_id = c.id order by remaining_minor > 0 desc, id limit 1) i on true
    join lateral (select id from payment_method where customer_id = c.id and deleted_at is null order by is_default, id limit 1) m on true
    join lateral (select id from payment where customer_id = c.id order by id limit 1) p on true
    join lateral (select id from installment where customer_id = c.id order by remaining_minor > 0 desc, id limit 1) t on true
    left join lateral (select id from attachment where customer_id = c.id order by id limit 1) a on true
   where c.email not like '%@example.com' order by s.id
"""


def is_planned(case: Case) -> bool:
    """Only what is declared goes two ways."""
    return case.operation == "query" and DECLARATION in case.definition.extensions[DEFINITION].metadata


@dataclass(frozen=True)
class Answer:
    status: int
    text: str

    @property
    def codes(self) -> set[str]:
        return {error["extensions"]["code"] for error in json.loads(self.text).get("errors", ())}


@dataclass
class World:
    """Two servers of one database, and customers whose things are used up by turns."""

    client: aiohttp.ClientSession
    urls: tuple[str, str]
    owned: Iterator[dict[str, str]]
    owned_by_credited: Iterator[dict[str, str]]
    addresses: Iterator[int]

    async def send(self, case: Case, actor: Actor | None, change: "Change", *, url: str | None = None) -> Answer:
        # Few customers have a credit note.
        owner = next(self.owned_by_credited if "creditNotes" in case.path else self.owned)
        viewer = {Actor.CUSTOMER: customer(owner["customerId"]), Actor.STAFF: STAFF, None: None}[actor]
        variables = plausible_variables(case, owner)
        for path, value in change.items():
            put(variables, path, deepcopy(value))
        if actor is Actor.STAFF:
            variables["owner"] = owner["customerId"]
        return await self.post(url or self.urls[0], case.text(is_staff=actor is Actor.STAFF), variables, viewer)

    async def post(self, url: str, text: str, variables: dict[str, Any], viewer: Viewer | None) -> Answer:
        number = next(self.addresses)
        headers = {"Content-Type": "application/json", "X-Forwarded-For": f"10.{number >> 16 & 255}.{number >> 8 & 255}.{number & 255}"}
        if viewer:
            headers["Authorization"] = f"Bearer {token_of(viewer)}"
        async with self.client.post(f"{url}/graphql", data=as_json({"query": text, "variables": variables}), headers=headers) as response:
            return Answer(response.status, await response.text())


TOKENS: dict[Viewer, str] = {}


def token_of(viewer: Viewer) -> str:
    return TOKENS.setdefault(viewer, token(viewer))


@pytest.fixture(scope="module")
async def place(urls: embedded.Urls) -> embedded.Urls:
    """A database of its own: mutations of all kinds are done there."""
    place = await create_database(urls, "fuzz")
    if place != urls:  # that of a cluster has the demo
        await demo.seed(place.admin, customers=CUSTOMERS, now=NOW, progress=lambda _: None)
    return place


@pytest.fixture(scope="module")
async def world(place: embedded.Urls, start_server: Callable[..., str], tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[World]:
    limits = {f"max_{name}": getattr(ROOM, name) for name in ("depth", "aliases", "root_fields", "directives", "fields", "cost")}
    limits |= {"trusted_proxies": ("127.0.0.0/8",), "data_dir": tmp_path_factory.mktemp("fuzz")}
    servers = start_server(place.app, planner=True, **limits), start_server(place.app, planner=False, **limits)
    admin = await asyncpg.connect(place.admin, server_settings={"search_path": "portico"})
    app = await registered(admin)
    owned = [{**record, "clientId": app} for record in await admin.fetch(OWNED)]
    await admin.close()
    async with aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(60)) as client:
        credited = [each for each in owned if each["hasCreditNotes"]]
        yield World(client, servers, itertools.cycle(owned), itertools.cycle(credited), itertools.count())


def is_reached(data: Any, path: tuple[str, ...]) -> bool:
    """Whether the field was resolved anywhere, so that what is said of its arguments is not said of nothing."""
    if isinstance(data, list):
        return any(is_reached(item, path) for item in data)
    return not path or (isinstance(data, dict) and path[0] in data and is_reached(data[path[0]], path[1:]))


def problems(case: Case, what: object, answer: Answer) -> list[str]:
    is_broken = answer.status >= 500 or "INTERNAL_SERVER_ERROR" in answer.codes
    return [f"{case.name} {what!r:.200}: {answer.status} {answer.text[:300]}"] if is_broken else []


Change = dict[tuple[str | int, ...], Any]

# All of them at night; by day, each field gets another part of them, and another one with each seed.
EVERY = by_depth(18, 1)


def thinned(case: Case, changes: Iterable[Change]) -> Iterator[Change]:
    return itertools.islice(changes, (CASES.index(case) + SEED) % EVERY, None, EVERY)


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
async def test_one_hostile_argument_among_good_ones(case: Case, world: World) -> None:
    failures: list[str] = []
    ways = itertools.product(callers_of(case), world.urls[: 2 if is_planned(case) else 1])
    for number, (actor, url) in enumerate(ways):
        good = await world.send(case, actor, {}, url=url)
        assert (good.status, good.codes) == (200, set()), good.text
        assert is_reached(json.loads(good.text)["data"], case.path), good.text
        # Staff reach what is nested by the same code as customers.
        for change in thinned(case, changes_of(case)) if number < 2 or len(case.path) == 1 else ():
            failures += problems(case, (actor, change), await world.send(case, actor, change, url=url))
    assert not failures, "\n".join(failures)


def changes_of(case: Case) -> Iterator[Change]:
    """One hostile value at each place, and one at all places of the same type together."""
    places: dict[str, list[tuple[tuple[str | int, ...], Any]]] = {}
    for turn, (path, kind) in enumerate(case.leaves()):
        places.setdefault(get_named_type(kind).name, []).append((path, kind))
        yield from ({path: value} for value in hostile(kind, str(path[-1]), turn))
        if path[-1] in ("after", "before"):
            yield from _cursors_of(case, path)
    for name in sorted(BY_TYPE.keys() & places.keys()):
        if len(places[name]) > 1:
            yield from ({path: value for path, _ in places[name]} for value in BY_TYPE[name])


def _cursors_of(case: Case, path: tuple[str | int, ...]) -> Iterator[Change]:
    declared = case.definition.extensions[DEFINITION].metadata[DECLARATION]
    block = declared.block if isinstance(declared, PageOf) else blocks()["customers.matching"]
    orders = get_named_type(case.definition.args["sort"].type).values if "sort" in case.definition.args else {}
    for name, item in orders.items():
        yield from ({("sort",): name, path: value} for value in cursors(block, item.value))
    yield from ({path: value} for value in BROKEN_CURSORS)


QUICK = {"deadline": None, "database": None, "derandomize": True, "phases": [Phase.generate], "suppress_health_check": list(HealthCheck)}


async def test_several_hostile_arguments_together(world: World) -> None:
    loop = asyncio.get_running_loop()
    changes = {case: list(changes_of(case)) for case in CASES}

    @settings(max_examples=by_depth(75, 2000), **QUICK)
    @given(st.data())
    def some(data: st.DataObject) -> None:
        case = data.draw(st.sampled_from(CASES))
        actor = data.draw(st.sampled_from(callers_of(case)))
        url = data.draw(st.sampled_from(world.urls))
        together: Change = {}
        for number in data.draw(st.lists(st.sampled_from(range(len(changes[case]))), min_size=2, max_size=4)):
            together |= {path: value for path, value in changes[case][number].items() if not any(is_within(path, other) for other in together)}
        answer = asyncio.run_coroutine_threadsafe(world.send(case, actor, together, url=url), loop).result(60)
        assert not problems(case, (actor, together), answer)

    await asyncio.to_thread(some)


def is_within(path: tuple[str | int, ...], other: tuple[str | int, ...]) -> bool:
    shorter = min(len(path), len(other))
    return path[:shorter] == other[:shorter]


async def test_a_cursor_of_another_connection_or_order_is_refused_or_just_another_place(world: World) -> None:
    with_pages = [case for case in CASES if {"after", "sort"} <= case.definition.args.keys()]
    pages = [(case, name) for case in with_pages for name in get_named_type(case.definition.args["sort"].type).values]
    cursors_by_origin: dict[tuple[str, ...], str] = {}
    for case, name in pages:
        for actor in callers_of(case):
            answer = await world.send(case, actor, {("sort",): name})
            for cursor in re.findall(r'"endCursor":"([^"]+)"', answer.text):
                cursors_by_origin[get_named_type(case.definition.type).name, name] = cursor
    assert len(cursors_by_origin) > 15
    for number, ((case, name), (origin, cursor)) in enumerate(itertools.product(pages, cursors_by_origin.items())):
        actor = callers_of(case)[0]
        if (number + SEED) % EVERY and origin != (get_named_type(case.definition.type).name, name):
            continue
        answer = await world.send(case, actor, {("sort",): name, ("after",): cursor}, url=world.urls[number % 2])
        assert answer.codes <= {"BAD_USER_INPUT"}, (case.name, origin, answer.text)
        assert answer.codes or origin[1] == name, (case.name, name, origin, answer.text)
        if origin == (get_named_type(case.definition.type).name, name):
            assert not answer.codes, answer.text


# A place for a literal of each scalar.
LITERALS = {
    "ID": "{ node(id: %s) { id } }",
    "String": "{ plans(after: %s) { totalCount } }",
    "Int": "{ plans(first: %s) { totalCount } }",
    "CurrencyCode": "{ plans(filter: { currency: %s }) { totalCount } }",
    "DateTime": "{ customer { payments(filter: { createdFrom: %s }) { totalCount } } }",
    "Date": '{ customer { statement(currency: "USD", startsOn: %s, endsOn: %s) { pdfUrl } } }',
}


@pytest.mark.parametrize("scalar", LITERALS)
async def test_hostile_literals(scalar: str, world: World) -> None:
    viewer = customer(next(world.owned)["customerId"])
    for value, url in itertools.product(BY_TYPE[scalar], world.urls):
        literal = as_json(value).decode()
        text = LITERALS[scalar].replace("%s", literal)
        answer = await world.post(url, text, {}, viewer)
        assert answer.status < 500, (text[:200], answer.text)
        assert "INTERNAL_SERVER_ERROR" not in answer.codes, (text[:200], answer.text)


async def test_hostile_arguments_beside_files(world: World) -> None:
    for text in [*TEXTS, *NAMES]:
        for change in ({"parentId": text}, {"idempotencyKey": text}, {"name": text}):
            owner = next(world.owned)
            request = operations(change.get("parentId", owner["invoiceId"]), 1, key=change.get("idempotencyKey") or uuid4().hex)
            name = change.get("name", "a.pdf").encode("utf-8", "replace").decode()
            body = form(field("operations", request), field("map", paths(1)), Piece("0", b"%PDF-1.4", name, ""))
            async with world.client.post(f"{world.urls[0]}/graphql", data=body, headers=headers(customer(owner["customerId"]))) as response:
                answer = Answer(response.status, await response.text())
            assert answer.status < 500, (change, answer.text)
            assert "INTERNAL_SERVER_ERROR" not in answer.codes, (change, answer.text)
