"""Sessions: a link is followed once, another customer's begins anew, and what happens to the renewal of tokens loses none."""

import json
import re
from collections.abc import Callable
from typing import Any

import pytest
from playwright.sync_api import Page, Route, expect

from tests.portal.pages.conftest import Visit, document_of, watch

pytestmark = pytest.mark.in_turns(3)

BUSY = "The service is busy. Nothing was done; please try again in a moment."
EXPIRED = "2020-01-01T00:00:00Z"


def session_in(page: Page) -> dict[str, Any] | None:
    """The session that the browser has stored."""
    return json.loads(page.evaluate("localStorage.getItem('portico:session')") or "null")


def expire(page: Page) -> None:
    """Let the access token be one that has to be renewed before the next request."""
    page.evaluate(
        """at => localStorage.setItem('portico:session', JSON.stringify({ ...JSON.parse(localStorage.getItem('portico:session')), accessExpiresAt: at }))""",
        EXPIRED,
    )


def signed_in(visit: Callable[..., Visit], portal_link: Callable[..., str], first: str) -> Visit:
    """A visit with a session of its own, whose refresh token no other test uses."""
    opened = visit()
    opened.open(portal_link(first, "/profile?lang=en"))
    opened.heading("My profile")
    return opened


@pytest.mark.parametrize(("path", "document"), [("/enter#token=x", "RedeemPortalLink"), ("/confirm-email#token=x", "ConfirmEmailChange")])
def test_a_link_is_followed_once_although_the_session_changes_meanwhile(
    visit: Callable[..., Visit], portal_link: Callable[..., str], path: str, document: str
) -> None:
    """Another session means another client of the API. A link whose answer was lost is followed again by the customer alone."""
    opened = visit()
    page = opened.page
    page.route("**/graphql", lambda route: route.abort() if document_of(route.request) == document else route.continue_())
    opened.open(path)
    expect(page.get_by_role("alert")).to_contain_text("The connection was lost.")
    other_tab = Visit(page.context.new_page(), opened.url, opened.problems)
    watch(other_tab)
    other_tab.open(portal_link("empty"))
    other_tab.heading("Hello, Emma Pty")
    page.wait_for_timeout(300)
    assert opened.documents == [document]
    page.unroute("**/graphql")
    page.get_by_role("button", name="Try again").click()
    opened.heading("Hello, Emma Pty")
    assert opened.documents[:2] == [document, document]


def test_the_landing_of_a_link_names_the_language(visit: Callable[..., Visit], portal_link: Callable[..., str]) -> None:
    opened = visit(locale="de-DE")
    opened.open(portal_link("tina", "/profile?lang=fr"))
    opened.heading("Mon profil")


def test_a_link_works_where_the_session_of_the_browser_has_ended(visit: Callable[..., Visit], portal_link: Callable[..., str], url: str) -> None:
    opened = signed_in(visit, portal_link, "kai")
    token = (session_in(opened.page) or {})["accessToken"]
    opened.page.request.post(f"{url}/graphql", data={"query": "mutation { signOut { done } }"}, headers={"Authorization": f"Bearer {token}"})
    opened.open(portal_link("tina", "/profile?lang=en"))
    expect(opened.page.get_by_label("Name", exact=True)).to_have_value("Tina Rossi")


def test_a_link_of_another_customer_signs_in_and_forgets_forms_and_presses_of_the_first(visit: Callable[..., Visit], portal_link: Callable[..., str]) -> None:
    opened = visit("greta")
    page = opened.page
    other_tab = Visit(page.context.new_page(), opened.url, opened.problems)
    watch(other_tab)
    other_tab.open("/profile?lang=en")
    other_tab.page.get_by_label("City").fill("Bremen")
    opened.open("/subscriptions")
    page.get_by_role("button", name="Add a plan").click()
    dialog = page.get_by_role("dialog", name="Add a plan")
    dialog.get_by_role("radio", name=re.compile("€")).first.check()
    page.route("**/graphql", lambda route: route.abort() if document_of(route.request) == "AddPlan" else route.continue_())
    dialog.get_by_role("button", name="Add plan").click()
    expect(dialog.get_by_role("alert")).to_contain_text("The connection was lost.")
    assert presses(page) == 1
    opened.open(portal_link("tina", "/profile?lang=en"))
    expect(page.get_by_role("status").filter(has_text="The customer who was signed in here before is signed out.")).to_be_visible()
    expect(page.get_by_label("Name", exact=True)).to_have_value("Tina Rossi")
    assert presses(page) == 0
    expect(other_tab.page.get_by_label("Name", exact=True)).to_have_value("Tina Rossi")
    expect(other_tab.page.get_by_label("City")).not_to_have_value("Bremen")


def presses(page: Page) -> int:
    return int(page.evaluate("Object.keys(sessionStorage).filter((place) => place.startsWith('portico:press:')).length"))


def throttled(route: Route) -> None:
    error = {"message": "Too many requests.", "extensions": {"code": "THROTTLED", "retryAfterSeconds": 60}}
    route.fulfill(status=429, content_type="application/json", body=json.dumps({"errors": [error]}))


