"""`python -m bench.events.webhooks`: deliveries a second to a sink on this machine, and what a pass costs while many deliveries wait for their next attempt."""

import asyncio
import multiprocessing
import socket
import statistics
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from time import perf_counter, process_time
from typing import Annotated

import asyncpg
import typer
import uvloop
from rich.console import Console

from auth.seal import Seal
from db.builtin import embedded
from db.deployment.migrate import migrate
from db.pool import Database, Pool
from gateway.wiring.worker import DELIVERY_CONNECTIONS
from jobs.delivering import Deliverer, Delivering
from resolvers.context import Webhooks
from webhooks.client import WebhookClient
from webhooks.signing import new_keys, written_keys
from webhooks.targets import TargetPolicy, resolve_name

console = Console(soft_wrap=True)
SECRET = "a secret of the benchmark, long enough for every key"
ANSWER = b"HTTP/1.1 204 No Content\r\n\r\n"
PASSES = 50
# The numbers of the customers whose events wait, and of those whose events are delivered meanwhile.
WAITING_FROM, PASSED_FROM = 10_000_000, 100_000_000
CUSTOMERS = """
insert into customer (id, name, email, currency, created_at)
select 'cus_' || lpad(cast($1::integer + n as text), 26, '0'), 'Customer', $1::integer + n || '@example.com', 'EUR', now() from generate_series(1, $2::integer) n"""
ENDPOINT = """
insert into webhook_endpoint (id, url, payload, public_key, sealed, position, created_at) values ($1, $2, 'THIN', '', $3, (select last_position from event_feed), now())"""
# As after a failed first attempt: due tomorrow.
WAIT = "update webhook_delivery set status = 'PENDING', next_at = now() + interval '1 day', step = 1, finished_at = null"


class Sink(asyncio.Protocol):
    """Answers each request at once. A request of the client is one write, so it is not parsed: its body ends with two braces."""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = transport

    def data_received(self, data: bytes) -> None:
        if data.endswith(b"}}"):
            self.transport.write(ANSWER)  # type: ignore[attr-defined]  # TCP has a transport that writes


def main(
    deliveries: Annotated[int, typer.Option(min=1, help="How many messages are delivered.")] = 20_000,
    endpoints: Annotated[int, typer.Option(min=1, help="To how many endpoints; each has 16 messages under way.")] = 8,
    waiting: Annotated[int, typer.Option(min=11, help="How many deliveries wait while passes are measured.")] = 100_000,
) -> None:
    """Print the deliveries of a second, the processor time of one, and the milliseconds of a pass while 10 and while `waiting` deliveries wait."""
    with tempfile.TemporaryDirectory() as folder, embedded.running(Path(folder) / "data") as urls, sink() as port:
        asyncio.run(migrate(urls.admin))
        uvloop.run(_measure(urls, port, (deliveries, endpoints, waiting)))


@contextmanager
def sink() -> Iterator[int]:
    """Run the sink in a process of its own, and yield its port."""
    listener = socket.create_server(("127.0.0.1", 0), backlog=1024)
    process = multiprocessing.get_context("fork").Process(target=_serve, args=(listener,), daemon=True)
    process.start()
    try:
        yield listener.getsockname()[1]
    finally:
        process.terminate()
        process.join()


def _serve(listener: socket.socket) -> None:
    async def run() -> None:
        await (await asyncio.get_running_loop().create_server(Sink, sock=listener)).serve_forever()

    uvloop.run(run())


