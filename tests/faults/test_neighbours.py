"""The bucket, the mail server and the storage of throttles are away or silent under a mixed load: only what needs them is affected."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from typing import Literal

import httpx
import pytest

from tests.auth.test_throttle import free_port, redis
from tests.conftest import customer, token
from tests.faults.checks import assert_effects, assert_nothing_grew, assert_reads, goes_on, is_back, running
from tests.faults.database_faults import outages_seen
from tests.faults.mixed_load import MixedLoad
from tests.faults.site import Site
from tests.servers.proxy import Proxy, proxy_to
from tests.servers.s3 import Store, store

__all__ = ["store"]

pytestmark = pytest.mark.in_turns(6)

CUSTOMERS = 4
SIGN_IN = 'mutation { signIn(input: { email: "nobody@example.com", password: "x" }) { userErrors { code } } }'
CHANGE = 'mutation { requestEmailChange(input: { newEmail: "other@example.com" }) { done userErrors { code } } }'
Kind = Literal["bucket", "mail server", "throttle storage"]
# The actions that fail while it is away.
AFFECTED: dict[Kind, set[str]] = {"bucket": {"upload"}, "mail server": set(), "throttle storage": set()}


@asynccontextmanager
async def neighbours(store: Store, folder: Path) -> AsyncIterator[tuple[dict[Kind, Proxy], dict[str, str]]]:
    """Return a proxy before each, and the settings of a server that uses them."""
    async with AsyncExitStack() as stack:
        port = free_port()
        stack.enter_context(redis(folder, port))
        bucket, throttle = await stack.enter_async_context(proxy_to(store.port)), await stack.enter_async_context(proxy_to(port))
        mail = await stack.enter_async_context(proxy_to(free_port()))  # nobody listens: what is sent is about the proxy's own mode
        settings = {name: str(value) for name, value in store.settings(bucket.port).items()}
        settings |= {"throttle_url": f"redis://127.0.0.1:{throttle.port}/0", "throttle_secret": "a secret of tests that is long enough for it"}
        settings |= {"smtp_host": "127.0.0.1", "smtp_port": str(mail.port), "smtp_security": "none"}
        yield {"bucket": bucket, "mail server": mail, "throttle storage": throttle}, settings


@pytest.mark.parametrize("mode", ["refuse", "hang"])
@pytest.mark.parametrize("kind", AFFECTED)
async def test_what_does_not_need_it_goes_on(kind: Kind, mode: Literal["refuse", "hang"], site: Site, root: Path, store: Store, tmp_path: Path) -> None:
    store.empty()
    async with neighbours(store, tmp_path) as (proxies, settings):
        if "upload" in AFFECTED[kind]:  # beside the others an upload has as long as usual
            settings["upload_seconds"] = "4"
        with site.server(root, **settings) as server:
            async with site.load(CUSTOMERS) as load:
                async with running(site, load):
                    before = server.measure()
                    proxies[kind].mode = mode
                    await (outages_seen(load, CUSTOMERS) if AFFECTED[kind] else goes_on(load))
                    await assert_reads(load)
                    await sign_in_and_change(server.address, load)
                    proxies[kind].mode = "open"
                    await is_back(load)
                assert load.seen.wrong == []
                assert {action for action, outcome in load.seen.answers if outcome == "503"} <= AFFECTED[kind]
                assert_nothing_grew(before, server)
                await assert_effects(site, load)


async def sign_in_and_change(address: str, load: MixedLoad) -> None:
    """Check what needs the throttle, and what sends letters: neither waits for the other side, and neither fails."""
    headers = {"Authorization": f"Bearer {token(customer(load.shoppers[0].customer_id))}"}
    async with httpx.AsyncClient(base_url=address, timeout=10) as http:
        signed_in, changed = await asyncio.gather(
            http.post("/graphql", json={"query": SIGN_IN}), http.post("/graphql", json={"query": CHANGE}, headers=headers)
        )
    assert signed_in.json()["data"]["signIn"]["userErrors"] == [{"code": "WRONG_CREDENTIALS"}]
    assert changed.json()["data"]["requestEmailChange"] == {"done": True, "userErrors": []}, changed.text
