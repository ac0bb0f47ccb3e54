"""What is read from replicas: how it is spread, what a caller who has written reads, and what is decided by the primary alone."""

import asyncio
import logging
from collections.abc import Callable
from typing import Any

import httpx
import pytest

from gateway.documents.document_cache import first_party
from tests.callers.partners import id_of
from tests.conftest import STAFF, customer, token
from tests.gateway.live.streaming import add_customer, add_session, live, opened
from tests.gateway.live.streaming import rename as rename_by_sql
from tests.journeys.replicas.conftest import POSITION, READ, READ_BY_EXECUTOR, RENAME, Place, admin_of, pause, reader, replicas_in, resume, used
from tests.waiting import until


@pytest.fixture(autouse=True)
def logged(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO, "portico")


async def test_queries_are_spread_over_both_replicas_and_the_primary_gets_none(
    place: Place, start: Callable[..., str], caplog: pytest.LogCaptureFixture
) -> None:
    async with reader(place, start()) as one:
        await used(caplog.records, one, 1, 2)
        caplog.clear()
        for _ in range(3):
            await asyncio.gather(*(one.read(query) for query in (READ, READ_BY_EXECUTOR) for _ in range(5)))

        def numbers() -> list[int | None]:
            return [vars(record).get("replica") for record in caplog.records if record.name == "portico.operation"]

        await until(lambda: asyncio.sleep(0, len(numbers()) >= 30))  # a line is written after its answer
        assert set(numbers()) == {1, 2}
        assert abs(numbers().count(1) - numbers().count(2)) <= 2


async def test_who_has_written_reads_it_whatever_the_lag(place: Place, start: Callable[..., str], caplog: pytest.LogCaptureFixture) -> None:
    """Both replicas stop replaying: queries with the position go to the primary at once, and back to a replica that has replayed it."""
    address, other = start(replica_lag_seconds=3600), start(replica_lag_seconds=3600)
    async with reader(place, address) as one, httpx.AsyncClient(base_url=other, timeout=20) as elsewhere:
        await used(caplog.records, one, 1, 2)
        for replica in place.replicas:
            await pause(replica)
        try:
            position = await one.rename("After")
            assert await one.read(position=position) == "After"
            assert await one.read() == "After"  # the same process remembers the position of its caller
            one.http, first = elsewhere, one.http
            await used(caplog.records, one, 1, 2)
            assert await one.read() == "Before"  # the control: another process, without the header, within the lag that is allowed
            for query in (READ, READ_BY_EXECUTOR):
                assert await one.read(query, position=position) == "After"
            assert await one.read(position="0/1") == "Before"
            for wrong in ("x", "0/", "FFFFFFFF/FFFFFFFF", f"{position}/1", "0/1, 0/2"):
                assert await one.read(position=wrong) == "After"
        finally:
            for replica in place.replicas:
                await resume(replica)
        await used(caplog.records, one, 1, 2, position=position)
        assert await one.read(position=position) == "After"
        one.http = first


async def test_a_304_is_about_what_the_primary_has(place: Place, start: Callable[..., str], caplog: pytest.LogCaptureFixture) -> None:
    """Replicas stop replaying: they would still have what the caller has."""
    async with reader(place, start(replica_lag_seconds=3600)) as one:
        await used(caplog.records, one, 1, 2)

        async def get(tag: str = "", position: str = "") -> httpx.Response:
            headers = {"Authorization": f"Bearer {token(one.viewer)}", "If-None-Match": tag, POSITION: position}
            return await one.http.get(
                "/graphql", params={"documentId": id_of(first_party()["Profile"])}, headers={key: value for key, value in headers.items() if value}
            )

        tag = (await get()).headers["etag"]
        assert (await get(tag)).status_code == 304
        for replica in place.replicas:
            await pause(replica)
        try:
            position = await one.rename("After")
            changed = await get(tag, position)
            assert (changed.status_code, changed.json()["data"]["customer"]["name"]) == (200, "After")
            assert (await get(changed.headers["etag"], position)).status_code == 304
        finally:
            for replica in place.replicas:
                await resume(replica)


async def test_a_replica_that_lags_is_left_out_until_it_has_caught_up(place: Place, start: Callable[..., str], caplog: pytest.LogCaptureFixture) -> None:
    async with reader(place, start(replica_lag_seconds=1)) as one:
        await used(caplog.records, one, 1, 2)
        await pause(place.replicas[0])
        async with admin_of(place.primary) as admin:
            await rename_by_sql(admin, one.viewer, "After")  # by another program: without a change the replica would not be behind
        await used(caplog.records, one, 2)
        assert await one.read() == "After"
        await resume(place.replicas[0])
        await used(caplog.records, one, 1, 2)


async def test_a_session_that_ended_reads_nothing_from_a_replica_that_does_not_know(
    place: Place, start: Callable[..., str], caplog: pytest.LogCaptureFixture
) -> None:
    async with reader(place, start(replica_lag_seconds=3600)) as one, admin_of(place.primary) as admin:
        await used(caplog.records, one, 1, 2)
        for replica in place.replicas:
            await pause(replica)
        try:
            caplog.clear()
            await admin.execute("update portal_session set ended_at = now(), end_reason = 'SIGNED_OUT' where id = $1", one.viewer.session_id)
            for query in (READ, READ_BY_EXECUTOR, "query Read { __typename }"):
                refused = await one.send(query, position="0/1")
                assert (refused.status_code, refused.json()["errors"][0]["extensions"]["code"]) == (401, "UNAUTHENTICATED")
            one.viewer = await add_session(admin, one.viewer)  # which the replicas do not know either
            assert await one.read() == "Before"
            await used(caplog.records, one, 1, 2)
        finally:
            for replica in place.replicas:
                await resume(replica)


