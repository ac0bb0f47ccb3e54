"""My profile: name and address, language, password, sessions, connected apps, the customer's data."""

import json
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any
from zipfile import ZipFile

import httpx
import pytest
from playwright.sync_api import expect

from demo.passwords import PASSWORD
from tests.portal.pages.conftest import MILLISECONDS, Visit
from tests.servers import preloaded

pytestmark = pytest.mark.in_turns(3)

GRANT = "mutation ($input: GrantAccessInput!) { grantAccess(input: $input) { userErrors { code } grant { clientName } } }"


def test_the_whole_page_is_one_request_for_data(visit: Callable[..., Visit]) -> None:
    opened = visit("ada")
    opened.open("/profile")
    opened.heading("My profile")
    expect(opened.page.get_by_role("region", name="Where you are signed in")).to_be_visible()
    opened.idle()
    assert len(opened.data_requests) == 1


def test_name_and_address_are_saved_and_the_language_changes_with_the_profile(visit: Callable[..., Visit]) -> None:
    opened = visit("aroha")
    opened.open("/profile")
    page = opened.page
    page.get_by_label("Name", exact=True).fill("Aroha N. Ngata")
    page.get_by_label("Street and number").fill("5 Queen Street")
    page.get_by_label("City").fill("Auckland")
    page.get_by_label("Country").select_option("NZ")
    page.get_by_label("Language").first.select_option("de")
    page.get_by_role("button", name="Save").click()
    opened.heading("Mein Profil")
    page.reload()
    opened.heading("Mein Profil")
    expect(page.get_by_label("Name", exact=True)).to_have_value("Aroha N. Ngata")
    expect(page.get_by_label("Land", exact=True)).to_have_value("NZ")
    assert page.evaluate("document.documentElement.lang") == "de"


def test_an_empty_name_is_refused_and_what_was_typed_stays(visit: Callable[..., Visit]) -> None:
    opened = visit("tina", locale="en-GB")
    opened.open("/profile?lang=en")
    page = opened.page
    page.get_by_label("City").fill("Torino")
    page.get_by_label("Name", exact=True).fill(" ")
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_role("alert")).to_have_text("This value is not valid.")
    expect(page.get_by_label("City")).to_have_value("Torino")


def test_the_password_is_changed_and_a_wrong_current_one_is_refused(visit: Callable[..., Visit]) -> None:
    opened = visit("kai")
    opened.open("/profile?lang=en")
    page = opened.page
    page.get_by_label("Current password").fill("not it")
    page.get_by_label("New password").fill("waves reach the far shore again")
    page.get_by_role("button", name="Change password").click()
    expect(page.get_by_role("alert")).to_be_visible()
    page.get_by_label("Current password").fill(PASSWORD)
    page.get_by_role("button", name="Change password").click()
    expect(page.get_by_role("status").filter(has_text="Your password is changed.")).to_be_visible()
    expect(page.get_by_label("Current password")).to_have_value("")


def test_another_session_is_ended(visit: Callable[..., Visit]) -> None:
    other = visit()
    other.open("/sign-in")
    other.page.get_by_label("E-mail address").fill("ada@example.com")
    other.page.get_by_label("Password").fill(PASSWORD)
    other.page.get_by_role("button", name="Sign in").click()
    other.heading("Hello, Ada Lovelace")
    opened = visit("ada")
    opened.open("/profile")
    sessions = opened.page.get_by_role("region", name="Where you are signed in")
    expect(sessions.get_by_text("This one")).to_have_count(1)
    sessions.get_by_role("button", name="End the session of Mozilla").first.click()
    expect(opened.page.get_by_role("status").filter(has_text="The session has ended.")).to_be_visible()
    other.open("/payments")
    expect(other.page.get_by_role("dialog", name="Please sign in again").or_(other.page.get_by_role("heading", level=1, name="Sign in"))).to_be_visible()


def test_a_connected_app_is_shown_with_what_it_may_do_and_revoked(
    visit: Callable[..., Visit], sessions: Callable[[str], dict[str, Any]], url: str, root: Path, folder: Path
) -> None:
    command = ["clients", "add", "acme-books", "--name", "Acme Books", "--scope", "read", "--data-dir", str(folder / "data")]
    registered = preloaded.run(command, cwd=root, env=os.environ, timeout=120)
    assert registered.returncode == 0, registered.stdout

    def send(query: str, **variables: Any) -> Any:
        headers = {"Authorization": f"Bearer {sessions('greta')['accessToken']}"}
        return httpx.post(f"{url}/graphql", json={"query": query, "variables": variables}, headers=headers, timeout=30).json()["data"]

    assert send(GRANT, input={"clientId": "acme-books", "scopes": ["read"]})["grantAccess"] == {"userErrors": [], "grant": {"clientName": "Acme Books"}}
    opened = visit("greta")
    opened.open("/profile?lang=en")
    apps = opened.page.get_by_role("region", name="Connected apps")
    expect(apps.get_by_role("listitem")).to_contain_text("Acme Books")
    expect(apps.get_by_role("listitem")).to_contain_text("read")
    apps.get_by_role("button", name="Revoke the access of Acme Books").click()
    expect(opened.page.get_by_role("status").filter(has_text="Acme Books")).to_be_visible()
    expect(apps.get_by_role("listitem")).to_have_count(0)
    expect(apps.get_by_text("No app may act for you.")).to_be_visible()
    assert send("{ grants { nodes { id } } }")["grants"]["nodes"] == []


def test_the_customers_data_is_requested_by_keyboard_made_by_the_worker_and_downloaded_as_a_zip(visit: Callable[..., Visit]) -> None:
    opened = visit("tina", locale="en-GB")
    opened.open("/profile?lang=en")
    page = opened.page
    section = page.get_by_role("region", name="Your data")
    request = section.get_by_role("button", name="Request my data")
    expect(section.get_by_role("button", name="Download my data")).to_have_count(0)
    request.focus()
    page.keyboard.press("Enter")
    expect(page.get_by_role("status").filter(has_text="Your data is requested.")).to_be_visible()
    expect(request).to_be_focused()
    expect(section.get_by_role("status")).to_contain_text("Your data is ready. You can download it until", timeout=4 * MILLISECONDS)
    with page.expect_download() as downloading:
        section.get_by_role("button", name="Download my data").press("Enter")
    with ZipFile(downloading.value.path()) as archive:
        assert archive.testzip() is None
        assert json.loads(archive.read("customer.json"))["tables"]["customer"][0]["email"] == "tina@example.com"
    request.press("Enter")
    expect(page.get_by_role("status").filter(has_text="This file is less than a day old.")).to_be_visible()


def test_in_a_session_by_a_link_that_staff_have_seen_the_data_needs_a_sign_in(visit: Callable[..., Visit], portal_link: Callable[..., str]) -> None:
    opened = visit()
    opened.open(portal_link("empty", "/profile?lang=en"))
    section = opened.page.get_by_role("region", name="Your data")
    expect(section.get_by_text("Please sign in with your password to do this.")).to_be_visible()
    expect(section.get_by_role("button", name="Request my data")).to_be_disabled()
