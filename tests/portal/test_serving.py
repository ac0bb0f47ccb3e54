"""The gateway serves the portal: its pages, its files in the encoding that a browser accepts, its policy, and what the merchant configured."""

import gzip
import json
import re
from pathlib import Path

import httpx
import pytest
from graphql import GraphQLSchema, print_schema

from gateway.operator_errors import OperatorError
from gateway.routes.portal import DIST, PAGES
from gateway.wiring.configuration.settings import Settings
from gateway.wiring.portal import portal_of
from tests.conftest import SECRET

SCRIPT = next(path.name for path in (DIST / "assets").glob("index-*.js"))


@pytest.mark.parametrize("path", PAGES)
async def test_every_page_is_the_one_document_under_a_strict_policy(http: httpx.AsyncClient, path: str) -> None:
    answer = await http.get(path.replace("{id}", "sub_x").replace("{action}", "cancel"))
    assert answer.status_code == 200
    assert '<div id="root">' in answer.text
    policy = answer.headers["content-security-policy"]
    assert "default-src 'none'" in policy
    assert "unsafe" not in policy
    assert "http" not in policy, "no other origin"
    assert answer.headers["cache-control"] == "no-cache"
    assert answer.headers["x-content-type-options"] == "nosniff"


def test_the_pages_that_links_are_shown_to_lead_to_exist(root: Path, graphql_schema: GraphQLSchema) -> None:
    """A `landing` in the documentation, in the schema and in the refusal of another one is a page of the portal."""
    texts = [page.read_text(encoding="utf-8") for page in (root / "docs").glob("*.md")] + [print_schema(graphql_schema)]
    texts.append((root / "resolvers/identity/links.py").read_text(encoding="utf-8"))
    landings = {landing for text in texts for landing in re.findall(r'"landing": "(/[^"]*)"|path(?: of the portal)? such as `?(/[a-z]+)', text)}
    assert len(landings) > 1
    assert {first or second for first, second in landings} <= set(PAGES)


async def test_what_is_no_page_is_not_found(http: httpx.AsyncClient) -> None:
    for path in ("/nothing", "/subscriptions/a/b/c", "/portal/assets/none.js", "/portal/..%2f..%2fpackage.json"):
        assert (await http.get(path)).status_code == 404, path


@pytest.mark.parametrize(
    ("header", "encoding"),
    [
        ("br, gzip", "br"),
        ("gzip", "gzip"),
        ("gzip, br;q=0", "gzip"),
        ("*", "br"),
        ("*;q=0, gzip;q=0.1", "gzip"),
        ("identity", None),
        ("br;q=x, ;;, =", None),
        ("", None),
    ],
)
async def test_a_script_comes_in_an_encoding_that_the_browser_accepts_and_may_be_kept_for_a_year(
    http: httpx.AsyncClient, header: str, encoding: str | None
) -> None:
    async with http.stream("GET", f"/portal/assets/{SCRIPT}", headers={"Accept-Encoding": header}) as answer:
        body = b"".join([part async for part in answer.aiter_raw()])
    assert answer.headers.get("content-encoding") == encoding
    assert answer.headers["vary"] == "Accept-Encoding"
    assert answer.headers["cache-control"] == "public, max-age=31536000, immutable"
    assert answer.headers["content-type"].startswith("text/javascript")
    original = (DIST / "assets" / SCRIPT).read_bytes()
    stored = {
        "gzip": lambda: gzip.decompress(body),
        "br": lambda: original if body == (DIST / "assets" / f"{SCRIPT}.br").read_bytes() else b"",
        None: lambda: body,
    }
    assert stored[encoding]() == original


