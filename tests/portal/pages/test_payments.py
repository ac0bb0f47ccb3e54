"""The Payments page and the invoice: what is to be paid is paid once, whatever happens to the line."""

import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from uuid import uuid4

import httpx
import pytest
from playwright.sync_api import Page, Route, expect

from tests.portal.pages.conftest import LiveCustomer, Visit

pytestmark = pytest.mark.in_turns(3)

CREATE_INVOICE = "mutation ($input: CreateInvoiceInput!) { createInvoice(input: $input) { userErrors { code path } invoice { id } } }"
CREATE_SCHEDULE = "mutation ($input: CreatePaymentScheduleInput!) { createPaymentSchedule(input: $input) { userErrors { code path } paymentSchedule { id } } }"
ADJUST = "mutation ($input: AdjustBalanceInput!) { adjustBalance(input: $input) { userErrors { code path } customer { id } } }"


def open_unpaid(opened: Visit) -> None:
    """Open the first invoice that may be paid."""
    opened.open("/payments")
    opened.page.get_by_role("region", name="To pay").get_by_role("link", name="Look and pay").first.click()
    opened.heading(re.compile("^Invoice "))


def add_card(page: Page, card: str) -> None:
    page.get_by_role("dialog").get_by_role("button", name="Use a new method").click()
    page.get_by_role("radio", name=card).check()
    page.get_by_role("dialog").get_by_role("button", name="Add", exact=True).click()


def pay(page: Page) -> None:
    page.get_by_role("dialog").get_by_role("button", name=re.compile(r"^Pay \D")).click()


def test_the_history_is_filtered_and_paged_for_the_customer_with_5000_payments(visit: Callable[..., Visit]) -> None:
    opened = visit("big")
    opened.open("/payments")
    page = opened.page
    history = page.get_by_role("region", name="Payment history")
    expect(history.get_by_role("listitem")).to_have_count(20)
    history.get_by_role("button", name="Next").click()
    expect(history.get_by_text("Page 2")).to_be_visible()
    history.get_by_label("Status").select_option("FAILED")
    expect(history.get_by_text("Page 2")).to_have_count(0)
    expect(history.locator(".pill", has_text="Paid")).to_have_count(0)


def test_an_invoice_shows_its_lines_and_is_paid_with_a_saved_method(visit: Callable[..., Visit]) -> None:
    opened = visit("ada")
    open_unpaid(opened)
    page = opened.page
    expect(page.get_by_role("table").get_by_role("row", name=re.compile("^Left to pay"))).to_be_visible()
    page.get_by_role("button", name=re.compile(r"^Pay \D")).click()
    pay(page)
    expect(page.get_by_role("status").filter(has_text="your payment has arrived")).to_be_visible()
    expect(page.get_by_role("main").get_by_role("button", name=re.compile(r"^Pay \D"))).to_have_count(0)
    with page.expect_download() as download:
        page.get_by_role("button", name=re.compile("^Download invoice")).click()
    assert download.value.suggested_filename.endswith(".pdf")


def test_a_payment_that_the_bank_asks_to_confirm_is_confirmed(visit: Callable[..., Visit]) -> None:
    opened = visit("kai")
    open_unpaid(opened)
    page = opened.page
    page.get_by_role("button", name=re.compile(r"^Pay \D")).click()
    add_card(page, "Visa that the bank asks to confirm")
    pay(page)
    dialog = page.get_by_role("dialog", name="Confirm with your bank")
    dialog.get_by_role("button", name="Confirm the payment").click()
    expect(page.get_by_role("status").filter(has_text="your payment has arrived")).to_be_visible()


def test_a_declined_payment_is_told_with_its_reason_and_another_method_pays(visit: Callable[..., Visit]) -> None:
    opened = visit("olga")
    open_unpaid(opened)
    page = opened.page
    page.get_by_role("button", name=re.compile(r"^Pay \D")).click()
    add_card(page, "Visa without funds")
    pay(page)
    expect(page.get_by_role("alert")).to_have_text(re.compile("not enough money|was declined"))
    add_card(page, "Visa that pays")
    pay(page)
    expect(page.get_by_role("status").filter(has_text="your payment has arrived")).to_be_visible()


