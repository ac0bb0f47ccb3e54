"""Other issuers: whom their tokens name, what they may not say, and what callers hear while their keys cannot be had."""

import asyncio
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest

from auth.jwt.issuers import OtherIssuer, trusting
from auth.jwt.keys import published
from auth.jwt.tokens import OwnIssuer, Tokens, sign
from auth.viewer import Viewer
from billing.refusals import Unauthenticated
from billing.states import Actor
from db.builtin.embedded import Urls
from gateway.wiring.configuration.settings import Settings, WrongSetting, load
from gateway.wiring.issuer import tokens_of
from tests.auth.forge import ED, EVIL, MISSING, NOW, RS, made
from tests.auth.provider import Provider, running
from tests.conftest import ADA

ISS = "https://login.example.com/"
OURS = OwnIssuer("portico", "portico", (ED,))


@pytest.fixture(scope="module")
def provider() -> Iterator[Provider]:
    with running() as provider:
        provider.keys = published([replace(RS, kid="theirs")])["keys"]
        yield provider


@pytest.fixture
def other(provider: Provider) -> OtherIssuer:
    return OtherIssuer(ISS, "https://portal.example.com", provider.url)


def theirs(claims: dict[str, Any] | None = None, **headers: Any) -> str:
    ours = dict.fromkeys(("kind", "client_id", "scope"), MISSING)
    return made({**ours, "iss": ISS, "aud": "https://portal.example.com", "sub": "cus_7", **(claims or {})}, key=replace(RS, kid="theirs"), **headers)


async def viewer_of(token: str, other: OtherIssuer) -> Viewer:
    return await Tokens(OURS, [trusting(other)]).viewer_of(f"Bearer {token}", now=NOW)


async def test_a_token_of_theirs_names_a_customer(other: OtherIssuer) -> None:
    assert await viewer_of(theirs({"azp": "app", "scope": "openid portal"}), other) == Viewer(Actor.CUSTOMER, "cus_7", ("openid", "portal"), "app", issuer=ISS)


async def test_ours_hold_beside_theirs(other: OtherIssuer) -> None:
    token = sign(ADA, OURS, now=NOW, lifetime=timedelta(minutes=5))
    assert await viewer_of(token, other) == ADA


async def test_customer_and_scopes_come_from_the_claims_in_the_settings(other: OtherIssuer) -> None:
    renamed = replace(
        other, customer_claim="https://example.com/customer", scope_claim="scp", scopes={"portal.read": "portal", "portal.write": "portal", "x": "y"}
    )
    token = theirs({"https://example.com/customer": "cus_8", "scp": ["portal.read", "portal.write", "staff", 1], "scope": "x"})
    assert await viewer_of(token, renamed) == Viewer(Actor.CUSTOMER, "cus_8", ("portal",), "", issuer=ISS)


async def test_their_kind_and_session_mean_nothing_here(other: OtherIssuer) -> None:
    viewer = await viewer_of(theirs({"kind": "STAFF", "sid": "ses_1"}), other)
    assert (viewer.kind, viewer.customer_id, viewer.session_id) == (Actor.CUSTOMER, "cus_7", None)


async def test_staff_of_an_issuer_of_staff_act_for_nobody(other: OtherIssuer) -> None:
    viewer = await viewer_of(theirs(), replace(other, kind=Actor.STAFF, scopes={}))
    assert (viewer.kind, viewer.customer_id, viewer.scopes) == (Actor.STAFF, None, ())


BAD: dict[str, str] = {
    "our audience": theirs({"aud": "portico"}),
    "our name": theirs({"iss": "portico"}),
    "almost their name": theirs({"iss": ISS.rstrip("/")}),
    "typ JWT": theirs(typ="JWT"),
    "no typ": theirs(typ=MISSING),
    "no customer": theirs({"sub": MISSING}),
    "customer a number": theirs({"sub": 7}),
    "an unknown kid": theirs(kid="rs"),
    "signed by us, said to be theirs": made({"iss": ISS, "aud": "https://portal.example.com"}),
    "HS256": theirs(alg="HS256"),
    "RS384, which is not configured": theirs(alg="RS384"),
    "another's key": made({"iss": ISS, "aud": "https://portal.example.com"}, key=replace(EVIL, kid="theirs")),
    "signed by them, said to be ours": made({}, key=replace(RS, kid="ed")),
}


