"""Reloads of an open page by events: which changes appear, and which input, dialogs and focus a reload preserves."""

import json
import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from playwright.sync_api import Page, Route, expect

from tests.portal.pages.conftest import LiveCustomer, Visit, document_of, is_stream
from tests.portal.pages.test_payments import open_unpaid, pay
from tests.portal.pages.test_subscriptions import act, confirm, open_subscription

pytestmark = pytest.mark.in_turns(3)


def path_of(opened: Visit) -> str:
    return opened.page.url.removeprefix(opened.url)


def open_and_follow(opened: Visit, path: str) -> None:
    """Open a page of the portal, and wait until it follows events."""
    with opened.page.expect_response(lambda response: is_stream(response.request)):
        opened.open(path)
    opened.idle()


def set_visibility(page: Page, state: str) -> None:
    """Let the page believe that its tab is hidden or visible: for Playwright every tab is visible."""
    page.evaluate(
        "state => { Object.defineProperty(document, 'visibilityState', { value: state, configurable: true }); document.dispatchEvent(new Event('visibilitychange')); }",
        state,
    )


def test_a_second_tab_and_a_second_browser_show_a_payment(visit: Callable[..., Visit]) -> None:
    opened, browser = visit("ada"), visit("ada")
    open_unpaid(opened)
    tab = opened.another_tab()
    for other in (tab, browser):
        other.open(path_of(opened))
        expect(other.page.get_by_role("main").get_by_role("button", name=re.compile(r"^Pay \D"))).to_be_visible()
        other.idle()
    opened.page.get_by_role("button", name=re.compile(r"^Pay \D")).click()
    pay(opened.page)
    for other in (tab, browser):
        expect(other.page.get_by_role("main").get_by_role("button", name=re.compile(r"^Pay \D"))).to_have_count(0)
        expect(other.page.get_by_role("main").get_by_text("Paid", exact=True).first).to_be_visible()
        expect(other.page.locator(".toast")).to_have_count(0)


def test_a_second_tab_and_a_second_browser_show_a_pause_and_its_withdrawal(visit: Callable[..., Visit]) -> None:
    opened, browser = visit("ada"), visit("ada")
    open_subscription(opened, "Starter", "Active")
    tab = opened.another_tab()
    for other in (tab, browser):
        other.open(path_of(opened))
        other.heading("Starter")
        other.idle()
    confirm(opened, act(opened, "Pause"), "Pause", "Your pause is set.")
    for other in (tab, browser):
        expect(other.page.get_by_text(re.compile("^Pauses on"))).to_be_visible()
    confirm(browser, act(browser, "Withdraw the scheduled change"), "Withdraw", "The change is withdrawn.")
    for other in (opened, tab):
        expect(other.page.get_by_text(re.compile("^Pauses on"))).to_have_count(0)


def test_an_event_is_one_load_of_the_page_and_is_not_announced(visit: Callable[..., Visit], iris: LiveCustomer) -> None:
    opened = visit(session=iris.session)
    open_and_follow(opened, "/")
    assert opened.documents == ["Summary"], "the beginning of this session is no news"
    page = opened.page
    page.evaluate("""() => { window.announced = []; new MutationObserver(() => {
        window.announced.push(...[...document.querySelectorAll('[role=status], [role=alert], [aria-live]')].map((region) => region.textContent).filter(Boolean));
      }).observe(document.body, { subtree: true, childList: true, characterData: true }); }""")
    menu = page.get_by_role("link", name="Payments", exact=True)
    menu.focus()
    before = len(opened.documents)
    iris.rename("Iris Lind")
    opened.heading("Hello, Iris Lind")
    opened.idle()
    assert opened.documents[before:] == ["Summary"]
    assert page.evaluate("window.announced") == []
    expect(menu).to_be_focused()
    page.evaluate("document.querySelector('.toasts').textContent = 'the control'")
    assert page.evaluate("window.announced") == ["the control"]


