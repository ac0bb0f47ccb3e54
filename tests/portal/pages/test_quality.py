"""Every page for everybody: axe, narrow screens, right to left, the keyboard alone, and a session that ends in the middle of a form."""

import json
import re
from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.sync_api import Page, ViewportSize, expect

from demo.passwords import PASSWORD
from gateway.routes.portal import PAGES as PORTAL_PAGES
from tests.portal.pages.conftest import Visit, is_stream

pytestmark = pytest.mark.in_turns(3)

WIDE: ViewportSize = {"width": 1280, "height": 720}
NARROW: ViewportSize = {"width": 320, "height": 640}
PAGES = ("/", "/subscriptions", "/schedules", "/payments", "/profile")


@pytest.fixture(scope="module")
def axe(node: Path) -> str:
    return (node / "node_modules/axe-core/axe.min.js").read_text() + "; 0"


# What axe checks, and which of its rules are about colours.
RULES = ("wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice")
COLOURS = ("color-contrast", "link-in-text-block")


def violations(page: Page, axe: str, rules: tuple[str, ...] = RULES) -> list[str]:
    page.evaluate(axe)
    broken = page.evaluate("(rules) => axe.run(document, { runOnly: rules })", rules)["violations"]
    return [f"{rule['id']}: {node['target']} {node['html'][:120]}" for rule in broken for node in rule["nodes"]]


def settle(page: Page) -> None:
    """Wait until the page has its data."""
    expect(page.get_by_role("heading", level=1)).to_be_visible()
    expect(page.locator(".skeleton")).to_have_count(0)


def pages_of(opened: Visit) -> list[str]:
    """The pages of a customer, with one subscription, schedule and invoice."""
    paths = list(PAGES)
    for path, selector in (("/subscriptions", "ul.cards a"), ("/schedules", "ul.cards a"), ("/payments", "a[href^='/invoices/']")):
        opened.open(path)
        settle(opened.page)
        paths.append(str(opened.page.locator(selector).first.get_attribute("href")))
    return paths


def overflowing(page: Page) -> list[str]:
    """Return the elements that reach beyond a screen of 320 pixels, and how wide the page is if that is more."""
    beyond: list[str] = page.evaluate("""[...document.querySelectorAll('body *')].filter((element) => !element.closest('.table-wrap, .visually-hidden, .skip')
        && (element.getBoundingClientRect().right > 321 || element.getBoundingClientRect().left < -1)).map((element) => element.outerHTML.slice(0, 90))""")
    width = page.evaluate("document.documentElement.scrollWidth")
    return beyond if width <= 320 else [*beyond, f"the page is {width} pixels wide"]


# German names of buttons do not contain their labels yet (label-content-name-mismatch), so of German only colours are checked.
@pytest.mark.parametrize(("language", "rules"), [("en", RULES), ("de", COLOURS), ("ar", RULES)], ids=["en", "de", "ar"])
def test_axe_finds_no_violation_on_any_page_and_at_320_pixels_none_scrolls_sideways(
    visit: Callable[..., Visit], axe: str, language: str, rules: tuple[str, ...]
) -> None:
    """Colours are the only difference of the dark scheme."""
    opened = visit("ada", reduced_motion="reduce")
    opened.open(f"/?lang={language}")
    for path in pages_of(opened):
        opened.page.emulate_media(color_scheme="light")
        opened.page.set_viewport_size(WIDE)
        opened.open(path)
        settle(opened.page)
        assert violations(opened.page, axe, rules) == [], path
        opened.page.emulate_media(color_scheme="dark")
        assert violations(opened.page, axe, COLOURS) == [], path
        opened.page.set_viewport_size(NARROW)
        assert overflowing(opened.page) == [], path
    expect(opened.page.locator("html")).to_have_attribute("dir", "rtl" if language == "ar" else "ltr")


def test_axe_finds_no_violation_beside_a_calendar_link(visit: Callable[..., Visit], axe: str) -> None:
    opened = visit("ada")
    opened.open("/payments")
    opened.page.get_by_role("button", name="Create link").click()
    expect(opened.page.get_by_label("Secret address")).to_be_visible()
    assert violations(opened.page, axe) == []


def test_axe_finds_no_violation_before_the_sign_in_and_in_dialogs(visit: Callable[..., Visit], axe: str) -> None:
    opened = visit()
    for path in ("/sign-in", "/forgotten-password", "/demo"):
        opened.open(path)
        settle(opened.page)
        assert violations(opened.page, axe) == [], path
    opened = visit("ada")
    opened.open("/subscriptions")
    opened.page.get_by_role("button", name="Add a plan").click()
    opened.page.get_by_role("dialog").get_by_role("radio").first.check()
    expect(opened.page.get_by_role("region", name="What will happen")).to_be_visible()
    assert violations(opened.page, axe) == []
    opened.page.evaluate("document.querySelector('main').insertAdjacentHTML('beforeend', '<input>')")
    opened.page.keyboard.press("Escape")
    assert violations(opened.page, axe) != [], "the control: a field without a name"


def test_the_focus_moves_to_the_heading_of_the_next_page_and_results_are_announced(visit: Callable[..., Visit]) -> None:
    opened = visit("ada")
    opened.open("/")
    settle(opened.page)
    assert opened.page.evaluate("document.activeElement === document.body"), "not on the first page"
    opened.page.get_by_role("navigation", name="Pages").get_by_role("link", name="Payments").click()
    opened.heading("Payments")
    settle(opened.page)
    expect(opened.page.get_by_role("heading", level=1, name="Payments")).to_be_focused()
    assert opened.page.title().startswith("Payments · ")
    assert opened.page.locator("[role=status][aria-live=polite]").count() == 1


