"""Servers that are killed or restarted under a mixed load, with a second server beside them."""

import asyncio
import signal
from collections.abc import AsyncIterator
from contextlib import ExitStack, asynccontextmanager
from pathlib import Path

import httpx
import pytest

from tests.faults.checks import assert_effects, assert_nothing_open, goes_on, is_back, running
from tests.faults.mixed_load import MixedLoad
from tests.faults.retrying import RetryingClient
from tests.faults.site import Server, Site

pytestmark = pytest.mark.in_turns(3)

CUSTOMERS = 6
# What a client sees of a server that is killed, and of one that is away.
BROKEN_OFF = {"ReadError", "RemoteProtocolError", "ConnectError", "WriteError"}
PROBE_SECONDS = 0.05
DRAIN_SECONDS = "1"


async def test_a_killed_server_costs_no_request_that_is_sent_again(site: Site, root: Path) -> None:
    """The clients know nothing of the death, and go on to send every second request there, until the next server listens on the same port."""
    with site.server(root), ExitStack() as stack:
        first = stack.enter_context(site.server(root))
        async with site.load(CUSTOMERS) as load:
            async with running(site, load):
                first.process.kill()
                await asyncio.to_thread(first.process.wait, 20)
                await goes_on(load)
                stack.enter_context(site.server(root, port=port_of(first)))
                await is_back(load)
                await goes_on(load)
            assert load.seen.wrong == []
            assert load.seen.outcomes & BROKEN_OFF
            assert load.seen.outcomes - {"200", "IN_PROGRESS"} <= BROKEN_OFF
            await assert_nothing_open(site)
            await assert_effects(site, load)


async def test_a_restart_of_one_server_after_the_other_fails_no_request(site: Site, root: Path) -> None:
    """Behind a balancer that looks at /readyz not even one try fails, so no client needs to send a request again."""
    with ExitStack() as stack:
        servers = [stack.enter_context(site.server(root, drain_seconds=DRAIN_SECONDS)) for _ in range(2)]
        async with site.load(CUSTOMERS) as load, balanced(client_of(load)):
            async with running(site, load):
                for server in servers:
                    server.process.send_signal(signal.SIGTERM)
                    assert await asyncio.to_thread(server.process.wait, 30) == 0
                    await goes_on(load)
                    stack.enter_context(site.server(root, port=port_of(server), drain_seconds=DRAIN_SECONDS))
                    await goes_on(load)
            assert load.seen.wrong == []
            assert load.seen.outcomes == {"200"}
            await assert_effects(site, load)


async def test_without_a_balancer_an_orderly_restart_fails_no_request_that_is_sent_again(site: Site, root: Path) -> None:
    """The clients go on to send every second request to the server that ends: it answers all that it has taken, and then refuses connections. One that the
    kernel has accepted, and the process has not, is reset when the listener is closed."""
    with site.server(root), ExitStack() as stack:
        first = stack.enter_context(site.server(root, drain_seconds=DRAIN_SECONDS))
        async with site.load(CUSTOMERS) as load:
            async with running(site, load):
                first.process.send_signal(signal.SIGTERM)
                assert await asyncio.to_thread(first.process.wait, 30) == 0
                await goes_on(load)
                stack.enter_context(site.server(root, port=port_of(first)))
                await is_back(load)
            assert load.seen.wrong == []
            assert load.seen.outcomes <= {"200", "ConnectError", "ReadError"}
            await assert_effects(site, load)


def port_of(server: Server) -> int:
    return int(server.address.rpartition(":")[2])


def client_of(load: MixedLoad) -> RetryingClient:
    return load.shoppers[0].client


@asynccontextmanager
async def balanced(client: RetryingClient) -> AsyncIterator[None]:
    """Have the client send requests only to servers that are ready, as a balancer does."""
    everywhere = list(client.addresses)

    async def watch() -> None:
        async with httpx.AsyncClient(timeout=2) as http:
            while True:
                client.addresses = [address for address in everywhere if await is_ready(http, address)] or everywhere
                await asyncio.sleep(PROBE_SECONDS)

    task = asyncio.create_task(watch())
    try:
        yield
    finally:
        task.cancel()
        await asyncio.wait({task})


async def is_ready(http: httpx.AsyncClient, address: str) -> bool:
    try:
        return (await http.get(f"{address}/readyz")).status_code == 200
    except httpx.TransportError:
        return False