@pytest.mark.parametrize("token", BAD.values(), ids=BAD)
async def test_what_does_not_hold_is_refused_in_the_same_words(token: str, other: OtherIssuer) -> None:
    with pytest.raises(Unauthenticated, match=r"^The access token is missing, invalid or expired\. Send"):
        await viewer_of(token, other)


@pytest.mark.parametrize("value", [MISSING, 7, "", None, ["cus_7"], "cus\0"])
async def test_a_customer_claim_that_names_nobody_is_refused(other: OtherIssuer, value: object) -> None:
    with pytest.raises(Unauthenticated):
        await viewer_of(theirs({"customer": value}), replace(other, customer_claim="customer"))


@pytest.mark.parametrize("typ", ["JWT", "jwt", MISSING, "at+jwt"])
async def test_plain_jwt_is_taken_where_the_settings_say_so_and_never_from_us(other: OtherIssuer, typ: object) -> None:
    assert (await viewer_of(theirs(typ=typ), replace(other, allow_typ_jwt=True))).customer_id == "cus_7"
    if typ != "at+jwt":
        with pytest.raises(Unauthenticated):
            await viewer_of(made(typ=typ), replace(other, allow_typ_jwt=True))
    with pytest.raises(Unauthenticated):
        await viewer_of(theirs(typ="id+jwt"), replace(other, allow_typ_jwt=True))


async def test_a_thousand_first_requests_fetch_the_keys_once(other: OtherIssuer, provider: Provider) -> None:
    provider.fetches = 0
    tokens = Tokens(OURS, [trusting(other)])
    sent = [f"Bearer {theirs({'jti': str(n)})}" for n in range(1000)]
    viewers = await asyncio.gather(*(tokens.viewer_of(token, now=NOW) for token in sent))
    assert {viewer.customer_id for viewer in viewers} == {"cus_7"}
    assert provider.fetches == 1


async def test_what_cannot_hold_anyway_fetches_no_keys(other: OtherIssuer, provider: Provider) -> None:
    provider.fetches = 0
    for token in (theirs(alg="HS256"), theirs({"exp": 1}), theirs({"aud": "x"}), theirs(typ="JWT"), theirs({"iss": "https://evil.example"})):
        with pytest.raises(Unauthenticated):
            await viewer_of(token, other)
    assert provider.fetches == 0


async def test_a_token_of_theirs_is_judged_again_so_that_a_key_taken_back_is_forgotten(other: OtherIssuer, provider: Provider) -> None:
    tokens, original = Tokens(OURS, [trusting(other)]), provider.keys
    token = f"Bearer {theirs({'exp': int(NOW.timestamp()) + 86_400})}"
    await tokens.viewer_of(token, now=NOW)
    provider.keys = published([replace(RS, kid="new")])["keys"]
    try:
        await tokens.viewer_of(token, now=NOW + timedelta(seconds=299))
        await tokens.viewer_of(token, now=NOW + timedelta(seconds=301))
        with pytest.raises(Unauthenticated):
            await tokens.viewer_of(token, now=NOW + timedelta(seconds=1300))
    finally:
        provider.keys = original


async def test_over_http_they_see_what_they_own_and_503_while_there_are_no_keys(
    start_server: Callable[..., str], urls: Urls, other: OtherIssuer, provider: Provider
) -> None:
    away = replace(other, name="https://away.example", jwks_url="http://127.0.0.1:1/jwks.json")
    url = start_server(urls.app, issuers=(replace(other, scopes={"openid": "portal"}), away))
    body = {"query": "{ customer { id } }"}
    async with httpx.AsyncClient(base_url=url) as client:
        held = await client.post("/graphql", json=body, headers={"Authorization": f"Bearer {theirs({'sub': ADA.customer_id, 'scope': 'openid'})}"})
        assert held.json() == {"data": {"customer": {"id": ADA.customer_id}}}
        lost = await client.post("/graphql", json=body, headers={"Authorization": f"Bearer {theirs({'iss': 'https://away.example'})}"})
        assert lost.status_code == 503
        assert int(lost.headers["retry-after"]) > 0
        assert lost.json()["errors"][0]["extensions"]["code"] == "SERVICE_UNAVAILABLE"
        evil = await client.post("/graphql", json=body, headers={"Authorization": f"Bearer {theirs({'iss': 'https://evil.example'})}"})
        assert evil.status_code == 401