# What each page asks for. The dialog of an action asks for its preview, too, and attached pictures for their addresses, which are valid for minutes. The
# pages without a document here are those before the sign-in.
DOCUMENTS = {
    "/": ["Summary"],
    "/subscriptions": ["Subscriptions"],
    "/subscriptions/{id}": ["Subscription"],
    "/subscriptions/{id}/{action}": ["Subscription", "PreviewCancelSubscription"],
    "/schedules": ["PaymentSchedules"],
    "/schedules/{id}": ["PaymentSchedule", "Downloads"],
    "/payments": ["Payments"],
    "/invoices/{id}": ["Invoice", "Downloads"],
    "/profile": ["Account"],
}


def test_each_page_is_one_request_for_data(visit: Callable[..., Visit]) -> None:
    opened = visit("ada")
    identifiers = dict(zip(("/subscriptions/{id}", "/schedules/{id}", "/invoices/{id}"), pages_of(opened)[len(PAGES) :], strict=True))
    for path in PORTAL_PAGES:
        visitor = opened if path in DOCUMENTS else visit()
        start = len(visitor.documents)
        visitor.open(identifiers.get(path.removesuffix("/{action}"), path).replace("{id}", "") + ("/cancel" if path.endswith("/{action}") else ""))
        settle(visitor.page)
        if path.endswith("/{action}"):
            expect(visitor.page.get_by_role("region", name="What will happen")).to_be_visible()
        visitor.idle()
        assert visitor.documents[start:] == DOCUMENTS.get(path, []), path
        assert len(visitor.open_streams) == (path in DOCUMENTS), path


def press_until(page: Page, name: str, limit: int = 60) -> None:
    """Press Tab until the element with this name has the focus."""
    for _ in range(limit):
        page.keyboard.press("Tab")
        label = page.evaluate(
            "(document.activeElement.getAttribute('aria-label') ?? document.activeElement.labels?.[0]?.textContent ?? document.activeElement.textContent).trim()"
        )
        if label.startswith(name):
            return
    raise AssertionError(f"the keyboard does not reach {name}")


def test_the_keyboard_alone_changes_a_plan(visit: Callable[..., Visit]) -> None:
    opened = visit("ada")
    opened.open("/subscriptions")
    settle(opened.page)
    page = opened.page
    press_until(page, "Change plan of Team", 80)
    page.keyboard.press("Enter")
    dialog = page.get_by_role("dialog", name="Change plan")
    expect(dialog).to_be_visible()
    press_until(page, "Business")
    page.keyboard.press("Space")
    expect(dialog.get_by_role("region", name="What will happen")).to_be_visible()
    press_until(page, "Change plan")
    page.keyboard.press("Enter")
    expect(page.get_by_role("status").filter(has_text="Your plan is changed.")).to_be_visible()


def test_the_keyboard_alone_pays_an_installment_and_reaches_the_upload(visit: Callable[..., Visit]) -> None:
    opened = visit("ada")
    opened.open("/schedules")
    settle(opened.page)
    page = opened.page
    press_until(page, "Server room")
    page.keyboard.press("Enter")
    opened.heading("Server room, paid in six")
    press_until(page, "Pay Installment 6")
    page.keyboard.press("Enter")
    expect(page.get_by_role("dialog")).to_be_visible()
    press_until(page, "Pay US")
    page.keyboard.press("Enter")
    expect(page.get_by_role("status").filter(has_text="your payment has arrived")).to_be_visible()
    press_until(page, "Choose files")


def test_a_session_that_ends_in_the_middle_of_a_form_keeps_what_was_typed(visit: Callable[..., Visit], url: str) -> None:
    opened = visit()
    page = opened.page
    # Without the stream of events, which would tell the page of the end of the session before the form does: that is in test_live.py.
    page.route("**/graphql", lambda route: route.abort() if is_stream(route.request) else route.continue_())
    opened.open("/sign-in?lang=en")
    page.get_by_label("E-mail address").fill("fatima@example.com")
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Sign in").click()
    opened.heading(re.compile("^Hello, Fatima"))
    page.get_by_role("navigation", name="Pages").get_by_role("link", name="My profile").click()
    opened.heading("My profile")
    page.get_by_label("City").fill("Kuwait City")
    page.get_by_label("Street and number").fill("1 Gulf Road")
    page.get_by_label("Country").select_option("KW")
    tokens = json.loads(page.evaluate("localStorage['portico:session']"))
    ended = page.request.post(f"{url}/graphql", data={"query": "mutation { signOut { done } }"}, headers={"Authorization": f"Bearer {tokens['accessToken']}"})
    assert ended.json()["data"]["signOut"]["done"]
    page.get_by_role("button", name="Save").click()
    dialog = page.get_by_role("dialog", name="Please sign in again")
    dialog.get_by_label("E-mail address").fill("fatima@example.com")
    dialog.get_by_label("Password").fill(PASSWORD)
    dialog.get_by_role("button", name="Sign in").click()
    expect(dialog).to_have_count(0)
    expect(page.get_by_label("City")).to_have_value("Kuwait City")
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_role("status").filter(has_text="Your profile is saved.")).to_be_visible()


def test_the_language_is_chosen_by_the_link_and_holds_for_the_next_pages(visit: Callable[..., Visit]) -> None:
    opened = visit("ada", locale="fr-FR")
    opened.open("/payments")
    opened.heading("Paiements")
    opened.open("/payments?lang=es")
    opened.heading("Pagos")
    opened.open("/schedules")
    opened.heading("Planes de pago")
    opened.page.get_by_label("Idioma").last.select_option("ar")
    opened.heading("جداول السداد")
