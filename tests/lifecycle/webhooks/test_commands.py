"""The commands `webhooks …` as an operator calls them: what they print, and what is then stored and sent."""

import asyncio
import json
from collections.abc import Callable
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from db.builtin.embedded import Urls
from gateway.cli.main import cli
from tests.conftest import SECRET
from tests.lifecycle.webhooks.conftest import Hooks
from tests.webhooks.sinks import sink
from tests.webhooks.test_signing import verified

Run = Callable[..., Result]


@pytest.fixture
def run(place: Urls, tmp_path: Path) -> Run:
    """A function that calls a command and returns what it printed. Its database and secret are those of the deliveries."""
    environment = {"PORTICO_DATABASE_URL": place.admin, "PORTICO_DATA_DIR": str(tmp_path), "PORTICO_SECRET": SECRET, "COLUMNS": "250"}

    def call(*arguments: str) -> Result:
        return CliRunner().invoke(cli, ["webhooks", *arguments], env=environment)

    return call


async def outside(work: Callable[[], Result]) -> Result:
    """Call a command in a thread, because it runs an event loop of its own."""
    return await asyncio.to_thread(work)


async def test_an_endpoint_from_its_first_to_its_last_command(hooks: Hooks, run: Run) -> None:
    async with sink() as target:
        saved = (await outside(lambda: run("save", "--url", target.url, "--type", "customer.updated", "--description", "Books"))).stdout.split()
        identifier, url, secret = saved
        assert (url, identifier[:4], secret[:6]) == (target.url, "whe_", "whsec_")
        listed = (await outside(lambda: run("list"))).stdout
        assert identifier in listed
        assert "customer.updated" in listed

        (event,) = await hooks.change()
        dry = await outside(lambda: run("dry-run", identifier))
        assert json.loads(dry.stdout)["data"]["eventId"] == event
        assert target.received == [], "a dry run sends nothing"
        await hooks.deliver()
        (message,) = target.received
        assert verified(secret, message.headers, message.body)

        pinged = (await outside(lambda: run("ping", identifier))).stdout
        await hooks.deliver()
        assert target.ids[1] in pinged

        rotated = (await outside(lambda: run("rotate", identifier, "--hours", "1"))).stdout.strip()
        assert rotated != secret
        delivery = next(row["id"] for row in await hooks.life.admin.fetch("select id from webhook_delivery where event_id = $1", event))
        assert (await outside(lambda: run("redeliver", delivery))).stdout == "The worker sends 1 webhook once more.\n"
        await hooks.deliver(seconds=1)
        assert target.ids[2] == event
        assert verified(rotated, target.received[2].headers, target.received[2].body)

        since = hooks.now.replace(year=hooks.now.year - 1).strftime("%Y-%m-%dT%H:%M:%S")
        assert (await outside(lambda: run("replay", identifier, "--since", since))).stdout == "The worker sends 1 webhook once more.\n"
        assert (
            await outside(lambda: run("replay", identifier, "--since", since, "--type", "invoice.paid"))
        ).stdout == "The worker sends 0 webhooks once more.\n"

        await outside(lambda: run("save", "--id", identifier, "--disable"))
        assert "STAFF" in (await outside(lambda: run("list"))).stdout
        assert (await outside(lambda: run("delete", identifier))).stdout == f"{identifier} is deleted.\n"
        assert identifier not in (await outside(lambda: run("list"))).stdout


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (("save", "--url", "ftp://example.com/hook"), "https"),
        (("save", "--id", "whe_unknown", "--disable"), "There is no such"),
        (("save", "--url", "https://example.com/hook", "--type", "customer.unknown"), "customer.unknown"),
        (("save", "--url", "https://example.com/hook", "--document", "sha256:" + "0" * 64), "document"),
        (("delete", "whe_unknown"), "There is no such"),
        (("rotate", "whe_unknown"), "There is no such"),
        (("ping", "whe_unknown"), "There is no such"),
        (("redeliver", "whd_unknown"), "There is no such"),
        (("replay", "whe_unknown", "--since", "2026-01-01T00:00:00"), "There is no such"),
        (("dry-run", "whe_unknown"), "There is no such"),
    ],
    ids=lambda value: " ".join(value)[:40] if isinstance(value, tuple) else "",
)
async def test_what_is_refused_is_one_line_and_the_exit_code_1(hooks: Hooks, run: Run, arguments: tuple[str, ...], says: str) -> None:
    before = await hooks.life.admin.fetchval("select count(*) from webhook_endpoint")
    result = await outside(lambda: run(*arguments))
    assert result.exit_code == 1
    text = result.stderr or str(result.exception)
    assert says in text, (result.output, result.exception)
    assert "Traceback" not in text
    assert await hooks.life.admin.fetchval("select count(*) from webhook_endpoint") == before