def owed(customer: LiveCustomer, kind: str, amount: str) -> str:
    """Make an invoice, or a schedule of two installments without an invoice, as staff. Returns the path of its page."""
    key, today = uuid4().hex, datetime.now(UTC).date()
    if kind == "invoice":
        line = {"description": "Support", "quantity": 1, "unitAmount": {"amount": amount, "currency": "EUR"}, "taxRate": "0"}
        made = customer.staff(CREATE_INVOICE, {"input": {"customerId": customer.id, "lines": [line], "idempotencyKey": key}})["invoice"]
        return f"/invoices/{made['id']}"
    parts = [{"dueOn": str(today + timedelta(days=days)), "amount": amount} for days in (3, 40)]
    plan = {"customerId": customer.id, "name": "Desk", "currency": "EUR", "invoicing": "NONE", "installments": parts, "idempotencyKey": key}
    return f"/schedules/{customer.staff(CREATE_SCHEDULE, {'input': plan})['paymentSchedule']['id']}"


@pytest.mark.parametrize("kind", ["invoice", "installment"])
@pytest.mark.parametrize("is_all", [False, True], ids=["a part", "all"])
def test_what_credit_pays_is_not_charged_and_the_dialog_says_so(visit: Callable[..., Visit], iris: LiveCustomer, kind: str, is_all: bool) -> None:
    path = owed(iris, kind, "20.00")
    amount = {"amount": "20.00" if is_all else "15.00", "currency": "EUR"}
    iris.staff(ADJUST, {"input": {"customerId": iris.id, "amount": amount, "reason": "Goodwill", "idempotencyKey": uuid4().hex}})
    opened = visit(session=iris.session)
    opened.open(path)
    page = opened.page
    press = "Pay with your credit" if is_all else "Pay €5.00"
    page.get_by_role("button", name=press if kind == "invoice" else re.compile("^Pay ")).first.click()
    dialog = page.get_by_role("dialog", name=re.compile("^Pay "))
    said = "Your credit pays all of it. Nothing is charged." if is_all else "€20.00 is left to pay. Your credit pays a part of it, so only €5.00 is charged."
    expect(dialog.get_by_text(said, exact=True)).to_be_visible()
    if not is_all:
        add_card(page, "Visa that pays")
    expect(dialog.get_by_role("radio")).to_have_count(0 if is_all else 1)
    dialog.get_by_role("button", name=press, exact=True).click()
    arrived = "Paid with your credit." if is_all else "your payment has arrived"
    expect(page.get_by_role("status").filter(has_text=arrived)).to_be_visible()
    expect(dialog).to_have_count(0)
    charged = iris.send("{ customer { payments(first: 5) { nodes { amount { amount currency } } } } }")["customer"]["payments"]["nodes"]
    assert [one["amount"] for one in charged] == ([] if is_all else [{"amount": "5.00", "currency": "EUR"}])


def test_a_lost_answer_a_second_press_and_a_reload_lead_to_one_payment(visit: Callable[..., Visit]) -> None:
    """The line is cut after the gateway has the request; what was chosen stays, and the second press has the key of the first."""
    opened = visit("greta")
    opened.open("/subscriptions")
    page = opened.page
    page.get_by_role("button", name="Add a plan").click()
    dialog = page.get_by_role("dialog", name="Add a plan")
    dialog.get_by_role("radio", name=re.compile("€")).first.check()
    expect(dialog.get_by_role("region", name="What will happen")).to_be_visible()
    cut: list[str] = []

    def lose_the_answer(route: Route) -> None:
        if "previewToken" in (route.request.post_data or "") and not cut:
            cut.append(route.request.post_data or "")
            route.fetch()
            route.abort()
        else:
            route.continue_()

    page.route("**/graphql", lose_the_answer)
    count = page.get_by_text(re.compile(r"^\d+ subscriptions?$")).inner_text()
    dialog.get_by_role("button", name="Add plan").click()
    expect(dialog.get_by_role("alert")).to_contain_text("The connection was lost.")
    expect(dialog.get_by_role("radio", checked=True)).to_have_count(1)
    dialog.get_by_role("button", name="Add plan").dblclick()
    expect(page.get_by_role("status").filter(has_text=re.compile("The plan is added|Your payment is on its way"))).to_be_visible()
    sent = [body["variables"]["input"] for body in opened.data_requests if "previewToken" in body.get("variables", {}).get("input", {})]
    assert len({pressed["idempotencyKey"] for pressed in sent}) == 1
    page.reload()
    before = int(count.split()[0])
    expect(page.get_by_text(f"{before + 1} subscriptions")).to_be_visible()