async def _measure(urls: embedded.Urls, port: int, sizes: tuple[int, int, int]) -> None:
    deliveries, endpoints, waiting = sizes
    connection = await asyncpg.connect(urls.admin, server_settings={"search_path": "portico"})
    seal, policy = Seal(SECRET, "webhooks"), TargetPolicy(is_development=True)
    client = WebhookClient(policy)
    async with Database(urls.app, Pool(DELIVERY_CONNECTIONS + 2), server_settings={}) as database:
        # The payloads are THIN, so no document is run.
        work = Delivering(database, Webhooks(seal, policy, resolve_name, None), client)  # type: ignore[arg-type]  # as the comment above says
        await _add_endpoints(connection, seal, port, endpoints)
        await _deliver(connection, work, deliveries, endpoints)
        await connection.execute("delete from webhook_endpoint")
        await _add_endpoints(connection, seal, port, 1)
        costs = {count: await _pass_cost(connection, work, count, before) for before, count in ((0, 10), (10, waiting))}
        for number, name in enumerate(("a pass with nothing due", "a pass that delivers 10 events")):
            few, many = costs[10][number], costs[waiting][number]
            console.print(f"{name}: {few:.1f} ms while 10 wait, {many:.1f} ms while {waiting:,} wait ({many / few:.2f} times)")
    await client.close()
    await connection.close()


async def _add_endpoints(connection: asyncpg.Connection, seal: Seal, port: int, count: int) -> None:
    for number in range(count):
        identifier = endpoint_id(number)
        await connection.execute(ENDPOINT, identifier, f"http://127.0.0.1:{port}/{number}", seal.close(written_keys(new_keys()), identifier))


async def _add_events(connection: asyncpg.Connection, first: int, count: int) -> None:
    """Add so many customers, each with an event."""
    await connection.execute(CUSTOMERS, first, count)
    while await connection.fetchval("select announce_events(5000)") > 0:
        pass


async def _deliver(connection: asyncpg.Connection, work: Delivering, deliveries: int, endpoints: int) -> None:
    await _add_events(connection, 0, deliveries // endpoints)
    await connection.execute("vacuum analyze")
    deliverer, stop = Deliverer(work), asyncio.Event()
    began, processor = perf_counter(), process_time()
    running = asyncio.create_task(deliverer.run(stop))
    while deliverer.done.delivered < deliveries // endpoints * endpoints and not deliverer.done.attempts_failed and not deliverer.done.failures:  # noqa: ASYNC110  # the deliverer has no event for it
        await asyncio.sleep(0.01)
    stop.set()
    await running
    seconds = perf_counter() - began
    done = deliverer.done
    problems = f"; {done.attempts_failed} attempts failed, {done.failures} were not recorded" if done.attempts_failed or done.failures else ""
    each = (process_time() - processor) * 1000 / max(1, done.delivered)
    console.print(
        f"{done.delivered:,} deliveries to {endpoints} endpoints: {done.delivered / seconds:.0f} a second, {each:.2f} ms of the worker's processor for one{problems}"
    )


async def _pass_cost(connection: asyncpg.Connection, work: Delivering, count: int, before: int) -> tuple[float, float]:
    """Return the median milliseconds of a pass while so many deliveries wait: with nothing due, and with 10 new events. `before` deliveries are there already."""
    await _add_events(connection, WAITING_FROM + before, count - before)
    while await _fan_out(work):
        # As autovacuum would by and by: a plan for an empty table reads all of it.
        await connection.execute("analyze webhook_delivery")
    await connection.execute(WAIT)
    await connection.execute("vacuum analyze")
    deliverer, idle, busy = Deliverer(work), [], []
    for _ in range(PASSES):
        began = perf_counter()
        assert await deliverer.turn() == 0
        idle.append((perf_counter() - began) * 1000)
    for number in range(PASSES):
        await _add_events(connection, PASSED_FROM + count * 1_000 + number * 10, 10)
        began = perf_counter()
        await deliverer.turn()
        await deliverer.settle()
        busy.append((perf_counter() - began) * 1000)
    assert deliverer.done.delivered == 10 * PASSES
    return statistics.median(idle), statistics.median(busy)


async def _fan_out(work: Delivering) -> int:
    """Make deliveries of the next events, which are not sent. Returns how many events were read."""
    async with work.session().write() as transaction:
        return int((await transaction.first("deliveries.fan_out", key=endpoint_id(0), wanted=1_000)).rows)


def endpoint_id(number: int) -> str:
    return f"whe_{number:026}"


if __name__ == "__main__":
    typer.run(main)
