"""The portal's secret is rotated while two servers run: at each step what one of them signed or sealed is read by the other, and the command re-seals what rests in the database."""

import json
import os
from collections.abc import Callable
from contextlib import AsyncExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from uuid import uuid4

import asyncpg
import httpx
import pytest

from auth.seal import NotSealed, Seal
from auth.secret import new_secret
from db.builtin.embedded import Urls
from gateway.wiring.configuration.settings import Settings, WrongSetting, load
from gateway.wiring.issuer import seal_of_portal
from tests.conftest import ADA, token
from tests.servers import preloaded
from tests.template import create_database

OLD, NEW, STRANGE = (new_secret() for _ in range(3))
BEFORE, ANNOUNCED, REPLACED, AFTER = {"secret": OLD}, {"secret": OLD, "next_secret": NEW}, {"secret": NEW, "previous_secret": OLD}, {"secret": NEW}
# The settings of two servers after each restart of one of them.
STEPS = {
    "before": (BEFORE, BEFORE),
    "the first server accepts the next secret": (ANNOUNCED, BEFORE),
    "both accept it": (ANNOUNCED, ANNOUNCED),
    "the first server signs with it": (REPLACED, ANNOUNCED),
    "both sign with it": (REPLACED, REPLACED),
}
LINK = "mutation ($key: String!) { createCalendarLink(input: { idempotencyKey: $key }) { customer { calendarUrl } userErrors { code } } }"
URL = "{ customer { calendarUrl } }"
SUBSCRIPTIONS = "{ customer { subscriptions(first: 5, filter: { status: [ACTIVE] }) { nodes { id version availableActions { action } } } } }"
PREVIEW = "query ($input: PauseSubscriptionInput!) { previewPauseSubscription(input: $input) { preview { previewToken } userErrors { code path message } } }"
PAUSE = "mutation ($input: PauseSubscriptionInput!) { pauseSubscription(input: $input) { subscription { id } userErrors { code path message } } }"
UNDO = "mutation ($input: WithdrawPendingChangeInput!) { withdrawPendingChange(input: $input) { userErrors { code message } } }"


@dataclass
class Server:
    """A client of one of the servers."""

    http: httpx.AsyncClient

    async def ask(self, text: str, access: str | None = None, **variables: Any) -> Any:
        headers = {"Authorization": f"Bearer {access or token(ADA)}"}
        answer = await self.http.post("/graphql", json={"query": text, "variables": variables}, headers=headers)
        assert answer.status_code == 200, answer.text
        assert "errors" not in answer.json(), answer.text
        (payload,) = answer.json()["data"].values()
        assert payload.get("userErrors", []) == [], payload
        return payload


@pytest.fixture(scope="module")
async def pair(start_server: Callable[..., str], urls: Urls) -> Callable[[dict[str, str], dict[str, str]], Any]:
    def start(*settings: dict[str, str]) -> list[str]:
        return [start_server(urls.app, **each) for each in settings]

    return start


async def test_at_each_step_each_server_reads_what_the_other_signed_and_sealed(pair: Callable[..., list[str]]) -> None:
    for step, settings in STEPS.items():
        async with AsyncExitStack() as stack:
            first, second = [Server(await stack.enter_async_context(httpx.AsyncClient(base_url=url, timeout=20))) for url in pair(*settings)]
            for writer, reader in ((first, second), (second, first)):
                url = (await writer.ask(LINK, key=uuid4().hex))["customer"]["calendarUrl"]
                assert (await reader.ask(URL))["calendarUrl"] == url.replace(str(writer.http.base_url), str(reader.http.base_url)), step
                await _confirm_preview(writer, reader)


async def _confirm_preview(maker: Server, confirmer: Server) -> None:
    """Preview a pause on one server, confirm it on the other, and undo it."""
    nodes = (await maker.ask(SUBSCRIPTIONS))["subscriptions"]["nodes"]
    subscription = next(node for node in nodes if {"action": "PAUSE"} in node["availableActions"])
    call = {"subscriptionId": subscription["id"], "expectedVersion": subscription["version"], "when": "PERIOD_END", "idempotencyKey": uuid4().hex}
    preview = (await maker.ask(PREVIEW, input=call))["preview"]["previewToken"]
    await confirmer.ask(PAUSE, input=call | {"previewToken": preview})
    await confirmer.ask(UNDO, input={"subscriptionId": subscription["id"], "idempotencyKey": uuid4().hex})


