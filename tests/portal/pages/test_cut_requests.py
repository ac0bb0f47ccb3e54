"""Each request of each flow is cut once, before the gateway has it or after it has worked; the customer presses again or reloads, and it happens once."""

import re
import tempfile
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import count
from pathlib import Path
from typing import Any

import httpx
import pytest
from PIL import Image
from playwright.sync_api import Locator, Page, expect

from tests.portal.pages.conftest import CUSTOMER, LINK, NAMES, REDEEM, Visit

START = "mutation ($input: StartAddPaymentMethodInput!) { startAddPaymentMethod(input: $input) { userErrors { code } setup { reference } } }"
COMPLETE = "mutation ($input: CompleteAddPaymentMethodInput!) { completeAddPaymentMethod(input: $input) { userErrors { code } paymentMethod { id } } }"
INVOICE = "mutation ($input: CreateInvoiceInput!) { createInvoice(input: $input) { userErrors { code } invoice { id } } }"
SUBSCRIBE = "mutation ($input: AddPlanInput!) { addPlan(input: $input) { userErrors { code } subscription { id } } }"
PRICES = "query { plans(first: 50) { nodes { name prices { id interval unitAmount { currency } } } } }"
EFFECTS = """query ($id: ID!) { node(id: $id) { ... on Customer {
  payments(first: 9) { nodes { id } } paymentMethods(first: 9) { nodes { id } }
  subscriptions(first: 5) { nodes { id history(first: 20) { nodes { kind } } } }
  invoices(first: 9) { nodes { id attachments(first: 9) { nodes { id } } } } } } }"""

Send = Callable[[str, dict[str, Any]], Any]
NUMBERS = count(1)


@dataclass(frozen=True)
class Flow:
    """What a customer does on a page: open a dialog, choose, and confirm."""

    path: str
    open: str
    confirm: str
    done: str
    # The documents up to the one that has the effect, and those by which the page is shown again afterwards.
    documents: tuple[str, ...]
    refetched: tuple[str, ...]
    # What is more afterwards.
    effect: dict[str, int]
    choose: Callable[[Page], None] = lambda page: None
    # What shows the customer after a reload that it was done; without it, the customer does the same again.
    evidence: str | None = None


def choose_radio(name: str) -> Callable[[Page], None]:
    return lambda page: page.get_by_role("dialog").get_by_role("radio", name=re.compile(name)).first.check()


def choose_coupon(page: Page) -> None:
    page.get_by_role("dialog").get_by_label("Coupon code").fill("WELCOME20")


FLOWS = {
    "pay an invoice": Flow(
        "/invoices/{invoice}", r"^Pay \D", r"^Pay \D", "your payment has arrived", ("PaymentMethods", "PayInvoice"), ("Invoice",), {"payments": 1}
    ),
    "pay all due": Flow("/", "^Pay all due", r"^Pay \D", "your payment has arrived", ("PaymentMethods", "PayAllDue"), ("Summary",), {"payments": 1}),
    "change the plan": Flow(
        "/subscriptions/{subscription}",
        "^Change plan$",
        "^Change plan$",
        "Your plan is changed",
        ("PreviewChangePlan", "ChangePlan"),
        ("Subscription",),
        {"payments": 1, "invoices": 1, "PLAN_CHANGED": 1},
        choose_radio("^Team US.29.00 each month"),
        evidence="Team",
    ),
    "add a plan": Flow(
        "/subscriptions",
        "^Add a plan$",
        "^Add plan$",
        "The plan is added",
        ("PreviewAddPlan", "AddPlan"),
        ("Subscriptions",),
        {"payments": 1, "invoices": 1, "subscriptions": 1, "CREATED": 1, "ACTIVATED": 1},
        choose_radio("^Storage add-on US.5.00 each month"),
    ),
    "cancel": Flow(
        "/subscriptions/{subscription}",
        "^Cancel the subscription$",
        "^Cancel the subscription$",
        "The subscription is canceled",
        ("PreviewCancelSubscription", "CancelSubscription"),
        ("Subscription",),
        {"CHANGE_SCHEDULED": 1},
    ),
    "apply a coupon": Flow(
        "/subscriptions/{subscription}",
        "^Apply a coupon$",
        "^Apply$",
        "The coupon is applied",
        ("PreviewApplyCoupon", "ApplyCoupon"),
        ("Subscription",),
        {"COUPON_APPLIED": 1},
        choose_coupon,
    ),
    "add a method": Flow(
        "/payments",
        "^Add a payment method$",
        "^Add$",
        "Mastercard ending in 4444 is added",
        ("StartAddPaymentMethod", "CompleteAddPaymentMethod"),
        ("Payments",),
        {"methods": 1},
        choose_radio("^Mastercard that pays"),
        evidence="Mastercard ending in 4444",
    ),
}
UPLOAD = Flow("/invoices/{invoice}", "", "", "1 file is added", ("UploadAttachments",), ("Invoice",), {"attachments": 1}, evidence="front.png")
FLOWS["upload"] = UPLOAD

