"""The clients that frontends use, unchanged, follow a customer."""

import asyncio
import json
from pathlib import Path
from typing import Any

import asyncpg
import pytest

from tests.conftest import needs, npm_packages, token
from tests.gateway.live.streaming import add_customer, rename


@pytest.fixture(scope="module")
def project(root: Path) -> Path:
    return npm_packages(root / "tests/clients/live").parent


@pytest.mark.parametrize("client", ["graphql-sse", "graphql-ws", "urql", "apollo-multipart", "apollo-ws", "relay"])
async def test_a_client_shows_each_change(server: str, admin: asyncpg.Connection, project: Path, client: str) -> None:
    grace = await add_customer(admin)
    command = [needs("node"), "follow.mjs", client, f"{server}/graphql", token(grace)]
    following = await asyncio.create_subprocess_exec(*command, cwd=project, stdout=asyncio.subprocess.PIPE)
    try:
        assert (await _message(following))["events"]["events"] == []
        for name in ("Grace Brewster", "Grace Murray"):
            await rename(admin, grace, name)
            message = await _message(following)
            assert message["events"]["customer"]["name"] == name, message
            assert [event["type"] for event in message["events"]["events"]] == ["CUSTOMER_UPDATED"]
    finally:
        following.kill()
        await following.wait()


async def _message(following: asyncio.subprocess.Process) -> Any:
    assert following.stdout
    async with asyncio.timeout(30):
        return json.loads(await following.stdout.readline())
