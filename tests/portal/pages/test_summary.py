"""The Summary page, and how a customer comes to it."""

import json
import re
from collections.abc import Callable
from typing import Any

import pytest
from playwright.sync_api import Route, expect

from tests.portal.pages.conftest import Visit, is_stream


def test_a_demo_customer_is_chosen_by_one_click_and_sees_the_summary_by_one_request(visit: Callable[..., Visit]) -> None:
    opened = visit()
    opened.open("/")
    opened.heading("Choose a demo customer")
    opened.page.get_by_role("button", name="Sign in as Ada Lovelace").click()
    opened.heading("Hello, Ada Lovelace")
    figures = opened.page.get_by_role("region", name="Your account at a glance")
    for label in ("Total due", "Overdue", "Balance", "Next payment", "Last payment", "Active subscriptions", "Active payment schedules"):
        expect(figures.get_by_role("link", name=re.compile(f"^{label}"))).to_be_visible()
    opened.idle()
    assert len(opened.open_streams) == 1
    sent = opened.data_requests
    assert len(sent) == 2, "the sign-in, and one for the page"
    assert all(re.fullmatch("sha256:[0-9a-f]{64}", body["documentId"]) and "query" not in body for body in sent)


def test_the_summary_shows_previews_recent_payments_with_download_and_the_methods(visit: Callable[..., Visit]) -> None:
    opened = visit("ada")
    opened.open("/")
    opened.heading("Hello, Ada Lovelace")
    page = opened.page
    expect(page.get_by_role("region", name="Subscriptions").get_by_role("listitem")).to_have_count(5)
    expect(page.get_by_role("region", name="Payment schedules").get_by_role("link", name="Server room, paid in six")).to_be_visible()
    with page.expect_download() as download:
        page.get_by_role("region", name="Recent payments").get_by_role("button", name=re.compile("Download invoice")).nth(1).click()
    assert download.value.suggested_filename.endswith(".pdf")
    page.get_by_role("link", name=re.compile("^Total due")).click()
    opened.heading("Payments")


def test_another_default_is_chosen_and_a_method_is_deleted_on_the_summary(visit: Callable[..., Visit]) -> None:
    opened = visit("aroha")
    opened.open("/payments")
    opened.heading("Payments")
    page = opened.page
    page.get_by_role("button", name="Add a payment method").click()
    page.get_by_role("radio", name="Mastercard that pays").check()
    page.get_by_role("dialog").get_by_role("button", name="Add", exact=True).click()
    expect(page.get_by_role("status").filter(has_text="Mastercard ending in 4444 is added.")).to_be_visible()
    opened.open("/")
    methods = page.get_by_role("region", name="Payment methods")
    methods.get_by_role("button", name="Make default: Mastercard ending in 4444").click()
    expect(methods.get_by_role("listitem").filter(has_text="Mastercard").get_by_text("Default", exact=True)).to_be_visible()
    methods.get_by_role("button", name="Delete: Mastercard ending in 4444").click()
    dialog = page.get_by_role("dialog")
    if dialog.get_by_label("Replaced by").count():
        dialog.get_by_label("Replaced by").select_option(index=1)
    dialog.get_by_role("button", name="Delete").click()
    expect(page.get_by_role("status").filter(has_text="Mastercard ending in 4444 is deleted.")).to_be_visible()
    expect(methods.get_by_text("Mastercard ending in 4444")).to_have_count(0)


def test_everything_due_in_a_currency_is_paid_by_one_payment(visit: Callable[..., Visit]) -> None:
    opened = visit("olga")
    opened.open("/")
    page = opened.page
    page.get_by_role("button", name=re.compile("^Pay all due")).first.click()
    dialog = page.get_by_role("dialog", name="Pay everything that is due")
    dialog.get_by_role("button", name="Use a new method").click()
    page.get_by_role("radio", name="Visa that pays").check()
    page.get_by_role("dialog").get_by_role("button", name="Add", exact=True).click()
    dialog.get_by_role("button", name=re.compile("^Pay €")).click()
    expect(page.get_by_role("status").filter(has_text="your payment has arrived")).to_be_visible()
    expect(page.get_by_role("button", name=re.compile("^Pay all due"))).to_have_count(0)


