"""Pages of other origins, and proxies: who may call, and who is calling."""

from collections.abc import AsyncIterator, Callable
from ipaddress import ip_network
from typing import Any

import httpx
import pytest
from starlette.requests import Request

from db.builtin.embedded import Urls
from gateway.http.proxies import address_of
from gateway.wiring.configuration.settings import WrongSetting, load
from tests.conftest import ADA, token

PORTAL = "https://portal.example.com"
AS_ADA = {"Authorization": f"Bearer {token(ADA)}"}
BODY = b'{"query": "{ __typename }"}'
SIMPLE = ("application/x-www-form-urlencoded", "multipart/form-data; boundary=x", "text/plain", "text/plain; charset=utf-8", None)


@pytest.fixture(scope="module")
def portal_server(start_server: Callable[..., str], urls: Urls) -> str:
    return start_server(urls.app, cors_origins=(PORTAL,))


@pytest.fixture
async def client(portal_server: str) -> AsyncIterator[httpx.AsyncClient]:
    async with httpx.AsyncClient(base_url=portal_server) as opened:
        yield opened


def headers_of(content_type: str | None, **more: str) -> dict[str, str]:
    return {**AS_ADA, **({"Content-Type": content_type} if content_type else {}), **{name.replace("_", "-"): value for name, value in more.items()}}


@pytest.mark.parametrize("site", [None, "same-origin", "cross-site"])
@pytest.mark.parametrize("content_type", SIMPLE)
async def test_what_a_form_could_send_is_refused(client: httpx.AsyncClient, content_type: str | None, site: str | None) -> None:
    more = {"Sec_Fetch_Site": site} if site else {}
    for empty in ({}, {"GraphQL_Require_Preflight": ""}):
        answer = await client.post("/graphql", content=BODY, headers=headers_of(content_type, **more, **empty))
        assert (answer.status_code, answer.json()["errors"][0]["extensions"]["code"]) == (403, "CROSS_SITE_REQUEST")


@pytest.mark.parametrize("proof", ["GraphQL-Require-Preflight", "Apollo-Require-Preflight", "X-Apollo-Operation-Name"])
@pytest.mark.parametrize("content_type", ["application/x-www-form-urlencoded", "text/plain", None])
async def test_with_a_header_that_no_form_can_send_only_the_content_type_is_wrong(client: httpx.AsyncClient, content_type: str | None, proof: str) -> None:
    answer = await client.post("/graphql", content=BODY, headers=headers_of(content_type) | {proof: "1"})
    assert (answer.status_code, answer.json()["errors"][0]["extensions"]["code"]) == (415, "UNSUPPORTED_MEDIA_TYPE")


@pytest.mark.parametrize(
    ("headers", "expected"),
    [
        ({}, 401),
        ({"Sec-Fetch-Site": "none"}, 401),
        ({"Sec-Fetch-Site": "same-origin"}, 401),
        ({"Sec-Fetch-Site": "same-site"}, 403),
        ({"Sec-Fetch-Site": "cross-site"}, 403),
        ({"Sec-Fetch-Site": "nonsense"}, 403),
        ({"Sec-Fetch-Site": "cross-site", "Origin": "https://evil.example"}, 403),
        ({"Sec-Fetch-Site": "cross-site", "Origin": "null"}, 403),
        ({"Sec-Fetch-Site": "cross-site", "Origin": PORTAL}, 401),
        ({"Sec-Fetch-Site": "cross-site", "GraphQL-Require-Preflight": "1"}, 401),
        ({"Sec-Fetch-Site": "cross-site", **AS_ADA}, 200),
        (AS_ADA, 200),
    ],
)
async def test_a_get_of_another_site_is_refused_unless_a_preflight_came_before(client: httpx.AsyncClient, headers: dict[str, str], expected: int) -> None:
    """401: it came through, and lacks a token."""
    assert (await client.get("/graphql", params={"query": "{ __typename }"}, headers=headers)).status_code == expected


