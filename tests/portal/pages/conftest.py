"""The portal in a real Chromium, by Playwright, against the real demo: a gateway, its worker and a Postgres of its own for each module of tests."""

import json
import re
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from time import monotonic
from typing import Any
from uuid import uuid4

import httpx
import pytest
from playwright.sync_api import Browser, Page, Request, expect, sync_playwright

from auth.jwt.tokens import sign
from demo import PERSONAS
from demo.passwords import PASSWORD
from gateway.documents.document_cache import first_party, first_party_actions, first_party_streams
from gateway.wiring.configuration.settings import Settings
from gateway.wiring.issuer import issuer_of
from resolvers.documents.manifests import id_of
from tests.conftest import STAFF
from tests.servers.browser import headless_chromium
from tests.servers.processes import demo

FLAGS = ["--no-sandbox", "--disable-gpu", "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1"]
# What the browser itself logs of an answer that a test provokes, such as a wrong password or a line that was cut.
PROVOKED = re.compile(r"Failed to load resource: (the server responded with a status of (400|401|429|500|502|503|504)|net::ERR_(INTERNET_DISCONNECTED|FAILED))")
MILLISECONDS = 30_000
# Longer than an event's load may be put off (LOAD_MILLISECONDS of the portal), so that no load is left uncounted.
QUIET_SECONDS = 1.2

SIGN_IN = """mutation ($input: SignInInput!) { signIn(input: $input) {
  device tokens { accessToken accessExpiresAt refreshToken refreshExpiresAt sessionId needsSignIn } } }"""
# The names of the portal's documents, by id.
NAMES = {id_of(text): name for name, text in (first_party() | first_party_actions() | first_party_streams()).items()}
CUSTOMER = "mutation ($input: SaveCustomerInput!) { saveCustomer(input: $input) { userErrors { code } customer { id } } }"
REDEEM = """mutation ($input: RedeemPortalLinkInput!) { redeemPortalLink(input: $input) {
  tokens { accessToken accessExpiresAt refreshToken refreshExpiresAt sessionId needsSignIn } } }"""
LINK = """mutation ($input: CreatePortalLinkInput!) { createPortalLink(input: $input) { userErrors { code } link { url } } }"""


@dataclass
class Visit:
    """A browser context of one visitor: its page, and everything that must not happen in it."""

    page: Page
    url: str
    problems: list[str] = field(default_factory=list)
    requests: list[Request] = field(default_factory=list)
    ended: set[Request] = field(default_factory=set)

    def open(self, path: str) -> None:
        self.page.goto(f"{self.url}{path}")

    def heading(self, text: str | re.Pattern[str]) -> None:
        """Wait for the page with this heading."""
        expect(self.page.get_by_role("heading", level=1, name=text)).to_be_visible()

    @property
    def data_requests(self) -> list[dict[str, Any]]:
        """The bodies of the requests for data so far."""
        requests = [request for request in self.requests if request.url == f"{self.url}/graphql" and not is_stream(request)]
        return [json.loads(request.post_data or "{}") for request in requests]

    @property
    def documents(self) -> list[str]:
        """The names of the documents of the requests for data so far."""
        return [name for request in self.requests if (name := document_of(request)) and not is_stream(request)]

    @property
    def open_requests(self) -> set[Request]:
        """The requests without an end so far, but for the stream of events, which has none."""
        return {request for request in self.requests if request not in self.ended and not is_stream(request)}

    @property
    def open_streams(self) -> set[Request]:
        """The streams of events that the browser reads."""
        return {request for request in self.requests if request not in self.ended and is_stream(request)}

    @property
    def cursors(self) -> list[str | None]:
        """The cursors after which the streams of events began so far; None for one from now on."""
        return [json.loads(request.post_data or "{}")["variables"].get("after") for request in self.requests if is_stream(request)]

    def idle(self) -> None:
        """Wait until no request but the stream of events was open for a while: Playwright's "networkidle" would wait for the stream, too."""
        began_at = is_quiet_since = monotonic()
        while monotonic() < is_quiet_since + QUIET_SECONDS:
            assert monotonic() < began_at + MILLISECONDS / 1000, self.open_requests
            self.page.wait_for_timeout(50)
            if self.open_requests:
                is_quiet_since = monotonic()

    def another_tab(self) -> "Visit":
        """A tab of the same browser."""
        tab = Visit(self.page.context.new_page(), self.url, self.problems)
        watch(tab)
        return tab


def document_of(request: Request) -> str | None:
    """The name of the document that a request for data sends, also one with files. None for other requests."""
    if request.headers.get("content-type", "").startswith("multipart/form-data"):
        return "UploadAttachments"  # the browser does not show what it sends of a file
    match = re.search(rb'"documentId":"(sha256:[0-9a-f]{64})"', request.post_data_buffer or b"")
    return NAMES[match[1].decode()] if match else None


def is_stream(request: Request) -> bool:
    """Whether the request opens the stream of events that a page follows."""
    return document_of(request) in first_party_streams()


@pytest.fixture(scope="module")
def folder() -> Iterator[Path]:
    with tempfile.TemporaryDirectory(prefix="portico-portal-") as name:
        yield Path(name)


@pytest.fixture(scope="module")
def url(root: Path, folder: Path) -> Iterator[str]:
    with demo(root, folder) as address:
        yield address