CASES = [
    pytest.param(flow, document, stage, recovery, id=f"{name}-{document}-{stage}-{recovery}")
    for name, flow in FLOWS.items()
    for document in flow.documents + flow.refetched
    for stage in ("before", "after")
    for recovery in ("press", "reload")
]


class Cut:
    """The first request for data with this document fails, before it is sent or when its answer comes."""

    def __init__(self, page: Page, document: str, stage: str) -> None:
        self.document, self.is_done = document, False
        self.page = page
        self.devtools = page.context.new_cdp_session(page)
        self.devtools.on("Fetch.requestPaused", self._decide)
        pattern = {"urlPattern": "*/graphql", "requestStage": "Request" if stage == "before" else "Response"}
        self.devtools.send("Fetch.enable", {"patterns": [pattern]})

    def _decide(self, event: dict[str, Any]) -> None:
        match = re.search(r"sha256:[0-9a-f]{64}", event["request"].get("postData", ""))
        name = NAMES[match[0]] if match else "UploadAttachments"
        if name == self.document and not self.is_done and event["request"]["method"] == "POST":
            self.is_done = True
            self.devtools.send("Fetch.failRequest", {"requestId": event["requestId"], "errorReason": "Failed"})
        else:
            self.devtools.send("Fetch.continueRequest", {"requestId": event["requestId"]})

    def wait(self) -> None:
        for _ in range(600):
            if self.is_done:
                return
            self.page.wait_for_timeout(50)
        raise AssertionError(f"{self.document} was not sent")


@pytest.fixture(scope="module")
def prices(staff: Send) -> dict[str, str]:
    """The ids of the monthly prices in dollars, by the name of the plan."""
    plans = staff(PRICES, {})["nodes"]
    return {
        plan["name"]: price["id"] for plan in plans for price in plan["prices"] if price["interval"] == "MONTH" and price["unitAmount"]["currency"] == "USD"
    }


@pytest.fixture(scope="module")
def picture() -> Iterator[Path]:
    with tempfile.TemporaryDirectory(prefix="portico-picture-") as folder:
        path = Path(folder) / "front.png"
        Image.new("RGB", (40, 30), "teal").save(path)
        yield path


@dataclass
class Customer:
    """A new customer with a card, an unpaid invoice or a subscription, and a session."""

    ids: dict[str, str]
    session: dict[str, Any]


@pytest.fixture
def new_customer(staff: Send, prices: dict[str, str], url: str) -> Callable[[Flow], Customer]:
    def send(document: str, **arguments: Any) -> Any:
        payload = staff(document, {"input": arguments})
        assert payload.get("userErrors", []) == [], payload
        return payload

    def make(flow: Flow) -> Customer:
        number = next(NUMBERS)
        identifier = send(CUSTOMER, email=f"cut{number}@example.com", name=f"Customer {number}", currency="USD", locale="en-GB")["customer"]["id"]
        ids = {"customer": identifier}
        setup = send(START, customerId=identifier)["setup"]["reference"]
        send(COMPLETE, customerId=identifier, reference=f"{setup}.visa", makeDefault=True)
        if "{subscription}" in flow.path:
            added = send(SUBSCRIBE, customerId=identifier, priceId=prices["Storage add-on"], idempotencyKey=f"subscription {number}")
            ids["subscription"] = added["subscription"]["id"]
        if "{invoice}" in flow.path or flow.path == "/":
            line = {"description": "Work", "quantity": 1, "unitAmount": {"amount": "12.00", "currency": "USD"}}
            due = (datetime.now(UTC) - timedelta(days=2)).date().isoformat()
            created = send(INVOICE, customerId=identifier, lines=[line], dueOn=due, backdated=True, idempotencyKey=f"invoice {number}")
            ids["invoice"] = created["invoice"]["id"]
        token = str(send(LINK, customerId=identifier)["link"]["url"]).partition("token=")[2]
        body = {"query": REDEEM, "variables": {"input": {"token": token}}}
        session = httpx.post(f"{url}/graphql", json=body, timeout=30).json()["data"]["redeemPortalLink"]["tokens"]
        return Customer(ids, session)

    return make


@pytest.fixture
def effects(staff: Send) -> Callable[[Customer], Counter[str]]:
    """A function that counts what a customer has, as staff see it."""

    def counted(customer: Customer) -> Counter[str]:
        node = staff(EFFECTS, {"id": customer.ids["customer"]})
        events = Counter(event["kind"] for subscription in node["subscriptions"]["nodes"] for event in subscription["history"]["nodes"])
        lists = {
            name: len(node[field]["nodes"]) for name, field in (("payments", "payments"), ("methods", "paymentMethods"), ("subscriptions", "subscriptions"))
        }
        attachments = sum(len(invoice["attachments"]["nodes"]) for invoice in node["invoices"]["nodes"])
        return Counter(lists) + events + Counter(invoices=len(node["invoices"]["nodes"]), attachments=attachments)

    return counted


