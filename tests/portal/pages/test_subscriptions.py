"""The pages of subscriptions: every action shows its preview first, and then happens as it was shown."""

import re
from collections.abc import Callable

import pytest
from playwright.sync_api import Locator, expect

from tests.portal.pages.conftest import Visit

pytestmark = pytest.mark.in_turns(3)


def card(opened: Visit, plan: str, status: str) -> Locator:
    return opened.page.get_by_role("listitem").filter(has=opened.page.get_by_role("heading", name=plan, exact=True)).filter(has_text=status).first


def open_subscription(opened: Visit, plan: str, status: str) -> None:
    opened.open("/subscriptions")
    card(opened, plan, status).get_by_role("link").click()
    opened.heading(plan)


def act(opened: Visit, action: str) -> Locator:
    """Open the dialog of an action, and return it once it shows its preview."""
    opened.page.get_by_role("button", name=action, exact=True).click()
    return opened.page.get_by_role("dialog", name=action)


def confirm(opened: Visit, dialog: Locator, button: str, done: str) -> None:
    expect(dialog.get_by_role("region", name="What will happen")).to_contain_text("To pay now")
    dialog.get_by_role("button", name=button, exact=True).click()
    expect(opened.page.get_by_role("status").filter(has_text=done)).to_be_visible()
    expect(dialog).to_have_count(0)


def test_cards_are_filtered_and_paged_for_the_customer_with_500(visit: Callable[..., Visit]) -> None:
    opened = visit("big")
    opened.open("/subscriptions")
    page = opened.page
    expect(page.get_by_text("500 subscriptions")).to_be_visible()
    expect(page.locator("ul.cards > li")).to_have_count(20)
    first = page.locator("ul.cards > li a").first.get_attribute("href")
    page.get_by_role("button", name="Next").click()
    expect(page.get_by_text("Page 2")).to_be_visible()
    expect(page.locator("ul.cards > li a").first).not_to_have_attribute("href", first or "")
    page.get_by_role("button", name="Previous").click()
    expect(page.locator("ul.cards > li a").first).to_have_attribute("href", first or "")
    page.get_by_label("Status").select_option("CANCELED")
    expect(page.get_by_text("500 subscriptions")).to_have_count(0)


def test_the_plan_is_changed_from_the_card_as_its_preview_says(visit: Callable[..., Visit]) -> None:
    opened = visit("ada")
    opened.open("/subscriptions")
    card(opened, "Team", "Active").get_by_role("button", name="Change plan of Team").click()
    dialog = opened.page.get_by_role("dialog", name="Change plan")
    expect(dialog.get_by_role("button", name="Change plan")).to_be_disabled()
    dialog.get_by_role("radio", name=re.compile("^Business US.99.00 each month")).check()
    expect(dialog.get_by_role("region", name="What will happen")).to_contain_text("Invoice")
    confirm(opened, dialog, "Change plan", "Your plan is changed.")
    sent = [body for body in opened.data_requests if "previewToken" in body.get("variables", {}).get("input", {})]
    assert len(sent) == 1
    assert sent[0]["variables"]["input"]["previewToken"]
    assert sent[0]["variables"]["input"]["expectedVersion"]


def test_a_plan_is_added(visit: Callable[..., Visit]) -> None:
    opened = visit("greta")
    opened.open("/subscriptions")
    opened.page.get_by_role("button", name="Add a plan").click()
    dialog = opened.page.get_by_role("dialog", name="Add a plan")
    dialog.get_by_role("radio", name=re.compile("€")).first.check()
    confirm(opened, dialog, "Add plan", "")


def test_a_pause_is_set_and_withdrawn(visit: Callable[..., Visit]) -> None:
    opened = visit("ada")
    open_subscription(opened, "Starter", "Active")
    confirm(opened, act(opened, "Pause"), "Pause", "Your pause is set.")
    expect(opened.page.get_by_text(re.compile("^Pauses on"))).to_be_visible()
    confirm(opened, act(opened, "Withdraw the scheduled change"), "Withdraw", "The change is withdrawn.")
    expect(opened.page.get_by_text(re.compile("^Pauses on"))).to_have_count(0)


def test_it_is_suspended_and_resumed(visit: Callable[..., Visit]) -> None:
    opened = visit("ada")
    open_subscription(opened, "Business", "Active")
    confirm(opened, act(opened, "Suspend"), "Suspend now", "The subscription is suspended.")
    confirm(opened, act(opened, "Resume"), "Resume", "The subscription continues.")