def test_many_events_in_a_row_are_one_load_in_a_second(visit: Callable[..., Visit], iris: LiveCustomer) -> None:
    opened, browser = visit(session=iris.session), visit(session=iris.session)
    page = opened.page
    page.clock.install()
    open_and_follow(opened, "/")
    open_and_follow(browser, "/")
    page.clock.pause_at(datetime.now(UTC) + timedelta(seconds=20))
    before = len(opened.documents)
    iris.rename("Iris 1")
    opened.heading("Hello, Iris 1")
    for name in ("Iris 2", "Iris 3", "Iris 4"):
        iris.rename(name)
        browser.heading(f"Hello, {name}")
    opened.idle()
    assert opened.documents[before:] == ["Summary"]
    page.clock.run_for(1000)
    opened.heading("Hello, Iris 4")
    opened.idle()
    assert opened.documents[before:] == ["Summary", "Summary"]


def test_what_is_half_typed_survives_an_event_and_the_other_fields_follow_it(visit: Callable[..., Visit], iris: LiveCustomer) -> None:
    opened = visit(session=iris.session)
    open_and_follow(opened, "/profile?lang=en")
    page = opened.page
    page.get_by_label("Company").fill("Berg")
    page.get_by_label("Current password").fill("half")
    page.get_by_label("Company").focus()
    iris.rename("Iris Lind")
    expect(page.get_by_label("Name", exact=True)).to_have_value("Iris Lind")
    expect(page.get_by_label("Company")).to_have_value("Berg")
    expect(page.get_by_label("Company")).to_be_focused()
    expect(page.get_by_label("Current password")).to_have_value("half")
    page.get_by_role("button", name="Save", exact=True).click()
    expect(page.get_by_role("status").filter(has_text="Your profile is saved.")).to_be_visible()
    opened.open("/profile")
    expect(page.get_by_label("Name", exact=True)).to_have_value("Iris Lind")
    expect(page.get_by_label("Company")).to_have_value("Berg")


def test_an_open_dialog_stays_as_it_is_and_the_page_follows_when_it_is_closed(visit: Callable[..., Visit], iris: LiveCustomer) -> None:
    opened = visit(session=iris.session)
    open_and_follow(opened, "/")
    tab = opened.another_tab()
    tab.open("/subscriptions")
    tab.page.get_by_role("button", name="Add a plan").click()
    dialog = tab.page.get_by_role("dialog", name="Add a plan")
    dialog.get_by_role("radio", name=re.compile("€")).first.check()
    tab.idle()
    before = len(tab.documents)
    iris.rename("Iris Lind")
    opened.heading("Hello, Iris Lind")
    tab.idle()
    expect(dialog.get_by_role("radio", name=re.compile("€")).first).to_be_checked()
    assert tab.documents[before:] == []
    with tab.page.expect_response(lambda response: document_of(response.request) == "Subscriptions"):
        tab.page.keyboard.press("Escape")
    tab.idle()
    assert tab.documents[before:] == ["Subscriptions"]


def test_while_an_action_is_answered_its_events_load_nothing(visit: Callable[..., Visit], iris: LiveCustomer) -> None:
    opened = visit(session=iris.session)
    open_and_follow(opened, "/profile?lang=en")
    page = opened.page
    held: list[Route] = []
    page.route("**/graphql", lambda route: held.append(route) if document_of(route.request) == "UpdateProfile" else route.continue_())
    page.get_by_label("Name", exact=True).fill("Iris Lind")
    before = len(opened.documents)
    tab = opened.another_tab()
    open_tab(tab, "Hello, Iris Berg")
    page.get_by_role("button", name="Save", exact=True).click()
    while not held:
        page.wait_for_timeout(50)
    answer = held[0].fetch()
    tab.heading("Hello, Iris Lind")
    page.wait_for_timeout(1500)
    assert opened.documents[before:] == ["UpdateProfile"]
    held[0].fulfill(response=answer)
    expect(page.get_by_role("status").filter(has_text="Your profile is saved.")).to_be_visible()
    opened.idle()
    page.wait_for_timeout(1500)
    assert opened.documents[before:] == ["UpdateProfile", "Account"]