def unavailable(route: Route) -> None:
    error = {"message": "Unavailable.", "extensions": {"code": "SERVICE_UNAVAILABLE"}}
    route.fulfill(status=503, content_type="application/json", body=json.dumps({"errors": [error]}))


def broken(route: Route) -> None:
    route.fulfill(status=502, content_type="text/html", body="<h1>502 Bad Gateway</h1>")


@pytest.mark.parametrize("answer", [throttled, unavailable, broken, Route.abort])
def test_a_renewal_that_fails_keeps_the_session_and_the_page_comes_by_another_try(
    visit: Callable[..., Visit], portal_link: Callable[..., str], answer: Callable[[Route], None]
) -> None:
    opened = signed_in(visit, portal_link, "kai")
    page = opened.page
    page.route("**/graphql", lambda route: answer(route) if document_of(route.request) == "RefreshSession" else route.continue_())
    expire(page)
    opened.open("/payments")
    expect(page.get_by_role("alert")).to_contain_text(BUSY)
    assert (session_in(page) or {})["accessExpiresAt"] == EXPIRED
    page.unroute("**/graphql")
    page.get_by_role("button", name="Try again").click()
    expect(page.get_by_role("region", name="Payment history")).to_be_visible()
    assert (session_in(page) or {})["accessExpiresAt"] != EXPIRED


def test_a_lost_answer_to_the_renewal_in_the_middle_of_a_form_is_asked_for_again_at_once(visit: Callable[..., Visit], portal_link: Callable[..., str]) -> None:
    opened = signed_in(visit, portal_link, "kai")
    page = opened.page
    lost: list[int] = []

    def lose_the_first(route: Route) -> None:
        if document_of(route.request) == "RefreshSession" and not lost:
            lost.append(route.fetch().status)
            route.abort()
        else:
            route.continue_()

    page.route("**/graphql", lose_the_first)
    page.get_by_label("City").fill("Hilo")
    page.get_by_label("Street and number").fill("1 Banyan Drive")
    page.get_by_label("Country").select_option("US")
    expire(page)
    before = len(opened.documents)
    page.get_by_role("button", name="Save", exact=True).click()
    expect(page.get_by_role("status").filter(has_text="Your profile is saved.")).to_be_visible()
    assert opened.documents[before : before + 3] == ["RefreshSession", "RefreshSession", "UpdateProfile"]


def test_a_refresh_token_that_the_gateway_refuses_ends_the_session(visit: Callable[..., Visit], portal_link: Callable[..., str]) -> None:
    opened = signed_in(visit, portal_link, "kai")
    opened.page.evaluate(
        """() => localStorage.setItem('portico:session', JSON.stringify({ ...JSON.parse(localStorage.getItem('portico:session')), refreshToken: 'x' }))"""
    )
    expire(opened.page)
    opened.open("/payments")
    expect(opened.page.get_by_role("dialog", name="Please sign in again")).to_be_visible()
    assert session_in(opened.page) is None


def test_a_late_answer_to_a_renewal_does_not_replace_the_session_of_a_new_sign_in(visit: Callable[..., Visit], portal_link: Callable[..., str]) -> None:
    opened = signed_in(visit, portal_link, "kai")
    page = opened.page
    held: list[Route] = []
    page.route("**/graphql", lambda route: held.append(route) if document_of(route.request) == "RefreshSession" else route.continue_())
    expire(page)
    with page.expect_request(lambda request: document_of(request) == "RefreshSession"):
        opened.open("/payments")
    other_tab = Visit(page.context.new_page(), opened.url, opened.problems)
    watch(other_tab)
    other_tab.open(portal_link("tina", "/profile?lang=en"))
    expect(other_tab.page.get_by_label("Name", exact=True)).to_have_value("Tina Rossi")
    begun = session_in(other_tab.page)
    with page.expect_response(lambda response: document_of(response.request) == "RefreshSession"):
        held[0].continue_()
    expect(page.get_by_role("region", name="Payment history")).to_be_visible()
    assert session_in(page) == begun
    page.get_by_role("navigation", name="Pages").get_by_role("link", name="My profile").click()
    expect(page.get_by_label("Name", exact=True)).to_have_value("Tina Rossi")


def test_next_leads_to_a_page_of_the_portal_and_nowhere_else(visit: Callable[..., Visit]) -> None:
    opened = visit("ada")
    elsewhere = (
        "//",
        "///",
        "//example.com/x",
        "/%5C/example.com",
        "/.//example.com",
        "%5C%5Cexample.com",
        "https://example.com",
        "javascript:alert(1)",
        "/%09/x",
        "http://[",
    )
    for value in elsewhere:
        opened.open(f"/sign-in?next={value}")
        opened.heading("Hello, Ada Lovelace")
        assert opened.page.url == f"{opened.url}/", value
    opened.open("/sign-in?next=/schedules%3Fstatus=open")
    opened.heading("Payment schedules")
    assert opened.page.url == f"{opened.url}/schedules?status=open"
