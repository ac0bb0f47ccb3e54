"""Revisions that many callers ask for at once are read by one statement, in which each caller is checked and reads as they would alone."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import UTC, datetime
from uuid import uuid4

import asyncpg
import httpx
import pytest

from auth.viewer import Viewer
from billing.states import Actor
from db.callers import Caller
from db.outages import DatabaseUnavailable, SessionEnded
from db.pool import Database, Pool
from db.revisions.lookup import RevisionKey, confirmed_revisions
from loaders.revisions import MAX_BATCH, RevisionLoader, revision_loader
from tests.gateway.live.streaming import add_customer, add_session, rename
from tests.journeys.http.test_revisions import get

SECONDS = 20


@pytest.fixture
async def disabled_app(admin: asyncpg.Connection) -> AsyncIterator[str]:
    client = f"app-{uuid4().hex[:8]}"
    await admin.execute("insert into api_client values ($1, 'PARTNER', 'Books', '', 'REQUIRED', '{}', 1000, now(), now())", client)
    yield client
    await admin.execute("delete from api_client where id = $1", client)


def key_of(viewer: Viewer, *, with_catalog: bool = False, **changes: object) -> RevisionKey:
    caller = Caller(viewer.customer_id, Actor.CUSTOMER, datetime.now(UTC), viewer.session_id, is_of_token=True)
    return RevisionKey(replace(caller, **changes), with_catalog)  # type: ignore[arg-type]  # fields of Caller


async def alone(database: Database, keys: list[RevisionKey]) -> list[str]:
    return [(await confirmed_revisions(database, [key], acquire_seconds=SECONDS))[0] for key in keys]


async def at_once(loader: RevisionLoader, keys: list[RevisionKey]) -> list[str | BaseException]:
    return await asyncio.gather(*(loader.load(key) for key in keys), return_exceptions=True)


async def test_each_caller_gets_the_revision_of_their_own_customer(database: Database, admin: asyncpg.Connection) -> None:
    """With and without a session, a party and the catalog, so that the settings of one are not those of the next."""
    viewers = [await add_customer(admin) for _ in range(MAX_BATCH)]
    viewers[::3] = [await add_session(admin, viewer) for viewer in viewers[::3]]
    keys = [key_of(viewer, with_catalog=number % 2 == 0, acting_party=None if number % 4 else "a party") for number, viewer in enumerate(viewers)]
    loader = revision_loader(database, acquire_seconds=SECONDS)
    before, taken = await alone(database, keys), database.taken
    assert len(set(before)) == len(keys)
    assert await at_once(loader, keys) == before
    assert database.taken == taken + 1
    await rename(admin, viewers[3], "Grace Brewster")
    after = await at_once(loader, keys)
    assert [number for number, pair in enumerate(zip(before, after, strict=True)) if pair[0] != pair[1]] == [3]
    assert after == await alone(database, keys)


async def test_more_callers_than_a_batch_has_are_read_by_two_statements(database: Database, admin: asyncpg.Connection) -> None:
    keys = [key_of(await add_customer(admin)) for _ in range(3)] * MAX_BATCH
    taken = database.taken
    revisions = await at_once(revision_loader(database, acquire_seconds=SECONDS), keys)
    assert (database.taken - taken, len(set(revisions))) == (3, 3)
    assert revisions == (await alone(database, keys[:3])) * MAX_BATCH


@pytest.mark.parametrize("place", [0, 3, 6])
@pytest.mark.parametrize("refused", ["session", "customer", "app"])
async def test_a_caller_who_is_refused_is_refused_alone(database: Database, admin: asyncpg.Connection, disabled_app: str, refused: str, place: int) -> None:
    viewers = [await add_customer(admin) for _ in range(7)]
    keys = [key_of(viewer) for viewer in viewers]
    expected: list[object] = list(await alone(database, keys))
    if refused == "session":
        keys[place] = key_of(await add_session(admin, viewers[place]))
        await admin.execute("update portal_session set ended_at = now(), end_reason = 'SIGNED_OUT' where id = $1", keys[place].caller.session_id)
    else:
        keys[place] = key_of(viewers[place], **({"app": disabled_app} if refused == "app" else {"customer_id": f"cus_{uuid4().hex[:26]}"}))
    answers = await at_once(revision_loader(database, acquire_seconds=SECONDS), keys)
    assert isinstance(answers[place], SessionEnded)
    answers[place] = expected[place] = ""
    assert answers == expected


async def test_a_caller_who_has_gone_does_not_break_off_the_statement_of_the_others(database: Database, admin: asyncpg.Connection) -> None:
    keys = [key_of(await add_customer(admin)) for _ in range(4)]
    loader = revision_loader(database, acquire_seconds=SECONDS)
    waiting = [asyncio.ensure_future(loader.load(key)) for key in keys]
    for _ in range(3):  # the statement is sent
        await asyncio.sleep(0)
    waiting[0].cancel()
    assert await asyncio.gather(*waiting[1:]) == await alone(database, keys[1:])


async def test_an_outage_reaches_every_caller(admin: asyncpg.Connection) -> None:
    keys = [key_of(await add_customer(admin)) for _ in range(3)]
    async with Database("postgresql://portico_app@127.0.0.1:1/postgres", Pool(4), server_settings={}) as database:
        answers = await at_once(revision_loader(database, acquire_seconds=SECONDS), keys)
    assert [type(answer) for answer in answers] == [DatabaseUnavailable] * 3


async def test_pages_of_many_customers_at_once_are_answered_to_their_own(http: httpx.AsyncClient, admin: asyncpg.Connection) -> None:
    """Also while one of them has changed, and then the session of another one has ended."""
    viewers = [await add_session(admin, await add_customer(admin)) for _ in range(12)]
    tags = [(await get(http, viewer)).headers["etag"] for viewer in viewers]
    await rename(admin, viewers[1], "Grace Brewster")
    for statuses in ([304, 200, *[304] * 10], [304, 200, 401, *[304] * 9]):
        answers = await asyncio.gather(*(get(http, viewer, tag=tag) for viewer, tag in zip(viewers, tags, strict=True)))
        assert [answer.status_code for answer in answers] == statuses
        assert answers[1].json()["data"]["customer"]["id"] == viewers[1].customer_id
        assert [answer.headers.get("etag") for answer in answers[3:]] == tags[3:]
        await admin.execute("update portal_session set ended_at = now(), end_reason = 'SIGNED_OUT' where id = $1", viewers[2].session_id)
