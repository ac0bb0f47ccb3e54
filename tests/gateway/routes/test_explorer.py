"""GraphiQL comes from us alone, and what is committed is what was built."""

import hashlib
import json
from pathlib import Path

import httpx

from gateway.documents.document_cache import first_party, of_staff
from gateway.routes.explorer import DIST
from tests.conftest import ADA, SECRET

SOURCES = ("package.json", "package-lock.json", "vite.config.js", "index.html")


def test_every_file_of_the_bundle_is_the_one_that_was_built() -> None:
    manifest = json.loads((DIST / "manifest.json").read_text())
    files = {
        str(path.relative_to(DIST)): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in DIST.rglob("*")
        if path.is_file() and path.name != "manifest.json"
    }
    assert {name: digest for name, digest in manifest.items() if name != "source"} == files


async def test_the_page_and_its_assets_are_served_under_a_policy_that_allows_no_other_host(http: httpx.AsyncClient) -> None:
    page = await http.get("/graphiql")
    assert page.status_code == 200
    assert "Portico" in page.text
    assert "http://" not in page.text
    assert "https://" not in page.text
    manifest = json.loads((DIST / "manifest.json").read_text())
    for name in set(manifest) - {"source"}:
        answer = await http.get(f"/graphiql/{name}")
        assert answer.status_code == 200, name
        assert "connect-src 'self'" in answer.headers["content-security-policy"]


def test_the_bundle_was_built_from_the_sources_that_are_there(root: Path) -> None:
    folder = root / "gateway/graphiql"
    files = sorted([*SOURCES, *(str(path.relative_to(folder)) for path in (folder / "src").rglob("*") if path.is_file())])
    lines = "".join(f"{hashlib.sha256((folder / name).read_bytes()).hexdigest()}  {name}\n" for name in files)
    assert json.loads((DIST / "manifest.json").read_text())["source"] == hashlib.sha256(lines.encode()).hexdigest()


async def test_its_configuration_has_a_tab_for_each_page_and_the_customers_with_their_tokens(http: httpx.AsyncClient) -> None:
    config = (await http.get("/graphiql/config.json")).json()
    titles = [tab["title"] for tab in config["tabs"]]
    assert titles[0] == "Summary"
    of_customers = {*first_party(), "PreviewPauseSubscription", "PauseSubscription"}
    assert set(titles) == {*of_customers, *of_staff()}
    (ada,) = config["customers"]
    assert (ada["id"], ada["headers"]) == (ADA.customer_id, {"Authorization": "Bearer demo-token"})
    assert set(ada["variables"]) == of_customers, "none of staff"


BROWSER = "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"


async def test_a_browser_that_opens_the_address_of_graphql_is_sent_to_the_page(http: httpx.AsyncClient) -> None:
    answer = await http.get("/graphql", headers={"Accept": BROWSER})
    assert (answer.status_code, answer.headers["location"]) == (307, "/graphiql")
    for accept, parameters in (("*/*", {}), ("application/json", {}), (BROWSER, {"documentId": "0"}), (BROWSER, {"query": "{ __typename }"})):
        answer = await http.get("/graphql", headers={"Accept": accept}, params=parameters)
        assert answer.headers["content-type"].startswith("application/"), (accept, parameters)
        assert "location" not in answer.headers


async def test_a_server_without_the_page_answers_a_browser_with_an_error(start_server, urls) -> None:
    url = start_server(urls.app, environment="production", secret=SECRET, sandbox=True, document_mode="open")
    async with httpx.AsyncClient(base_url=url) as client:
        answer = await client.get("/graphql", headers={"Accept": BROWSER})
        assert (answer.is_client_error, "location" in answer.headers) == (True, False)


async def test_production_has_no_explorer_and_no_timings(start_server, urls) -> None:
    url = start_server(urls.app, environment="production", secret=SECRET, sandbox=True, document_mode="open")
    async with httpx.AsyncClient(base_url=url) as client:
        assert (await client.get("/graphiql")).status_code == 404
        assert (await client.get("/graphiql/config.json")).status_code == 404


async def test_production_with_developer_tools_gives_nobody_a_token(start_server, urls) -> None:
    url = start_server(urls.app, environment="production", secret=SECRET, sandbox=True, developer_tools=True)
    async with httpx.AsyncClient(base_url=url) as client:
        answer = await client.get("/graphiql/config.json")
        assert answer.json()["customers"] == []
        assert len(answer.json()["tabs"]) > 8
        assert "token" not in answer.text


def test_the_lock_file_names_no_host(root: Path) -> None:
    assert "resolved" not in (root / "gateway/graphiql/package-lock.json").read_text()