async def test_the_pages_read_what_the_merchant_configured(start_server, urls, tmp_path: Path) -> None:
    logo, file = tmp_path / "logo.svg", tmp_path / "portal.json"
    logo.write_text("<svg xmlns='http://www.w3.org/2000/svg'/>")
    file.write_text(
        json.dumps({"languages": ["de", "fr"], "links": [{"label": "Impressum", "url": "https://example.com/"}], "hiddenActions": ["CANCEL"], "radius": 4})
    )
    settings = {
        "merchant": "Fabrik AG",
        "merchant_accent": "#aa0000",
        "merchant_logo": logo,
        "portal_file": file,
        "portal_frame_ancestors": ("https://www.example.com",),
    }
    url = start_server(urls.app, **settings)
    async with httpx.AsyncClient(base_url=url) as client:
        config = (await client.get("/portal.json")).json()
        picture = await client.get("/portal/logo")
        page = await client.get("/")
    assert config == {
        "name": "Fabrik AG",
        "accent": "#aa0000",
        "logoUrl": "/portal/logo",
        "processor": "sandbox",
        "demo": [],
        "languages": ["de", "fr"],
        "links": [{"label": "Impressum", "url": "https://example.com/"}],
        "hiddenActions": ["CANCEL"],
        "radius": 4,
    }
    assert picture.headers["content-type"].startswith("image/svg+xml")
    assert page.headers["content-security-policy"].endswith("frame-ancestors https://www.example.com")


async def test_production_serves_the_portal_only_where_it_is_switched_on(start_server, urls) -> None:
    production = {"environment": "production", "secret": SECRET, "sandbox": True}
    async with httpx.AsyncClient() as client:
        assert (await client.get(f"{start_server(urls.app, **production)}/")).status_code == 404
        url = start_server(urls.app, **production, portal=True)
        assert (await client.get(f"{url}/sign-in")).status_code == 200
        assert (await client.get(f"{url}/portal.json")).json()["demo"] == []
        assert (await client.get(f"{url}/graphiql")).status_code == 404


async def test_without_the_portal_development_leads_to_graphiql(start_server, urls) -> None:
    async with httpx.AsyncClient(base_url=start_server(urls.app, portal=False)) as client:
        answer = await client.get("/")
        assert (answer.status_code, answer.headers["location"]) == (307, "/graphiql")
        assert (await client.get("/sign-in")).status_code == 404


def test_with_stripe_the_policy_names_its_hosts_and_no_others() -> None:
    from gateway.routes.portal import Portal, security_headers

    policy = dict(part.split(" ", 1) for part in security_headers(Portal({}, has_stripe=True))["Content-Security-Policy"].split("; "))
    assert policy["script-src"] == "'self' https://js.stripe.com"
    assert policy["connect-src"] == "'self' https://api.stripe.com"
    assert policy["frame-src"] == "https://js.stripe.com https://hooks.stripe.com"
    assert policy["default-src"] == "'none'"


@pytest.mark.parametrize(
    ("text", "place"),
    [
        ("{", "the file"),
        ('{"radius": 40}', "radius"),
        ('{"languages": ["xx"]}', "languages.0"),
        ('{"languages": []}', "languages"),
        ('{"links": [{"label": "x", "url": "javascript:alert(1)"}]}', "links.0.url"),
        ('{"hiddenActions": ["EAT"]}', "hiddenActions.0"),
        ('{"returnOrigins": ["https://example.com/path"]}', "returnOrigins.0"),
        ('{"colour": "red"}', "colour"),
    ],
)
def test_a_wrong_portal_file_stops_the_start_and_names_the_value(tmp_path: Path, text: str, place: str) -> None:
    file = tmp_path / "portal.json"
    file.write_text(text)
    with pytest.raises(OperatorError, match=f"^PORTICO_PORTAL_FILE: {place}: "):
        portal_of(Settings(portal_file=file), ())


def test_a_portal_file_that_is_missing_stops_the_start(tmp_path: Path) -> None:
    with pytest.raises(OperatorError, match="PORTICO_PORTAL_FILE: cannot be read: No such file"):
        portal_of(Settings(portal_file=tmp_path / "none.json"), ())