def open_tab(tab: Visit, heading: str) -> None:
    tab.open("/")
    tab.heading(heading)
    tab.idle()


def test_a_hidden_tab_loads_nothing_until_it_is_visible(visit: Callable[..., Visit], iris: LiveCustomer) -> None:
    opened = visit(session=iris.session)
    open_and_follow(opened, "/")
    tab = opened.another_tab()
    open_tab(tab, "Hello, Iris Berg")
    set_visibility(opened.page, "hidden")
    before = len(opened.documents)
    iris.rename("Iris Lind")
    tab.heading("Hello, Iris Lind")
    opened.idle()
    assert opened.documents[before:] == []
    set_visibility(opened.page, "visible")
    opened.heading("Hello, Iris Lind")


def test_a_page_without_events_is_loaded_again_when_the_customer_comes_back_to_it_after_a_while(visit: Callable[..., Visit], iris: LiveCustomer) -> None:
    opened = visit(session=iris.session)
    opened.page.clock.install()
    open_and_follow(opened, "/")
    before = len(opened.documents)
    opened.page.evaluate("window.dispatchEvent(new Event('focus'))")
    opened.idle()
    assert opened.documents[before:] == [], "it has just been loaded"
    opened.page.clock.fast_forward("01:01")
    with opened.page.expect_request(lambda request: document_of(request) == "Summary"):
        opened.page.evaluate("window.dispatchEvent(new Event('focus'))")


def test_what_happens_between_the_load_of_a_page_and_the_first_message_is_shown(visit: Callable[..., Visit], iris: LiveCustomer) -> None:
    opened = visit(session=iris.session)
    held: list[Route] = []
    opened.page.route("**/graphql", lambda route: held.append(route) if is_stream(route.request) else route.continue_())
    with opened.page.expect_request(is_stream):
        opened.open("/")
    opened.heading("Hello, Iris Berg")
    iris.rename("Iris Lind")
    held[0].continue_()
    opened.heading("Hello, Iris Lind")


def test_a_session_that_ends_elsewhere_asks_to_sign_in_and_keeps_what_was_typed(visit: Callable[..., Visit], iris: LiveCustomer) -> None:
    opened = visit(session=iris.session)
    open_and_follow(opened, "/profile?lang=en")
    opened.page.get_by_label("City").fill("Lund")
    assert iris.send("mutation { signOut { done } }")["signOut"]["done"]
    expect(opened.page.get_by_role("dialog", name="Please sign in again")).to_be_visible()
    expect(opened.page.get_by_label("City")).to_have_value("Lund")


def test_where_events_were_missed_the_page_is_read_again_and_followed_from_now_on(visit: Callable[..., Visit], iris: LiveCustomer) -> None:
    opened = visit(session=iris.session)
    last = {"cursor": "x", "events": [], "customer": {"id": iris.id, "events": {"nodes": []}}}
    lost = {"message": "Events were missed.", "extensions": {"code": "RESYNC_REQUIRED"}}
    answers = [stream_of({"data": {"events": last}}), stream_of({"errors": [lost]})]

    def answer(route: Route) -> None:
        if is_stream(route.request) and answers:
            route.fulfill(content_type="text/event-stream", body=answers.pop(0))
        else:
            route.continue_()

    opened.page.route("**/graphql", answer)
    open_and_follow(opened, "/")
    while len(opened.cursors) < 3:
        opened.page.wait_for_timeout(50)
    opened.idle()
    assert opened.cursors == [None, "x", None]
    assert opened.documents == ["Summary", "Summary"]
    iris.rename("Iris Lind")
    opened.heading("Hello, Iris Lind")


def stream_of(*messages: dict[str, Any]) -> str:
    return "".join(f"event: next\ndata: {json.dumps(message)}\n\n" for message in messages) + "event: complete\ndata: \n\n"
