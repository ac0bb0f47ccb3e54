"""The log: one line for each operation, what a reference finds, and what never gets there."""

import asyncio
import json
import logging
import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest

from auth.jwt.tokens import sign
from auth.viewer import Viewer
from billing.states import Actor
from db.builtin.embedded import Urls
from gateway.http.log_format import hidden, redact
from gateway.http.request_log import LogRateLimit
from gateway.wiring.configuration.settings import Settings
from gateway.wiring.issuer import issuer_of, new_key
from tests.conftest import ADA, SECRET, Post, customer, token
from tests.planner.test_faults import LOST
from tests.servers.processes import SAID, process
from tests.waiting import until

CARD = "4111 1111 1111 1111"
LOGGER = re.compile(r"getLogger\((.+?)\)")
PASSWORD = "seven green bicycles at dawn"


async def written(caplog: pytest.LogCaptureFixture) -> list[logging.LogRecord]:
    """What was said at INFO and above by us, once the line of an operation is there: it comes after the answer."""
    for _ in range(200):
        records = [record for record in caplog.records if record.name.startswith("portico") and record.levelno >= logging.INFO]
        if any(record.name == "portico.operation" for record in records):
            return records
        await asyncio.sleep(0.01)
    raise AssertionError("no operation was logged")


@pytest.mark.parametrize("planner", [True, False], ids=["planner", "executor"])
async def test_an_operation_is_one_line_without_values(start_server: Callable[..., str], urls: Urls, caplog: pytest.LogCaptureFixture, planner: bool) -> None:
    url = start_server(urls.app, planner=planner)
    text = "query Mine($first: Int) { customer { id payments(first: $first) { nodes { id } } } }"
    caplog.set_level(logging.INFO, "portico.operation")
    async with httpx.AsyncClient(base_url=url, headers={"Authorization": f"Bearer {token(ADA)}"}) as client:
        answer = await client.post("/graphql", json={"query": text, "variables": {"first": 7}})
        (line,) = [vars(record) for record in await written(caplog)]
    assert line["request_id"] == answer.headers["x-request-id"]
    assert (line["client"], line["operation"], line["kind"], line["cost"]) == ("tests", "Mine", "query", 8)
    assert line["variables"] == ["first"]
    assert re.fullmatch("[0-9a-f]{64}", line["document"])
    assert (line["way"], line["code"], line["status"]) == ("planner" if planner else "executor", "OK", 200)
    assert line["statements"] == 3  # BEGIN with its settings, the customer with the page, COMMIT
    assert set(line["phases"]) == {"read", "wait", "prepare", "run", "send"}
    assert 0 < sum(line["phases"].values()) <= line["milliseconds"] + 1


async def test_an_operation_whose_parts_are_planned_says_so(post: Post, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO, "portico.operation")
    await post('{ customer { id } operation(idempotencyKey: "none") { state } }')
    (line,) = [vars(record) for record in await written(caplog)]
    assert (line["way"], line["code"]) == ("executor+planner", "OK")


@pytest.mark.parametrize(
    ("query", "code"),
    [
        ("{", "GRAPHQL_PARSE_FAILED"),
        ("{ nothing }", "GRAPHQL_VALIDATION_FAILED"),
        ("query ($id: ID!) { node(id: $id) { id } }", "BAD_USER_INPUT"),
        ("query ($wrong: [ID!]!) { nodes(ids: $wrong) { id } }", "BAD_USER_INPUT"),
        ("query ($wrong: DateTime) { customer { payments(filter: {createdFrom: $wrong}) { totalCount } } }", "BAD_USER_INPUT"),
        ("query ($wrong: Int) { customer { payments(first: $wrong) { totalCount } } }", "BAD_USER_INPUT"),
        ('{ nodes(ids: ["' + '", "'.join(map(str, range(51))) + '"]) { id } }', "PARTIAL"),
    ],
)
async def test_what_a_client_does_wrong_is_one_line_at_info_without_a_cause(post: Post, caplog: pytest.LogCaptureFixture, query: str, code: str) -> None:
    """That failures have a cause is shown by tests/journeys/outages/test_sqlstates.py."""
    caplog.set_level(logging.INFO)
    await post(query, **({"wrong": [{}] * 51} if "wrong: [" in query else {"wrong": "2026-13-01"} if "wrong" in query else {}))
    assert [(record.levelname, vars(record)["code"], vars(record).get("cause")) for record in await written(caplog)] == [("INFO", code, None)]
    assert "Traceback" not in caplog.text


def test_every_logger_of_ours_is_named_portico(root: Path) -> None:
    named = [(path.name, text) for path in root.glob("[a-z]*/**/*.py") if path.parts[len(root.parts)] != "tests" for text in LOGGER.findall(path.read_text())]
    assert len(named) > 20
    assert [(name, text) for name, text in named if not re.fullmatch(r'"portico\.[a-z]+"', text)] == [("log_format.py", "name")]


