"""The Summary page, and how a customer comes to it."""

import re
from collections.abc import Callable

from tests.portal.conftest import Visit, playwright_api

expect = playwright_api.expect


def test_a_demo_customer_is_chosen_by_one_click_and_sees_the_summary_by_one_request(visit: Callable[..., Visit]) -> None:
    opened = visit()
    opened.open("/")
    opened.heading("Choose a demo customer")
    opened.page.get_by_role("button", name="Sign in as Ada Lovelace").click()
    opened.heading("Hello, Ada Lovelace")
    figures = opened.page.get_by_role("region", name="Your account at a glance")
    for label in ("Total due", "Overdue", "Balance", "Next payment", "Last payment", "Active subscriptions", "Active payment schedules"):
        expect(figures.get_by_role("link", name=re.compile(f"^{label}"))).to_be_visible()
    sent = opened.data_requests
    assert len(sent) == 2, "the sign-in, and one for the page"
    assert all(re.fullmatch("sha256:[0-9a-f]{64}", body["documentId"]) and "query" not in body for body in sent)
