"""How a customer comes in: password, forgotten password, link of the merchant, confirmation of an e-mail address."""

import re
import time
from collections.abc import Callable
from pathlib import Path

from playwright.sync_api import expect

from demo.passwords import PASSWORD
from tests.portal.pages.conftest import Visit


def letter_to(folder: Path, address: str, page: str) -> str:
    """The path of the link to this page in the newest letter to this address. Letters are sent after the answer."""
    for _ in range(600):
        letters = [path.read_text() for path in (folder / "data" / "mail").glob("*")]
        paths = [
            match[1]
            for letter in letters
            if f"To: {address}" in letter
            for match in re.finditer(rf"http://127.0.0.1:\d+(/{page}#token=[\w.-]+)", letter.replace("=\n", ""))
        ]
        if paths:
            return paths[-1].replace("token=3D", "token=")
        time.sleep(0.1)
    raise AssertionError("no letter")


def fill_in(opened: Visit, email: str, password: str) -> None:
    opened.page.get_by_label("E-mail address").fill(email)
    opened.page.get_by_label("Password").fill(password)
    opened.page.get_by_role("button", name="Sign in").click()


def test_a_wrong_password_is_told_and_the_right_one_leads_to_the_page_that_was_wanted(visit: Callable[..., Visit]) -> None:
    opened = visit()
    opened.open("/payments")
    opened.heading("Sign in")
    fill_in(opened, "greta@example.com", "a wrong password")
    expect(opened.page.get_by_role("alert")).to_have_text("The e-mail address or the password is not correct.")
    expect(opened.page.get_by_label("E-mail address")).to_have_value("greta@example.com")
    fill_in(opened, "greta@example.com", PASSWORD)
    opened.heading("Payments")


def test_too_many_attempts_are_told_with_the_time_left(visit: Callable[..., Visit]) -> None:
    opened = visit()
    opened.open("/sign-in")
    notice = opened.page.get_by_text(re.compile(r"Too many attempts\. You can try again in \d+:\d\d minutes\."))
    for _ in range(12):
        with opened.page.expect_response("**/graphql**") as answer:
            fill_in(opened, "kai@example.com", "a wrong password")
        if "THROTTLED" in answer.value.text():
            break
    expect(notice).to_be_visible()
    expect(opened.page.get_by_role("button", name="Sign in")).to_be_disabled()


def test_a_forgotten_password_is_replaced_by_the_link_in_a_letter_and_the_link_works_once(visit: Callable[..., Visit], folder: Path) -> None:
    opened = visit()
    opened.open("/sign-in")
    opened.page.get_by_role("link", name="Forgotten your password?").click()
    opened.heading("Forgotten password")
    opened.page.get_by_label("E-mail address").fill("sam@example.com")
    opened.page.get_by_role("button", name="Send the link").click()
    expect(opened.page.get_by_text("If there is an account for sam@example.com")).to_be_visible()
    path = letter_to(folder, "sam@example.com", "reset-password")
    opened.open(path)
    opened.heading("Choose a new password")
    assert "token" not in opened.page.url
    opened.page.get_by_label("New password").fill("password1234")
    opened.page.get_by_role("button", name="Save the password").click()
    expect(opened.page.get_by_role("alert")).to_have_text(re.compile("too easy to guess|too short"))
    opened.page.get_by_label("New password").fill("seven marble columns in the evening")
    opened.page.get_by_role("button", name="Save the password").click()
    expect(opened.page.get_by_text("Your password is changed.")).to_be_visible()
    fill_in(opened, "sam@example.com", "seven marble columns in the evening")
    opened.heading("Hello, Sam Okafor")
    again = visit()
    again.open(path)
    again.page.get_by_label("New password").fill("seven marble columns at midnight")
    again.page.get_by_role("button", name="Save the password").click()
    expect(again.page.get_by_text("This link has expired or was used already.")).to_be_visible()


def test_a_link_of_the_merchant_leads_to_its_landing_page_and_a_used_one_to_the_sign_in(visit: Callable[..., Visit], portal_link: Callable[..., str]) -> None:
    path = portal_link("tina", "/schedules?status=open")
    opened = visit()
    opened.open(path)
    opened.heading("Payment schedules")
    assert opened.page.url.endswith("/schedules?status=open")
    again = visit()
    again.open(path)
    again.heading("Sign in")
    expect(again.page.get_by_text("This link has expired or was used already.")).to_be_visible()
    assert "token" not in again.page.url


def test_a_dead_link_says_so_to_a_customer_who_is_signed_in(visit: Callable[..., Visit]) -> None:
    opened = visit("ada")
    for path in ("/enter#token=abc", "/enter"):
        opened.open(path)
        opened.heading(re.compile("^Hello, Ada"))
        expect(opened.page.get_by_text("This link has expired or was used already, so it did nothing.")).to_be_visible()
    opened.page.get_by_role("navigation").get_by_role("link", name="Payments").click()
    opened.heading("Payments")
    expect(opened.page.get_by_text("This link has expired")).to_have_count(0)
    opened.open("/confirm-email#token=abc")
    opened.heading("My profile")
    expect(opened.page.get_by_text("it did not confirm an e-mail address")).to_be_visible()
    assert "token" not in opened.page.url


def test_a_new_email_address_is_confirmed_by_the_link_in_the_letter_to_it(visit: Callable[..., Visit], folder: Path) -> None:
    opened = visit("kenji")
    opened.open("/profile")
    opened.page.get_by_label("New e-mail address").fill("kenji.new@example.com")
    opened.page.get_by_role("button", name="Change e-mail address").click()
    expect(opened.page.get_by_text("A letter to kenji.new@example.com has a link")).to_be_visible()
    other = visit()
    other.open(letter_to(folder, "kenji.new@example.com", "confirm-email"))
    expect(other.page.get_by_text("Your new e-mail address is confirmed.")).to_be_visible()
    other.page.get_by_role("link", name="Continue").click()
    fill_in(other, "kenji.new@example.com", PASSWORD)
    other.heading(re.compile("^Hello, Kenji"))


def test_signing_out_ends_the_session(visit: Callable[..., Visit]) -> None:
    opened = visit()
    opened.open("/sign-in")
    fill_in(opened, "fatima@example.com", PASSWORD)
    opened.heading(re.compile("^Hello, Fatima"))
    opened.page.get_by_role("button", name="Sign out").click()
    opened.heading("Sign in")
    opened.open("/payments")
    opened.heading("Sign in")