@pytest.mark.parametrize(
    ("origin", "allowed"),
    [
        (PORTAL, True),
        (None, False),
        ("null", False),
        ("https://evil.example", False),
        ("http://portal.example.com", False),
        (f"{PORTAL}:444", False),
        (f"{PORTAL}.evil.example", False),
        (f"{PORTAL}/", False),
        ("https://PORTAL.example.com", False),
    ],
)
async def test_an_origin_is_allowed_exactly_or_not_at_all(client: httpx.AsyncClient, origin: str | None, allowed: bool) -> None:
    origin_header = {"Origin": origin} if origin else {}
    preflight = await client.options("/graphql", headers={**origin_header, "Access-Control-Request-Method": "POST"})
    answer = await client.post("/graphql", content=BODY, headers=headers_of("application/json") | origin_header)
    assert preflight.status_code == 204
    assert answer.status_code == 200
    for response in (preflight, answer):
        assert response.headers.get("access-control-allow-origin") == (origin if allowed else None)
        assert "access-control-allow-credentials" not in response.headers
        assert "Origin" in response.headers["vary"]
    assert ("authorization" in preflight.headers.get("access-control-allow-headers", "").lower()) == allowed


async def test_errors_may_be_read_by_an_allowed_origin_too(client: httpx.AsyncClient) -> None:
    for answer in (await client.get("/graphql", headers={"Origin": PORTAL}), await client.put("/graphql", headers={"Origin": PORTAL})):
        assert answer.status_code in (400, 405)
        assert answer.headers["access-control-allow-origin"] == PORTAL


@pytest.mark.parametrize("wrong", ["*", "https://*.example.com", "https://portal.example.com/", "portal.example.com", "null", "https://PORTAL.example.com"])
def test_an_origin_that_is_none_is_a_wrong_setting(wrong: str) -> None:
    with pytest.raises(WrongSetting, match=r"PORTICO_CORS_ORIGINS: number 1 is not an origin"):
        load(cors_origins=(wrong,))


OURS = (ip_network("10.0.0.0/8"), ip_network("2001:db8::/32"))


@pytest.mark.parametrize(
    ("peer", "forwarded", "address"),
    [
        ("198.51.100.9", [], "198.51.100.9"),
        ("198.51.100.9", ["203.0.113.7"], "198.51.100.9"),
        ("10.0.0.1", [], "10.0.0.1"),
        ("10.0.0.1", ["203.0.113.7"], "203.0.113.7"),
        ("10.0.0.1", ["1.1.1.1, 203.0.113.7"], "203.0.113.7"),
        ("10.0.0.1", ["1.1.1.1, 203.0.113.7, 10.9.9.9"], "203.0.113.7"),
        ("10.0.0.1", ["1.1.1.1", "203.0.113.7", "10.9.9.9, 2001:db8::5"], "203.0.113.7"),
        ("10.0.0.1", ["10.3.3.3, 10.2.2.2"], "10.3.3.3"),
        ("10.0.0.1", ["203.0.113.7:4711"], "203.0.113.7"),
        ("10.0.0.1", ["[2001:db9::7]:4711"], "2001:db9::7"),
        ("10.0.0.1", ["2001:db9::7"], "2001:db9::7"),
        ("::ffff:10.0.0.1", ["203.0.113.7"], "203.0.113.7"),
        ("10.0.0.1", ["203.0.113.7, nonsense"], "10.0.0.1"),
        ("10.0.0.1", ["203.0.113.7, , 10.9.9.9"], "10.9.9.9"),
        ("10.0.0.1", ["203.0.113.7, unknown, 10.9.9.9"], "10.9.9.9"),
        ("2001:db8::1", ["203.0.113.7"], "203.0.113.7"),
        (None, ["203.0.113.7"], ""),
    ],
)
def test_only_our_own_proxies_are_believed(peer: str | None, forwarded: list[str], address: str) -> None:
    scope: dict[str, Any] = {"type": "http", "headers": [(b"x-forwarded-for", line.encode()) for line in forwarded], "client": peer and (peer, 1)}
    assert address_of(Request(scope), OURS) == address


async def test_behind_a_proxy_of_ours_each_caller_is_throttled_alone_and_nobody_else_can_claim_to_be_another(
    start_server: Callable[..., str], urls: Urls
) -> None:
    text = 'mutation { redeemPortalLink(input: {token: "no such link"}) { userErrors { code } } }'

    async def tried(url: str, address: str) -> bool:
        async with httpx.AsyncClient(base_url=url) as client:
            answer = (await client.post("/graphql", json={"query": text}, headers={"X-Forwarded-For": address})).json()
        return "errors" not in answer

    trusting = start_server(urls.app, trusted_proxies=("127.0.0.0/8",))
    assert all([await tried(trusting, "203.0.113.1") for _ in range(30)])
    assert not await tried(trusting, "203.0.113.1")
    assert await tried(trusting, "203.0.113.2")
    alone = start_server(urls.app)
    assert all([await tried(alone, f"203.0.113.{n}") for n in range(30)])
    assert not await tried(alone, "203.0.113.99")
