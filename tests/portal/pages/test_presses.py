"""An answer that is an error of the server, or of a proxy, after the order was made: the next press sends the same key."""

import json
import re
from collections.abc import Callable

import pytest
from playwright.sync_api import Route, expect

from tests.portal.pages.test_payments import Visit


@pytest.mark.parametrize("answer", ["proxy", "server"])
def test_an_error_after_the_order_leads_to_one_order(visit: Callable[..., Visit], answer: str) -> None:
    opened = visit("greta")
    opened.open("/subscriptions")
    page = opened.page
    page.get_by_role("button", name="Add a plan").click()
    dialog = page.get_by_role("dialog", name="Add a plan")
    dialog.get_by_role("radio", name=re.compile("€")).first.check()
    expect(dialog.get_by_role("region", name="What will happen")).to_be_visible()
    cut: list[str] = []

    def fail_after_it_was_done(route: Route) -> None:
        if "previewToken" in (route.request.post_data or "") and not cut:
            cut.append("")
            done = route.fetch()
            assert done.json()["data"]["addPlan"]["userErrors"] == [], done.text()
            if answer == "proxy":
                route.fulfill(status=504, content_type="text/html", body="<h1>504 Gateway Time-out</h1>")
            else:
                error = {"message": "A bug.", "path": ["addPlan"], "extensions": {"code": "INTERNAL_SERVER_ERROR", "reference": "x"}}
                route.fulfill(status=500, content_type="application/json", body=json.dumps({"data": None, "errors": [error]}))
        else:
            route.continue_()

    page.route("**/graphql", fail_after_it_was_done)
    dialog.get_by_role("button", name="Add plan").click()
    expect(dialog.get_by_role("alert")).to_be_visible()
    dialog.get_by_role("button", name="Add plan").click()
    expect(page.get_by_role("status").filter(has_text=re.compile("The plan is added|Your payment is on its way"))).to_be_visible()
    sent = [body["variables"]["input"] for body in opened.data_requests if "previewToken" in body.get("variables", {}).get("input", {})]
    assert len({pressed["idempotencyKey"] for pressed in sent}) == 1
