"""What the merchant sets in the file of PORTICO_PORTAL_FILE, in the pages of a demo that has one."""

import json
import re
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import expect

from tests.portal.pages.conftest import Visit
from tests.portal.pages.test_subscriptions import card, open_subscription
from tests.servers.processes import demo

FILE = {
    "radius": 3,
    "links": [{"label": "Imprint", "url": "https://www.example.com/imprint"}],
    "languages": ["de", "en"],
    "hiddenActions": ["ADD_PLAN", "CHANGE_PLAN", "DELETE_METHOD", "PAUSE", "SUSPEND", "UPDATE_QUANTITY", "UPLOAD_ATTACHMENTS"],
    "returnOrigins": ["https://www.example.com"],
}


@pytest.fixture(scope="module")
def url(root: Path, folder: Path) -> Iterator[str]:
    file = folder / "portal.json"
    file.write_text(json.dumps(FILE))
    with pytest.MonkeyPatch.context() as environment:
        environment.setenv("PORTICO_PORTAL_FILE", str(file))
        with demo(root, folder) as address:
            yield address


def test_hidden_actions_have_no_button_on_any_page(visit: Callable[..., Visit]) -> None:
    opened = visit("ada")
    page = opened.page
    open_subscription(opened, "Starter", "Active")
    for name in ("Change plan", "Change quantity", "Pause", "Suspend"):
        expect(page.get_by_role("button", name=name, exact=True)).to_have_count(0)
    expect(page.get_by_role("button", name="Apply a coupon")).to_be_visible()
    opened.open("/subscriptions")
    expect(card(opened, "Starter", "Active")).to_be_visible()
    expect(page.get_by_role("button", name="Add a plan")).to_have_count(0)
    expect(page.get_by_role("button", name=re.compile("^Change plan of"))).to_have_count(0)
    opened.open("/payments")
    expect(page.get_by_role("button", name="Add a payment method")).to_be_visible()
    expect(page.get_by_role("button", name=re.compile("^Delete: "))).to_have_count(0)
    opened.open("/schedules")
    page.get_by_role("link", name="Server room, paid in six").click()
    expect(page.get_by_role("region", name="Attachments")).to_be_visible()
    expect(page.get_by_role("button", name="Choose files")).to_have_count(0)


def test_a_hidden_action_is_opened_by_no_address_and_not_offered_instead_of_a_cancellation(visit: Callable[..., Visit]) -> None:
    opened = visit("ada")
    page = opened.page
    open_subscription(opened, "Enterprise support", "Active")
    path = page.url.removeprefix(opened.url)
    opened.open(f"{path}/cancel")
    offers = page.get_by_role("dialog", name="Cancel the subscription").get_by_role("region", name="Before you go")
    expect(offers.get_by_text("Stay, and pay a quarter less for three periods")).to_be_visible()
    expect(offers.get_by_role("button")).to_have_count(1)
    opened.open(f"{path}/pause")
    opened.heading("Enterprise support")
    opened.idle()
    expect(page.get_by_role("dialog")).to_have_count(0)


def test_after_an_action_of_a_link_the_customer_is_led_back_to_an_origin_of_the_list(visit: Callable[..., Visit]) -> None:
    opened = visit("ada")
    page = opened.page
    page.route("https://www.example.com/**", lambda route: route.fulfill(content_type="text/html", body="<h1>The shop</h1>"))
    back = "https://www.example.com/done?order=1"
    open_subscription(opened, "Team", "Active")
    opened.open(f"{page.url.removeprefix(opened.url)}/apply-coupon?return=https%3A%2F%2Fwww.example.com%2Fdone%3Forder%3D1")
    dialog = page.get_by_role("dialog", name="Apply a coupon")
    dialog.get_by_label("Coupon code").fill("WELCOME20")
    dialog.get_by_role("button", name="Apply", exact=True).click()
    opened.heading("The shop")
    assert page.url == back
    opened.problems.remove(back)


def test_an_address_of_another_origin_is_not_followed(visit: Callable[..., Visit]) -> None:
    """Nor one whose host begins with an allowed one. A request to another origin fails the test."""
    opened = visit("ada")
    page = opened.page
    open_subscription(opened, "Business", "Trial")
    path = page.url.removeprefix(opened.url)
    opened.open(f"{path}/cancel?return=https%3A%2F%2Fwww.example.com.example.net%2F")
    dialog = page.get_by_role("dialog", name="Cancel the subscription")
    dialog.get_by_role("button", name="Cancel the subscription").click()
    expect(page.get_by_role("status").filter(has_text="The subscription is canceled.")).to_be_visible()
    expect(dialog).to_have_count(0)
    opened.idle()
    assert page.url == f"{opened.url}{path}"


def test_the_first_language_is_the_default_and_links_and_corners_are_the_merchants(visit: Callable[..., Visit]) -> None:
    opened = visit(locale="fr-FR")
    opened.open("/sign-in")
    opened.heading("Anmelden")
    page = opened.page
    expect(page.get_by_role("contentinfo").get_by_role("option")).to_have_text(["Deutsch", "English"])
    expect(page.get_by_role("link", name="Imprint")).to_have_attribute("href", "https://www.example.com/imprint")
    assert page.locator(".card").evaluate("element => getComputedStyle(element).borderRadius") == "3px"