def test_settings_are_json(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(
        "PORTICO_ISSUERS",
        '[{"name": "https://a", "audience": "b", "jwks_url": "https://a/k", "algorithms": ["ES256"], "kind": "PARTNER", "scopes": {"x": "portal"}}]',
    )
    (issuer,) = load().issuers
    assert issuer == OtherIssuer("https://a", "b", "https://a/k", ("ES256",), Actor.PARTNER, scopes={"x": "portal"})


# From where anybody on the way could send keys of their own, and what is no address at all.
OPEN_LINES = (
    "http://login.example.com/k",
    "HTTP://login.example.com/k",
    "http://10.0.0.1/k",
    "http://localhost.example.com/k",
    "http://127.0.0.1.example.com/k",
    "http://127.0.0.1@login.example.com/k",
    "http://[::ffff:10.0.0.1]/k",
    "http://[fe80::1]/k",
    "http://0.0.0.0/k",
    "file:///etc/passwd",
    "https:///k",
    "https://a:x/k",
    "https://[a/k",
    "ftp://a/k",
    "a/k",
)
OF_THIS_MACHINE = ("http://127.0.0.1:8080/k", "http://localhost/k", "http://login.localhost/k", "http://[::1]:1/k", "http://127.1.2.3/k")
REQUIRED = {"name": "https://a", "audience": "b", "jwks_url": "https://a/k"}


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"algorithms": ["HS256"]}, "PORTICO_ISSUERS.0.algorithms.0"),
        ({"algorithms": ["none"]}, "PORTICO_ISSUERS.0.algorithms.0"),
        ({"algorithms": []}, "must not be empty"),
        ({"name": ""}, "must not be empty"),
        ({"audience": ""}, "must not be empty"),
        *[({"jwks_url": url}, r"PORTICO_ISSUERS\.0: jwks_url must be an https URL") for url in OPEN_LINES],
        ({"jwks_uri": "https://a/k"}, r"PORTICO_ISSUERS\.0: has an unknown key; its keys are name, audience, jwks_url"),
        ({"kind": "SYSTEM"}, "kind must be one of"),
        ({"kind": "ROOT"}, "PORTICO_ISSUERS.0.kind"),
    ],
    ids=str,
)
def test_settings_that_cannot_work_are_one_line(change: dict[str, Any], says: str) -> None:
    with pytest.raises(WrongSetting, match=says) as caught:
        load(issuers=[REQUIRED | change])
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("url", OF_THIS_MACHINE)
def test_keys_come_over_an_open_line_from_this_machine_alone_and_in_production_not_even_from_there(url: str) -> None:
    for environment, value in (("development", url), ("development", "https://a/k"), ("production", "https://a/k")):
        assert tokens_of(load(environment=environment, issuers=[REQUIRED | {"jwks_url": value}]), OURS)
    second = load(environment="production", issuers=[REQUIRED, REQUIRED | {"name": "https://b", "jwks_url": url}])
    with pytest.raises(WrongSetting, match=r"^PORTICO_ISSUERS\.1\.jwks_url: must be https in production"):
        tokens_of(second, OURS)


@pytest.mark.parametrize("text", ["nonsense", "[{]", "{}", "[" * 100_000])
def test_settings_that_are_no_json_are_one_line(monkeypatch: pytest.MonkeyPatch, text: str) -> None:
    monkeypatch.setenv("PORTICO_ISSUERS", text)
    with pytest.raises(WrongSetting, match="PORTICO_ISSUERS"):
        load()


def test_two_issuers_of_one_name_are_refused(tmp_path: Path) -> None:
    one = OtherIssuer("https://a", "b", "https://a/k")
    for issuers in ((one, replace(one, audience="c")), (replace(one, name="portico"),)):
        with pytest.raises(WrongSetting, match="PORTICO_ISSUERS"):
            tokens_of(Settings(issuers=issuers), OURS)