@pytest.mark.parametrize("person", ["kai", "ada"])
def test_what_is_charged_is_what_the_button_and_the_dialog_say(visit: Callable[..., Visit], person: str) -> None:
    """Both have a payment under way, or credit, so that less is charged than is due."""
    opened = visit(person)
    opened.open("/")
    page = opened.page
    button = page.get_by_role("button", name=re.compile(r"^Pay all due: (US)?\$"))
    amount = button.inner_text().removeprefix("Pay all due: ")
    due = page.get_by_role("link", name=re.compile("^Total due"))
    expect(due).to_contain_text("$")
    assert amount not in due.inner_text()
    button.click()
    dialog = page.get_by_role("dialog", name="Pay everything that is due")
    dialog.get_by_role("button", name="Use a new method").click()
    page.get_by_role("radio", name="Visa that pays").check()
    page.get_by_role("dialog").get_by_role("button", name="Add", exact=True).click()
    with page.expect_response(lambda answer: '"payAllDue"' in answer.text()) as answer:
        dialog.get_by_role("button", name=f"Pay {amount}", exact=True).click()
    charged = answer.value.json()["data"]["payAllDue"]["payment"]["amount"]["amount"]
    assert f"{float(charged):,.2f}" == amount.partition("$")[2]
    expect(page.get_by_role("status").filter(has_text="your payment has arrived")).to_be_visible()
    expect(button).to_have_count(0)


def test_what_is_in_payment_as_a_whole_is_not_offered(visit: Callable[..., Visit]) -> None:
    opened = visit("kenji")
    opened.open("/")
    opened.heading(re.compile("^Hello, Kenji"))
    expect(opened.page.get_by_role("link", name=re.compile("^Total due"))).to_contain_text("176,000")
    expect(opened.page.get_by_role("button", name=re.compile("^Pay"))).to_have_count(0)


def test_credit_that_pays_all_needs_no_payment_method(visit: Callable[..., Visit]) -> None:
    opened = visit("aroha")
    page = opened.page
    sent: list[dict[str, Any]] = []

    def answer(route: Route) -> None:
        body = route.request.post_data or ""
        if '"currency"' in body:
            sent.append(json.loads(body)["variables"]["input"])
            route.fulfill(json={"data": {"payAllDue": {"replayed": False, "userErrors": [], "payment": None, "clientAction": None}}})
            return
        response = route.fetch()
        answered = response.json()
        summary = ((answered.get("data") or {}).get("customer") or {}).get("summary") or {}
        if "payable" in summary:
            summary["payable"] = [{"__typename": "Money", "amount": "0.00", "currency": "EUR"}]
        route.fulfill(json=answered)

    page.route("**/graphql*", lambda route: route.continue_() if is_stream(route.request) else answer(route))
    opened.open("/")
    page.get_by_role("button", name="Pay all due in EUR with your credit").click()
    dialog = page.get_by_role("dialog", name="Pay everything that is due")
    expect(dialog.get_by_text("Nothing is charged.")).to_be_visible()
    expect(dialog.get_by_role("radio")).to_have_count(0)
    dialog.get_by_role("button", name="Pay with your credit").click()
    expect(page.get_by_role("status").filter(has_text="Paid with your credit.")).to_be_visible()
    expect(dialog).to_have_count(0)
    opened.idle()
    assert [(one["currency"], one["paymentMethodId"]) for one in sent] == [("EUR", None)]


def test_the_customer_with_nothing_sees_a_whole_page(visit: Callable[..., Visit]) -> None:
    opened = visit("empty")
    opened.open("/")
    opened.heading("Hello, Emma Pty")
    for text in (
        "You have no subscriptions.",
        "You have no active payment schedule.",
        "You have not paid anything yet.",
        "You have not added a payment method.",
    ):
        expect(opened.page.get_by_text(text)).to_be_visible()
    expect(opened.page.get_by_role("button", name=re.compile("^Pay"))).to_have_count(0)