def test_of_a_flood_of_refusals_a_hundred_lines_a_second_are_kept_and_the_rest_is_counted() -> None:
    budget = LogRateLimit(100)
    assert [budget.take(5 + number / 1000) for number in range(300)] == [0] * 100 + [None] * 200
    assert [budget.take(6.0), budget.take(6.1)] == [200, 0]


def lines_of(folder: Path) -> list[dict[str, Any]]:
    """Every line that a process in production said, but the one that it is ready."""
    return [json.loads(line) for line in (folder / SAID).read_text().splitlines() if not line.startswith("READY ")]


def careless(secret: str) -> list[tuple[dict[str, Any], str]]:
    """Requests that have secrets wherever one can be put: in the document, its variables and their names, and the header of a token that holds or not."""
    sign_in = f'mutation ($password: String!) {{ signIn(input: {{email: "ada@example.com", password: $password}}) {{ userErrors {{ code }} }} }} # {CARD}'
    return [
        ({"query": "{ customer { id } }"}, f"Bearer {secret}"),
        ({"query": sign_in, "variables": {"password": PASSWORD}}, f"Bearer {secret}"),
        ({"query": sign_in, "variables": {"password": PASSWORD, PASSWORD: 1, CARD: 1}}, f"Basic {PASSWORD}"),
        ({"query": "query ($id: ID!) { node(id: $id) { id } }", "variables": {"id": {"secret": PASSWORD}}}, f"Bearer {secret}"),
        ({"query": '{ node(id: "' + CARD + '"'}, f"Bearer {secret}x"),
    ]


async def test_production_logs_json_without_a_secret_and_a_reference_finds_its_line(root: Path, urls: Urls, tmp_path: Path, orphaned: str) -> None:
    keys = Settings(environment="production", signing_keys_dir=tmp_path / "keys")
    new_key(keys, "EdDSA", now=datetime.now(UTC))
    issuer = issuer_of(keys)

    def bearer(viewer: Viewer) -> str:
        return sign(viewer, issuer, now=datetime.now(UTC), lifetime=timedelta(hours=1))

    secret = bearer(Viewer(Actor.CUSTOMER, ADA.customer_id, ("portal",), f"app {CARD}"))
    keys_dir = str(tmp_path / "keys")
    production = {"environment": "production", "secret": SECRET, "sandbox": "true", "document_mode": "open", "log_level": "DEBUG", "drain_seconds": "0"}
    with process(root, urls, tmp_path, signing_keys_dir=keys_dir, **production) as (_, url):
        async with httpx.AsyncClient(base_url=url, timeout=20) as client:
            for body, authorization in careless(secret):
                await client.post("/graphql", json=body, headers={"Authorization": authorization, "User-Agent": secret})
            answer = await client.post("/graphql", json={"query": LOST}, headers={"Authorization": f"Bearer {bearer(customer(orphaned))}"})

        async def is_said() -> bool:
            return "PARTIAL" in (tmp_path / SAID).read_text()

        await until(is_said)
        said = (tmp_path / SAID).read_text()
    (error, *_) = answer.json()["errors"]
    reference = error["extensions"]["reference"]
    assert error["message"] == f"Something went wrong on our side. Reference: {reference}"
    matching = [line for line in lines_of(tmp_path) if reference in json.dumps(line)]
    assert {line["level"] for line in matching} == {"error", "info"}
    (masked, *_) = [line for line in matching if line["level"] == "error"]
    assert "Subscription.plan" in masked["exception"]
    assert "Subscription.plan" not in answer.text
    assert [line["code"] for line in matching if line["level"] == "info"] == ["PARTIAL"]
    for never in (secret, secret.split(".")[2], PASSWORD, CARD, CARD.replace(" ", "")):
        assert never not in said, never


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (f"card {CARD}.", "card [hidden]."),
        ("card 4111-1111-1111-1111", "card [hidden]"),
        ("4111111111111111", "[hidden]"),
        ("4111111111111112", "4111111111111112"),
        ("2026-11-22T23:00:00.000Z", "2026-11-22T23:00:00.000Z"),
        ("Authorization: Bearer abc.def", "Authorization: Bearer [hidden]"),
        ("a eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiJ4In0.c2ln b", "a [hidden] b"),
        ("postgresql://user:hunter2@db:5432/x", "postgresql://[hidden]@db:5432/x"),
        ("sub_01m829w97ne1msh76cygrhecz9", "sub_01m829w97ne1msh76cygrhecz9"),
    ],
)
def test_secrets_are_known_by_their_looks(text: str, expected: str) -> None:
    assert hidden({"a": [text]}) == {"a": [expected]}


def test_secrets_are_known_by_their_names() -> None:
    line = {"event": "x", "password": "p", "access_token": "t", "Authorization": "a", "tokens": 12, "nested": {"cookie": "c"}, "refresh_token": ""}
    assert redact(None, "", line) == {
        "event": "x",
        "password": "[hidden]",
        "access_token": "[hidden]",
        "Authorization": "[hidden]",
        "tokens": 12,
        "nested": {"cookie": "[hidden]"},
        "refresh_token": "",
    }