def opener(page: Page, flow: Flow) -> Locator:
    return page.get_by_role("main").get_by_role("button", name=re.compile(flow.open))


def confirmation(page: Page, flow: Flow) -> Locator:
    return page.get_by_role("dialog").get_by_role("button", name=re.compile(flow.confirm), disabled=False)


def done(page: Page, flow: Flow) -> Locator:
    return page.locator(".toasts").filter(has_text=re.compile(flow.done))


def retry(page: Page) -> Locator:
    return page.get_by_role("button", name="Try again")


def begin(page: Page, flow: Flow, picture: Path) -> None:
    """Do everything up to the confirmation."""
    if flow is UPLOAD:
        page.set_input_files("input[type=file]", [picture])
        return
    opener(page, flow).first.click()
    expect(page.get_by_role("dialog")).to_be_visible()
    flow.choose(page)


def press_until_done(page: Page, flow: Flow) -> None:
    """Confirm, and press again whatever the page offers after the request that was cut."""
    if flow is not UPLOAD:
        expect(confirmation(page, flow).or_(retry(page)).first).to_be_visible()
        if retry(page).is_visible():
            retry(page).click()
        expect(confirmation(page, flow)).to_be_visible()
        confirmation(page, flow).click()
    expect(done(page, flow).or_(page.get_by_role("alert")).first).to_be_visible()
    again = retry(page) if flow is UPLOAD else confirmation(page, flow)
    # An alert may be of the page, whose load was cut: then what was done is said a moment later.
    expect(done(page, flow).or_(again).first).to_be_visible()
    if not done(page, flow).is_visible():
        again.click()
        expect(done(page, flow)).to_be_visible()


def reload_after(cut: Cut, flow: Flow) -> None:
    """Reload the page as soon as the request is cut."""
    page = cut.page
    opens_dialog = cut.document == flow.documents[0] and cut.document.startswith(("PaymentMethods", "Preview"))
    if flow is not UPLOAD and not opens_dialog:
        confirmation(page, flow).click()
    cut.wait()
    page.reload()
    settle(page)


def settle(page: Page) -> None:
    expect(page.get_by_role("heading", level=1)).to_be_visible()
    expect(page.locator(".skeleton")).to_have_count(0)


def is_offered_again(page: Page, flow: Flow) -> bool:
    """Whether a customer who saw no confirmation would do it again: the page offers it, and does not show that it was done."""
    if flow.evidence and page.get_by_role("main").get_by_text(flow.evidence, exact=False).count() > 0:
        return False
    return flow is UPLOAD or (opener(page, flow).count() > 0 and opener(page, flow).first.is_enabled())


def visited(visit: Callable[..., Visit], customer: Customer, flow: Flow) -> Visit:
    opened = visit(session=customer.session)
    opened.open(flow.path.format(**customer.ids))
    settle(opened.page)
    return opened


@pytest.mark.in_turns(2)
@pytest.mark.parametrize("name", FLOWS)
def test_without_a_cut_a_flow_sends_these_documents_and_has_this_effect(
    visit: Callable[..., Visit], new_customer: Callable[[Flow], Customer], effects: Callable[[Customer], Counter[str]], picture: Path, name: str
) -> None:
    """The control of the test below: no request is left out."""
    flow = FLOWS[name]
    customer = new_customer(flow)
    before = effects(customer)
    opened = visited(visit, customer, flow)
    sent = len(opened.documents)
    begin(opened.page, flow, picture)
    press_until_done(opened.page, flow)
    opened.idle()
    assert set(opened.documents[sent:]) - {"Downloads"} == {*flow.documents, *flow.refetched}
    assert effects(customer) - before == Counter(flow.effect)


@pytest.mark.in_turns(12)
@pytest.mark.parametrize(("flow", "document", "stage", "recovery"), CASES)
def test_whatever_request_is_cut_it_happens_once(
    visit: Callable[..., Visit],
    new_customer: Callable[[Flow], Customer],
    effects: Callable[[Customer], Counter[str]],
    picture: Path,
    flow: Flow,
    document: str,
    stage: str,
    recovery: str,
) -> None:
    customer = new_customer(flow)
    before = effects(customer)
    opened = visited(visit, customer, flow)
    page = opened.page
    cut = Cut(page, document, stage)
    begin(page, flow, picture)
    if recovery == "press":
        press_until_done(page, flow)
        cut.wait()
    else:
        reload_after(cut, flow)
        if document not in flow.refetched and is_offered_again(page, flow):
            begin(page, flow, picture)
            press_until_done(page, flow)
    assert effects(customer) - before == Counter(flow.effect)