async def test_without_the_other_secret_a_link_is_not_shown(pair: Callable[..., list[str]]) -> None:
    """What the steps prevent."""
    first, second = pair(BEFORE, AFTER)
    async with httpx.AsyncClient(base_url=first, timeout=20) as old, httpx.AsyncClient(base_url=second, timeout=20) as new:
        assert (await Server(old).ask(LINK, key=uuid4().hex))["customer"]["calendarUrl"]
        assert (await Server(new).ask(URL))["calendarUrl"] is None


@dataclass
class Sealed:
    """A database with sealed texts in every column that has them, and the command that re-seals them."""

    urls: Urls
    admin: asyncpg.Connection
    root: Path
    folder: Path

    def reseal(self, **settings: str) -> tuple[int, str]:
        environment = {name: value for name, value in os.environ.items() if not name.startswith("PORTICO_")}
        named = {"database_url": self.urls.admin, "data_dir": str(self.folder), **settings}
        ended = preloaded.run(
            ["keys", "reseal"], cwd=self.root, env=environment | {f"PORTICO_{name.upper()}": value for name, value in named.items()}, timeout=60
        )
        return ended.returncode, ended.stdout + ended.stderr

    async def opened(self, secret: str) -> list[str | None]:
        """The texts in the database, as far as this secret alone opens them."""
        rows = await self.admin.fetch(
            """select 'letters' as purpose, id, sealed from portico.letter union all
               select 'calendars', customer_id, decode(sealed, 'hex') from portico.calendar_link union all
               select 'webhooks', id, sealed from portico.webhook_endpoint union all
               select 'webhooks', id, previous_sealed from portico.webhook_endpoint where previous_sealed is not null order by 1, 2, 3"""
        )
        return [_opened(Seal(secret, row["purpose"]), row["sealed"], row["id"]) for row in rows]


def _opened(seal: Seal, sealed: bytes, row: str) -> str | None:
    try:
        return seal.open(sealed, row)
    except NotSealed:
        return None


CUSTOMERS = 1_203
TEXTS = 2 * CUSTOMERS + 2
REMOVED = (
    "delete from portico.letter where id ~ '^let_[0-9]{6}$'",
    "delete from portico.calendar_link where customer_id ~ '^cus_[0-9]{6}$'",
    "delete from portico.webhook_endpoint where id = 'whe_1'",
    "delete from portico.customer where id ~ '^cus_[0-9]{6}$'",
)


@pytest.fixture
async def sealed(urls: Urls, root: Path, tmp_path: Path) -> Any:
    """More rows than one transaction of the command changes."""
    name = f"resealing_{uuid4().hex[:8]}"
    place = await create_database(urls, name)
    admin = await asyncpg.connect(place.admin)
    identifiers = [f"{number:06}" for number in range(CUSTOMERS)]
    await admin.executemany(
        """insert into portico.customer (id, name, email, locale, time_zone, currency, created_at)
           values ('cus_' || $1::text, 'Test', $1::text || '@example.com', 'en', 'UTC', 'USD', now())""",
        [(one,) for one in identifiers],
    )
    letters, calendars, webhooks = (Seal(OLD, purpose) for purpose in ("letters", "calendars", "webhooks"))
    await admin.executemany(
        "insert into portico.letter (id, customer_id, kind, sealed, written_at, send_at) values ($1, $2, 'receipt', $3, now(), 'infinity')",
        [(f"let_{one}", f"cus_{one}", letters.close(json.dumps({"of": one}), f"let_{one}")) for one in identifiers],
    )
    await admin.executemany(
        "insert into portico.calendar_link (customer_id, secret_hash, sealed, created_at) values ($1, $2, $3, now())",
        [(f"cus_{one}", one.zfill(64), calendars.close(f"secret of {one}", f"cus_{one}").hex()) for one in identifiers],
    )
    await admin.execute(
        """insert into portico.webhook_endpoint (id, url, payload, public_key, sealed, previous_sealed, previous_until, position, created_at)
           values ('whe_1', 'https://example.com', 'THIN', '', $1, $2, now(), 0, now())""",
        webhooks.close("keys", "whe_1"),
        webhooks.close("keys of before", "whe_1"),
    )
    yield Sealed(place, admin, root, tmp_path)
    for statement in REMOVED if place == urls else ():  # the one database of a cluster
        await admin.execute(statement)
    await admin.close()
    if place != urls:
        owner = await asyncpg.connect(urls.admin)
        await owner.execute(f"drop database {name} with (force)")
        await owner.close()