def test_the_quantity_is_changed(visit: Callable[..., Visit]) -> None:
    opened = visit("ada")
    open_subscription(opened, "Starter", "Active")
    dialog = act(opened, "Change quantity")
    dialog.get_by_label("Quantity").fill("4")
    confirm(opened, dialog, "Change quantity", "The quantity is changed.")


def test_a_coupon_that_does_not_exist_is_refused_in_words_and_what_was_typed_stays(visit: Callable[..., Visit]) -> None:
    opened = visit("ada")
    open_subscription(opened, "Business", "Trial")
    dialog = act(opened, "Apply a coupon")
    dialog.get_by_label("Coupon code").fill("NOTHING")
    expect(dialog.get_by_role("alert")).to_have_text("This code is not valid here.")
    expect(dialog.get_by_label("Coupon code")).to_have_value("NOTHING")
    expect(dialog.get_by_role("button", name="Apply", exact=True)).to_be_disabled()


def test_a_coupon_is_applied_after_its_preview_and_then_shown(visit: Callable[..., Visit]) -> None:
    opened = visit("ada")
    open_subscription(opened, "Enterprise support", "Active")
    expect(opened.page.get_by_text("20 % off the first invoice")).to_have_count(0)
    dialog = act(opened, "Apply a coupon")
    dialog.get_by_label("Coupon code").fill("WELCOME20")
    confirm(opened, dialog, "Apply", "The coupon is applied.")
    assert opened.documents[-3:] == ["PreviewApplyCoupon", "ApplyCoupon", "Subscription"]
    expect(opened.page.get_by_text("20 % off the first invoice")).to_be_visible()
    expect(opened.page.get_by_role("button", name="Apply a coupon")).to_be_disabled()
    expect(opened.page.get_by_role("button", name="Remove the coupon")).to_be_enabled()


def test_a_coupon_is_removed(visit: Callable[..., Visit]) -> None:
    opened = visit("tina")
    opened.open("/subscriptions")
    opened.heading("Subscriptions")
    links = opened.page.locator("ul.cards h2 a")
    links.first.wait_for()
    for path in [link.get_attribute("href") or "" for link in links.all()]:
        opened.open(path)
        opened.page.get_by_role("heading", name="What you can do").wait_for()
        if opened.page.get_by_role("button", name="Remove the coupon").is_enabled():
            break
    confirm(opened, act(opened, "Remove the coupon"), "Remove", "The coupon is removed.")


def test_a_cancellation_asks_for_the_reason_offers_something_else_and_ends_at_the_end_of_the_period(visit: Callable[..., Visit]) -> None:
    opened = visit("ada")
    open_subscription(opened, "Storage add-on", "Active")
    if opened.page.get_by_role("button", name="Withdraw the scheduled change").is_enabled():
        confirm(opened, act(opened, "Withdraw the scheduled change"), "Withdraw", "The change is withdrawn.")
    dialog = act(opened, "Cancel the subscription")
    expect(dialog.get_by_role("region", name="Before you go").get_by_role("button").first).to_be_visible()
    dialog.get_by_label("Reason").select_option("UNUSED")
    dialog.get_by_label("Anything else? (optional)").fill("We moved to paper.")
    confirm(opened, dialog, "Cancel the subscription", "The subscription is canceled.")
    expect(opened.page.get_by_text(re.compile("^Ends on"))).to_be_visible()


def test_a_link_to_an_action_opens_it(visit: Callable[..., Visit]) -> None:
    opened = visit("ada")
    open_subscription(opened, "Team", "Starts later")
    opened.open(f"{opened.page.url.removeprefix(opened.url)}/cancel")
    dialog = opened.page.get_by_role("dialog", name="Cancel the subscription")
    expect(dialog.get_by_role("region", name="What will happen")).to_be_visible()
    dialog.get_by_role("button", name="Keep as it is").click()
    expect(dialog).to_have_count(0)
    assert not opened.page.url.endswith("/cancel")


def test_what_is_not_allowed_has_its_reason_beside_it(visit: Callable[..., Visit]) -> None:
    opened = visit("ada")
    open_subscription(opened, "Business", "Trial")
    expect(opened.page.get_by_role("button", name="Pause", exact=True)).to_be_disabled()
    expect(opened.page.get_by_text("A trial cannot be paused.")).to_be_visible()


def test_somebody_elses_subscription_is_no_page(visit: Callable[..., Visit]) -> None:
    opened = visit("empty")
    opened.open("/subscriptions/sub_01m829w97ne1msh76cygrhecz9")
    opened.heading("There is no such page")
