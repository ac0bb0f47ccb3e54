"""Which names a server in development answers to: a page that pointed its own name at this machine gets nothing."""

import asyncio
from collections.abc import Callable
from typing import Any

import httpx
import pytest

from db.builtin.embedded import Urls
from gateway.wiring.configuration.settings import Settings
from gateway.wiring.hosts import Hosts, hosts_of
from tests.conftest import ADA, SECRET, token

OF_THIS_MACHINE = [
    "127.0.0.1",
    "127.0.0.1:8000",
    "127.1.2.3:1",
    "localhost",
    "LOCALHOST:8000",
    "localhost.",
    "portal.localhost:3000",
    "[::1]",
    "[::1]:8000",
    "[::ffff:127.0.0.1]:1",
]
OF_OTHERS = [
    *("evil.example", "evil.example:8000", "localhost.evil.example", "127.0.0.1.evil.example:8000", "127.0.0.1.nip.io", "notlocalhost", "[::1].evil.example"),
    *("", " ", ":8000", "[::1", "::1", "localhost:80:80", "localhost:x", "localhost/", "evil.example@localhost", "localhost@evil.example", "[evil.example]"),
    *("localhost, evil.example", "evil.example#localhost", "\xe9vil.example", "127.1", "2130706433", "0x7f.1", "localhost\x00"),
]
ADDRESSES = ["192.0.2.7", "192.0.2.7:8000", "[2001:db8::7]:8000", "0.0.0.0:8000"]


def takes(header: str, *, gives_token: bool = True, **settings: Any) -> bool:
    hosts = hosts_of(Settings(**settings), gives_token=gives_token)
    return hosts is None or hosts.accepts(header)


@pytest.mark.parametrize("listens", ["127.0.0.1", "localhost", "::1", "0.0.0.0", "::", "192.0.2.7"])
def test_the_names_of_this_machine_are_always_good_and_others_never(listens: str) -> None:
    assert {host for host in OF_THIS_MACHINE if not takes(host, host=listens)} == set()
    assert {host for host in OF_OTHERS if takes(host, host=listens)} == set()
    is_reached_by_others = listens in ("0.0.0.0", "::", "192.0.2.7")
    assert {takes(host, host=listens) for host in ADDRESSES} == {is_reached_by_others}, "no page can have an address for its name"


def test_the_names_in_the_settings_are_good() -> None:
    named = {"public_url": "https://api.test:8443/base", "portal_url": "http://Portal.test", "host": "box.test"}
    for host in ("api.test", "API.test:1", "portal.test:8443", "box.test"):
        assert takes(host, **named)
        assert not takes(host, **named | {"public_url": "https://a.test", "portal_url": "https://b.test", "host": "127.0.0.1"})


def test_production_and_a_server_for_others_that_gives_no_token_look_at_no_name() -> None:
    assert takes("evil.example", environment="production")
    assert takes("evil.example", host="0.0.0.0", gives_token=False)
    assert not takes("evil.example", host="0.0.0.0", gives_token=True)
    assert not takes("evil.example", host="127.0.0.1", gives_token=False)
    assert Hosts([], takes_addresses=False).accepts("localhost")


PATHS = {
    *("/", "/graphiql", "/graphiql/", "/graphiql/config.json", "/graphiql/manifest.json", "/graphql", "/graphql?query={viewer{kind}}", "/nothing"),
    *("/.well-known/jwks.json", "/oauth/token", "/files/att_1", "/files/uploads", "/papers/inv_1"),
}


@pytest.mark.parametrize("method", ["GET", "POST", "OPTIONS", "HEAD"])
async def test_a_demo_gives_nothing_to_a_page_that_pointed_its_name_at_it(http: httpx.AsyncClient, method: str) -> None:
    for path in PATHS:
        for host in ("evil.example", "evil.example:8000", "127.0.0.1.evil.example"):
            answer = await http.request(method, path, headers={"Host": host, "Origin": f"http://{host}"})
            assert (answer.status_code, "demo-token" in answer.text, "access-control-allow-origin" in answer.headers) == (421, False, False), path
            assert "evil" not in answer.text
    for path in ("/livez", "/readyz"):
        assert (await http.get(path, headers={"Host": "10.0.0.7"})).status_code == 200


async def test_whoever_names_this_machine_gets_the_page_its_token_and_answers(http: httpx.AsyncClient) -> None:
    for host in ("localhost:1234", "127.0.0.1", "[::1]:8000"):
        config = await http.get("/graphiql/config.json", headers={"Host": host})
        assert config.json()["customers"][0]["headers"] == {"Authorization": "Bearer demo-token"}
        answer = await http.post("/graphql", json={"query": "{ viewer { kind } }"}, headers={"Host": host, "Authorization": f"Bearer {token(ADA)}"})
        assert answer.json() == {"data": {"viewer": {"kind": "CUSTOMER"}}}


@pytest.mark.parametrize("lines", [b"", b"Host: localhost\r\nHost: evil.example\r\n", b"Host: evil.example\r\nHost: localhost\r\n", b"Host:\r\n"])
async def test_no_name_or_two_are_not_a_good_one(http: httpx.AsyncClient, lines: bytes) -> None:
    reader, writer = await asyncio.open_connection(http.base_url.host, http.base_url.port)
    writer.write(b"GET /graphiql/config.json HTTP/1.1\r\n" + lines + b"Connection: close\r\n\r\n")
    said = await reader.read()
    writer.close()
    assert said.split(b"\r\n")[0].split()[1] in (b"421", b"400")
    assert b"demo-token" not in said


async def test_in_production_the_name_is_the_proxys_to_judge(start_server: Callable[..., str], urls: Urls) -> None:
    url = start_server(urls.app, environment="production", secret=SECRET, sandbox=True, document_mode="open")
    async with httpx.AsyncClient(base_url=url) as client:
        headers = {"Host": "api.example.com", "Authorization": f"Bearer {token(ADA)}"}
        answer = await client.post("/graphql", json={"query": "{ viewer { kind } }"}, headers=headers)
        assert answer.json() == {"data": {"viewer": {"kind": "CUSTOMER"}}}