async def test_an_unknown_customer_is_refused_and_a_new_one_is_read_on_the_primary(
    place: Place, start: Callable[..., str], caplog: pytest.LogCaptureFixture
) -> None:
    async with reader(place, start(replica_lag_seconds=3600)) as one:
        await used(caplog.records, one, 1, 2)
        known, one.viewer = one.viewer, customer("cus_00000000000000000000000000")
        assert (await one.send(READ)).status_code == 401
        for replica in place.replicas:
            await pause(replica)
        try:
            async with admin_of(place.primary) as admin:
                one.viewer = await add_customer(admin, "New")
            for query in (READ, READ_BY_EXECUTOR):
                assert await one.read(query) == "New"
            await used(caplog.records, one, None)
            one.viewer = known
            await used(caplog.records, one, 1, 2)
        finally:
            for replica in place.replicas:
                await resume(replica)


async def test_only_mutations_answer_a_position_and_only_with_replicas(place: Place, start: Callable[..., str]) -> None:
    origin = {"Origin": "https://portal.example.com"}
    address = start(cors_origins=("https://portal.example.com",))
    async with reader(place, address) as one:
        read = await one.send(READ)
        written = await one.http.post(
            "/graphql", json={"query": RENAME, "variables": {"name": "Other"}}, headers={"Authorization": f"Bearer {token(one.viewer)}", **origin}
        )
        assert POSITION not in read.headers
        assert POSITION in written.headers
        assert POSITION in written.headers["access-control-expose-headers"]
        allowed = await one.http.options("/graphql", headers={**origin, "Access-Control-Request-Method": "POST"})
        assert POSITION in allowed.headers["access-control-allow-headers"]
    async with reader(place, start(replica_urls=())) as one:
        assert await one.rename("Other") == ""
        assert await one.read(position="0/1") == "Other"


async def test_a_message_of_a_stream_carries_the_position_of_its_events(place: Place, start: Callable[..., str], caplog: pytest.LogCaptureFixture) -> None:
    """A page that reads anew after an event must not be shown the state before it."""
    address, other = start(replica_lag_seconds=3600), start(replica_lag_seconds=3600)
    async with reader(place, address) as one, opened(address, one.viewer) as stream, admin_of(place.primary) as admin:
        assert live(await stream.next())["customer"]["name"] == "Before"
        async with httpx.AsyncClient(base_url=other, timeout=20) as elsewhere:
            one.http, first = elsewhere, one.http
            await used(caplog.records, one, 1, 2)
            for replica in place.replicas:
                await pause(replica)
            try:
                await rename_by_sql(admin, one.viewer, "Event")
                message = await stream.next()
                assert live(message)["customer"]["name"] == "Event"
                assert await one.read() == "Before"  # the control
                assert await one.read(position=message["extensions"]["position"]) == "Event"
            finally:
                for replica in place.replicas:
                    await resume(replica)
            one.http = first


async def test_staff_search_on_replicas(place: Place, start: Callable[..., str], caplog: pytest.LogCaptureFixture) -> None:
    query: dict[str, Any] = {"query": '{ customers(search: "Before", first: 1) { nodes { name } } }'}
    async with reader(place, start()) as one:
        await used(caplog.records, one, 1, 2)
        caplog.clear()
        answers = [await one.http.post("/graphql", json=query, headers={"Authorization": f"Bearer {token(STAFF)}"}) for _ in range(4)]
        assert {answer.json()["data"]["customers"]["nodes"][0]["name"] for answer in answers} == {"Before"}
        assert replicas_in(caplog.records) == {1, 2}


@pytest.mark.parametrize("kind", ["pdf", "csv"])
async def test_papers_are_read_from_replicas_and_a_new_one_from_the_primary(
    place: Place, start: Callable[..., str], caplog: pytest.LogCaptureFixture, kind: str
) -> None:
    """The replicas have stopped replaying before the customer was made, of whom they know nothing."""
    address = start(replica_lag_seconds=3600)
    statement = f'{{ customer {{ statement(currency: "EUR", startsOn: "2026-01-01", endsOn: "2026-02-01") {{ {kind}Url }} }} }}'
    invoice = "{ customer { name } }"
    async with reader(place, address) as one:
        await used(caplog.records, one, 1, 2)
        url = (await one.send(statement)).json()["data"]["customer"]["statement"][f"{kind}Url"]
        assert (await one.http.get(url)).status_code == 200
        for replica in place.replicas:
            await pause(replica)
        try:
            async with admin_of(place.primary) as admin:
                one.viewer = await add_customer(admin, "New")
            new = (await one.send(statement)).json()["data"]["customer"]["statement"][f"{kind}Url"]
            answer = await one.http.get(new)
            assert answer.status_code == 200
            assert (await one.send(invoice)).json()["data"]["customer"]["name"] == "New"
        finally:
            for replica in place.replicas:
                await resume(replica)
