"""Adding a card by Stripe's form: the real pages and gateway, localstripe as Stripe's servers, and a stand-in for the script that Stripe's servers send to browsers."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import httpx
import pytest
from playwright.sync_api import Page, Route, expect, sync_playwright

from db.builtin import embedded
from gateway.wiring import payments as wiring
from payments.stripe import Stripe
from tests.conftest import ADA, STAFF, token
from tests.payments.sides import KEYS, localstripe
from tests.portal.pages.conftest import FLAGS, LINK
from tests.servers.browser import headless_chromium

SCRIPT = (Path(__file__).parent / "stripe_stand_in.js").read_text()
METHODS = "{ customer { paymentMethods(first: 50) { nodes { brand last4 } } } }"


@dataclass
class Visit:
    """A page of Ada's, whose requests to Stripe go to localstripe. `problems` has what the browser logged; `is_reachable` is whether Stripe's script can be loaded."""

    page: Page
    url: str
    problems: list[str] = field(default_factory=list)
    is_reachable: bool = True

    def card_numbers(self) -> list[str]:
        answer = httpx.post(f"{self.url}/graphql", json={"query": METHODS}, headers={"Authorization": f"Bearer {token(ADA)}"}, timeout=30).json()
        return [node["last4"] for node in answer["data"]["customer"]["paymentMethods"]["nodes"]]


@pytest.fixture(scope="module")
def stripe_address() -> Iterator[str]:
    with localstripe() as address:
        yield address


@pytest.fixture
def visit(stripe_address: str, urls: embedded.Urls, start_server: Callable[..., str], monkeypatch: pytest.MonkeyPatch) -> Iterator[Visit]:
    account = replace(KEYS, address=stripe_address, method_types=("card",))
    monkeypatch.setattr(wiring, "_stripe", lambda *_: Stripe(account))
    url = start_server(urls.app, stripe_secret_key=account.secret_key, stripe_publishable_key=account.publishable_key)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=headless_chromium(), args=FLAGS)
        page = browser.new_page(locale="en-GB")
        opened = Visit(page, url)
        page.on("console", lambda message: opened.problems.append(message.text) if message.type in ("error", "warning") else None)
        page.on("pageerror", lambda error: opened.problems.append(str(error)))
        page.route("https://js.stripe.com/**", lambda route: _script(route, opened))
        page.route("https://api.stripe.com/**", lambda route: _forward(route, stripe_address))
        page.goto(_link(url))
        expect(page.get_by_role("heading", level=1)).to_contain_text("Ada")
        page.goto(f"{url}/payments?lang=en")
        yield opened
        browser.close()


def _script(route: Route, visit: Visit) -> None:
    route.fulfill(body=SCRIPT, content_type="text/javascript") if visit.is_reachable else route.abort()


def _forward(route: Route, address: str) -> None:
    """Send what the browser sends to Stripe to localstripe."""
    path = route.request.url.removeprefix("https://api.stripe.com")
    answer = httpx.post(address + path, content=route.request.post_data_buffer or b"", timeout=30)
    route.fulfill(status=answer.status_code, body=answer.content, headers={"access-control-allow-origin": "*", "content-type": "application/json"})


def _link(url: str) -> str:
    body: dict[str, Any] = {"query": LINK, "variables": {"input": {"customerId": ADA.customer_id}}}
    answer = httpx.post(f"{url}/graphql", json=body, headers={"Authorization": f"Bearer {token(STAFF)}"}, timeout=30).json()
    payload = answer["data"]["createPortalLink"]
    assert payload["link"], payload
    return str(payload["link"]["url"])


def begin(visit: Visit) -> None:
    visit.page.get_by_role("button", name="Add a payment method").first.click()


def confirm(visit: Visit, number: str) -> None:
    visit.page.get_by_label("Card number").fill(number)
    visit.page.get_by_role("button", name="Add", exact=True).click()


def test_a_card_is_added(visit: Visit) -> None:
    before = visit.card_numbers()
    begin(visit)
    confirm(visit, "4242424242424242")
    expect(visit.page.get_by_label("Card number")).to_have_count(0)
    assert sorted(visit.card_numbers()) == sorted([*before, "4242"])
    expect(visit.page.get_by_text("4242").first).to_be_visible()
    assert visit.problems == []


def test_a_declined_card_is_said_and_another_one_is_added(visit: Visit) -> None:
    before = visit.card_numbers()
    begin(visit)
    confirm(visit, "4000000000000002")
    expect(visit.page.get_by_role("alert")).to_contain_text("declined")
    assert visit.card_numbers() == before
    confirm(visit, "5555555555554444")
    expect(visit.page.get_by_label("Card number")).to_have_count(0)
    assert sorted(visit.card_numbers()) == sorted([*before, "4444"])


def test_a_script_that_cannot_be_loaded_is_said_and_loaded_again(visit: Visit) -> None:
    visit.is_reachable = False
    begin(visit)
    expect(visit.page.get_by_role("alert")).to_contain_text("The connection was lost")
    visit.is_reachable = True
    visit.page.get_by_role("button", name="Try again").click()
    expect(visit.page.get_by_label("Card number")).to_have_count(1)
    expect(visit.page.get_by_role("alert")).to_have_count(0)


def test_the_script_of_stripe_is_loaded_with_its_form_only(visit: Visit) -> None:
    scripts: list[str] = []
    visit.page.on("request", lambda request: scripts.append(request.url) if "stripe.com" in request.url else None)
    visit.page.reload()
    expect(visit.page.get_by_role("button", name="Add a payment method").first).to_be_visible()
    assert scripts == []
    begin(visit)
    expect(visit.page.get_by_label("Card number")).to_have_count(1)
    assert len(scripts) == 1