async def test_the_command_seals_every_text_with_the_new_secret_and_can_be_repeated(sealed: Sealed) -> None:
    before = await sealed.opened(OLD)
    assert len(before) == TEXTS
    assert None not in before
    code, printed = sealed.reseal(**REPLACED)
    assert (code, f"letter.sealed: {CUSTOMERS} sealed again, 0 sealed with PORTICO_SECRET before." in printed) == (0, True), printed
    assert sorted(str(text) for text in await sealed.opened(NEW)) == sorted(map(str, before))
    assert set(await sealed.opened(OLD)) == {None}
    rows = await sealed.admin.fetch("select ctid from portico.letter order by id")
    code, printed = sealed.reseal(**REPLACED)
    assert (code, f"calendar_link.sealed: 0 sealed again, {CUSTOMERS} sealed with PORTICO_SECRET before." in printed) == (0, True), printed
    assert await sealed.admin.fetch("select ctid from portico.letter order by id") == rows, "no row is written twice"


async def test_what_neither_secret_opens_is_counted_and_stays(sealed: Sealed) -> None:
    strange = Seal(STRANGE, "calendars").close("a secret", "cus_000007").hex()
    await sealed.admin.execute("update portico.calendar_link set sealed = $1 where customer_id = 'cus_000007'", strange)
    code, printed = sealed.reseal(**REPLACED)
    assert (code, "Error: 1 text sealed with neither PORTICO_SECRET nor PORTICO_PREVIOUS_SECRET." in printed) == (1, True), printed
    assert await sealed.admin.fetchval("select sealed from portico.calendar_link where customer_id = 'cus_000007'") == strange
    assert (await sealed.opened(NEW)).count(None) == 1


async def test_a_command_that_cannot_re_seal_says_why_in_one_line_and_changes_nothing(sealed: Sealed) -> None:
    code, printed = sealed.reseal(secret=NEW)
    assert (code, printed.count("\n")) == (1, 1)
    assert "PORTICO_PREVIOUS_SECRET: is needed" in printed
    await sealed.admin.execute("drop policy resealed on portico.letter")
    assert sealed.reseal(**REPLACED) == (1, "Error: The database lacks migrations. Run `./portico migrate` first.\n")
    assert None not in await sealed.opened(OLD)


async def test_the_application_cannot_take_the_part_of_the_command(sealed: Sealed) -> None:
    app = await asyncpg.connect(sealed.urls.app)
    await app.execute("set app.actor = 'RESEAL'")
    try:
        assert [await app.fetchval(f"select count(*) from portico.{table}") for table in ("letter", "calendar_link", "webhook_endpoint")] == [0, 0, 0]
    finally:
        await app.close()


@pytest.mark.parametrize("name", ["previous_secret", "next_secret"])
def test_another_secret_that_is_none_is_one_line(name: str) -> None:
    for settings, says in (
        ({"secret": NEW, name: NEW}, "is the secret of PORTICO_SECRET"),
        ({name: NEW}, "needs PORTICO_SECRET."),
        ({"secret": NEW, name: "short"}, "needs at least 32 characters; `./portico keys secret` makes one."),
    ):
        with pytest.raises(WrongSetting) as refused:
            load(**settings)
        assert str(refused.value).startswith(f"PORTICO_{name.upper()}: {says}")
        assert NEW not in str(refused.value)
    assert getattr(load(secret=NEW, **{name: ""}), name) is None, "an empty one is left out"


def test_a_read_only_secret_opens_and_never_seals() -> None:
    seal = seal_of_portal(Settings(secret=NEW, previous_secret=OLD))
    assert seal.open(Seal(OLD).close("a text", "row"), "row") == "a text"
    assert Seal(NEW).open(seal.close("a text", "row"), "row") == "a text"
    renewed = seal.renewed(Seal(OLD).close("a text", "row"), "row")
    assert renewed is not None
    assert Seal(NEW).open(renewed, "row") == "a text"
    assert seal.renewed(renewed, "row") is None