def test_credit_notes_receipts_and_the_statement_of_account_are_downloaded(visit: Callable[..., Visit]) -> None:
    opened = visit("greta")
    opened.open("/payments")
    page = opened.page
    for button in (re.compile("^Download credit note"), re.compile("^Download receipt"), "Download as PDF", "Download as CSV"):
        with page.expect_download() as download:
            page.get_by_role("button", name=button).first.click()
        assert download.value.suggested_filename.endswith((".pdf", ".csv"))


def test_a_refund_is_described_by_its_status(visit: Callable[..., Visit]) -> None:
    opened = visit("greta")
    opened.open("/payments")
    history = opened.page.get_by_role("region", name="Payment history")
    for sentence in (
        r"^€\S+ refunded on ",
        r"^Refund of €\S+ under way since ",
        r"^Refund of €\S+ of .+ failed",
        r"^€\S+ taken back on .+ was received again$",
    ):
        expect(history.get_by_text(re.compile(sentence)).first).to_be_visible()
    expect(history.get_by_text(re.compile(r"refunded on .*(failed|pending|reversed)", re.IGNORECASE))).to_have_count(0)


def test_the_calendar_link_is_made_copied_replaced_and_revoked(visit: Callable[..., Visit]) -> None:
    opened = visit("ada")
    page = opened.page
    page.context.grant_permissions(["clipboard-read", "clipboard-write"], origin=opened.url)
    opened.open("/payments")
    calendar = page.get_by_role("region", name="Calendar")
    calendar.get_by_role("button", name="Create link").click()
    address = calendar.get_by_label("Secret address")
    expect(address).to_have_value(re.compile(r"^http://.*/calendar/[\w-]{43}\.ics$"))
    first = address.input_value()
    expect(calendar.get_by_text("Not read yet.")).to_be_visible()
    assert calendar.get_by_role("link", name="Open in calendar").get_attribute("href") == re.sub("^http:", "webcal:", first)
    calendar.get_by_role("button", name="Copy address").click()
    expect(page.get_by_text("The address is copied.")).to_be_attached()
    assert page.evaluate("navigator.clipboard.readText()") == first
    assert httpx.get(first).text.startswith("BEGIN:VCALENDAR")
    calendar.get_by_role("button", name="Replace link").click()
    expect(address).not_to_have_value(first)
    second = address.input_value()
    assert [httpx.get(url).status_code for url in (first, second)] == [404, 200]
    page.reload()
    expect(address).to_have_value(second)
    expect(calendar.get_by_text("Last read on")).to_be_visible()
    calendar.get_by_role("button", name="Revoke link").click()
    expect(calendar.get_by_role("button", name="Create link")).to_be_visible()
    expect(address).to_be_hidden()
    assert httpx.get(second).status_code == 404


def test_a_busy_gateway_is_waited_for(visit: Callable[..., Visit]) -> None:
    opened = visit("ada")
    refused: list[int] = []

    def be_busy(route: Route) -> None:
        if len(refused) < 1:
            refused.append(503)
            route.fulfill(
                status=503,
                headers={"Retry-After": "1", "Content-Type": "application/json"},
                body='{"errors": [{"message": "busy", "extensions": {"code": "SERVICE_UNAVAILABLE"}}]}',
            )
        else:
            route.continue_()

    opened.page.route("**/graphql", be_busy)
    opened.open("/payments")
    opened.heading("Payments")
    expect(opened.page.get_by_role("region", name="Payment history")).to_be_visible()
    assert refused == [503]