@pytest.fixture(scope="module")
def chromium() -> Iterator[Browser]:
    """A browser for which no other host exists."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=headless_chromium(), args=FLAGS)
        yield browser
        browser.close()


@pytest.fixture(scope="module")
def sessions(url: str) -> Callable[[str], dict[str, Any]]:
    """A function that returns the session of a demo customer, who signs in once for all tests of the module."""
    known: dict[str, dict[str, Any]] = {}

    def session_of(first: str) -> dict[str, Any]:
        email = f"{first}@example.com"
        assert email in {person.email for person in PERSONAS}
        if email not in known:
            body = {"query": SIGN_IN, "variables": {"input": {"email": email, "password": PASSWORD}}}
            known[email] = httpx.post(f"{url}/graphql", json=body, timeout=30).json()["data"]["signIn"]["tokens"]
        return known[email]

    return session_of


@pytest.fixture(scope="module")
def staff(url: str, folder: Path) -> Callable[[str, dict[str, Any]], Any]:
    """A function that sends a document as staff, and returns the answer's one field."""
    token = sign(STAFF, issuer_of(Settings(data_dir=folder / "data")), now=datetime.now(UTC), lifetime=timedelta(minutes=50))

    def send(query: str, variables: dict[str, Any]) -> Any:
        body = {"query": query, "variables": variables}
        answer = httpx.post(f"{url}/graphql", json=body, headers={"Authorization": f"Bearer {token}"}, timeout=30).json()
        assert "errors" not in answer, answer
        (field,) = answer["data"].values()
        return field

    return send


@pytest.fixture(scope="module")
def portal_link(url: str, staff: Callable[[str, dict[str, Any]], Any]) -> Callable[..., str]:
    """A function that makes a link as staff do, and returns its path."""

    def make(first: str, landing: str | None = None) -> str:
        person = next(person for person in PERSONAS if person.email == f"{first}@example.com")
        return str(staff(LINK, {"input": {"customerId": person.id, "landing": landing}})["link"]["url"]).removeprefix(url)

    return make


@dataclass(frozen=True)
class LiveCustomer:
    """A new customer without anything, and a session of theirs."""

    id: str
    session: dict[str, Any]
    staff: Callable[[str, dict[str, Any]], Any]
    url: str

    def rename(self, name: str) -> None:
        """Cause one event, as staff."""
        assert self.staff(CUSTOMER, {"input": {"id": self.id, "name": name}})["userErrors"] == []

    def send(self, query: str, **variables: Any) -> Any:
        """Send a document in the session, but not from the browser."""
        headers = {"Authorization": f"Bearer {self.session['accessToken']}"}
        return httpx.post(f"{self.url}/graphql", json={"query": query, "variables": variables}, headers=headers, timeout=30).json()["data"]


@pytest.fixture
def iris(url: str, staff: Callable[[str, dict[str, Any]], Any]) -> LiveCustomer:
    """A customer of this test alone."""
    saved = staff(CUSTOMER, {"input": {"email": f"iris{uuid4().hex}@example.com", "name": "Iris Berg", "currency": "EUR", "locale": "en-GB"}})
    token = str(staff(LINK, {"input": {"customerId": saved["customer"]["id"]}})["link"]["url"]).partition("token=")[2]
    body = {"query": REDEEM, "variables": {"input": {"token": token}}}
    session = httpx.post(f"{url}/graphql", json=body, timeout=30).json()["data"]["redeemPortalLink"]["tokens"]
    return LiveCustomer(saved["customer"]["id"], session, staff, url)


@pytest.fixture
def visit(chromium: Browser, url: str, sessions: Callable[[str], dict[str, Any]]) -> Iterator[Callable[..., Visit]]:
    """A function that starts a visit, of a demo customer or of nobody. At the end nothing may have been logged, refused by the policy, or sent to another origin."""
    visits: list[Visit] = []

    def start(customer: str | None = None, session: dict[str, Any] | None = None, **options: Any) -> Visit:
        context = chromium.new_context(**{"locale": "en-GB", "timezone_id": "Europe/London", **options})
        context.set_default_timeout(MILLISECONDS)
        expect.set_options(timeout=MILLISECONDS)
        if session := sessions(customer) if customer else session:
            stored = json.dumps(json.dumps(session))
            # Only in the first document, so that a session which ends stays ended.
            context.add_init_script(f"sessionStorage.begun || (sessionStorage.begun = 1, localStorage.setItem('portico:session', {stored}))")
        context.add_init_script(
            "document.addEventListener('securitypolicyviolation', (event) => console.error('CSP', event.violatedDirective, event.blockedURI, event.sample))"
        )
        opened = Visit(context.new_page(), url)
        watch(opened)
        visits.append(opened)
        return opened

    yield start
    for opened in visits:
        opened.page.context.close()
    assert [problem for opened in visits for problem in opened.problems] == []


def watch(visit: Visit) -> None:
    page = visit.page
    page.on(
        "console", lambda message: visit.problems.append(message.text) if message.type in ("error", "warning") and not PROVOKED.search(message.text) else None
    )
    page.on("pageerror", lambda error: visit.problems.append(str(error)))
    page.on("request", lambda request: visit.requests.append(request))
    page.on("requestfinished", lambda request: visit.ended.add(request))
    page.on("requestfailed", lambda request: visit.ended.add(request))
    page.on("request", lambda request: None if request.url.startswith((visit.url, "blob:", "data:")) else visit.problems.append(request.url))
