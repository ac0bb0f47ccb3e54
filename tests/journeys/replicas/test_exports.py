"""Exports of customers' data are read from replicas."""

import asyncio
from collections.abc import Callable
from datetime import UTC, datetime

from db.pool import Database, Pool
from db.replicas.routing import Replicas, replicas_of, watch
from gateway.wiring.configuration.settings import Settings
from gateway.wiring.files import bucket_of
from gateway.wiring.identity import post
from gateway.wiring.worker import printing
from jobs.clock import Billing
from jobs.exporting import ExportResult, make_exports
from jobs.passes import Duties
from tests.conftest import SECRET, closing_pool
from tests.journeys.replicas.conftest import Place, Reader, pause, reader, resume
from tests.waiting import until

REQUEST = "mutation ($key: String) { requestMyData(input: { idempotencyKey: $key }) { dataExport { id } userErrors { code } } }"
MINE = "{ customer { dataExport { status } } }"


def pool_of(place: Place) -> Database:
    return Database(place.primary.urls.app, Pool(4), server_settings={})


async def made(place: Place, database: Database, replicas: Replicas) -> ExportResult:
    settings, done = Settings(data_dir=place.data_dir, secret=SECRET), ExportResult()
    duties = Duties(Billing(database, {}), bucket_of(settings, "", b""), post(settings), printing(settings), replicas=replicas)
    await make_exports(duties, datetime.now(UTC), done=done)
    return done


async def requested(one: Reader, key: str) -> None:
    assert (await one.send(REQUEST, key=key)).json()["data"]["requestMyData"]["userErrors"] == []


async def test_an_export_is_read_from_a_replica_that_has_its_claim_and_else_from_the_primary(place: Place, start: Callable[..., str]) -> None:
    replicas = replicas_of(place.primary.urls.app, place.urls[:1], Pool(4), server_settings={}, lag_seconds=3600)
    watching = asyncio.create_task(watch(replicas))
    (replica,) = replicas.items
    try:
        async with reader(place, start(replica_urls=())) as one, reader(place, str(one.http.base_url)) as other, closing_pool(pool_of(place)) as database:
            await until(lambda: asyncio.sleep(0, replica.database is not None))
            assert replica.database is not None
            await pause(place.replicas[0])
            await requested(one, "paused")
            assert (await made(place, database, replicas)).exports == 1
            assert replica.database.taken == 0  # it lags behind the claim
            await resume(place.replicas[0])
            await requested(other, "resumed")
            assert (await made(place, database, replicas)).exports == 1
            assert replica.database.taken >= 1
            for each in (one, other):
                assert (await each.send(MINE)).json()["data"]["customer"]["dataExport"]["status"] == "READY"
    finally:
        watching.cancel()
        await asyncio.wait({watching})
