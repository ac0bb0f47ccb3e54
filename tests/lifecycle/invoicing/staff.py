"""Calls of staff on a customer's invoices and money."""

from datetime import timedelta
from typing import Any

from auth.viewer import Viewer
from jobs.clock import Billing, tick
from payments.processor import ChargeResult, OutcomeUnknown, RefundRequest
from payments.sandbox import Sandbox
from tests.conftest import STAFF
from tests.lifecycle.conftest import Life

INVOICE = "invoice { id status number dueOn memo collectionMethod isOverdue version total { amount } amountRemaining { amount } }"
SELECTED = {
    "createInvoice": INVOICE,
    "voidInvoice": INVOICE,
    "writeOffInvoice": INVOICE,
    "creditInvoice": f"{INVOICE} creditNote {{ id number total {{ amount }} }} refund {{ id status }}",
    "refundPayment": "payment { id status refunded { amount } refundable { amount } } refund { id status amount { amount } }",
    "recordPayment": f"{INVOICE} payment {{ id status receivedOn reference methodSnapshot {{ kind }} }} installment {{ status }}",
    "adjustBalance": "customer { id }",
    "retryNow": f"{INVOICE} payment {{ id status declineCode }}",
    "extendDueDate": f"{INVOICE} installment {{ id dueOn status }}",
    "promiseToPay": f"{INVOICE} ",
}
PARTS = "parts { amount { amount } invoice { id } installment { id } }"
CREDIT = (
    "total { amount } tax { amount } amountReleased { amount } amountRefunded { amount } amountToBalance { amount } amountRemaining { amount } payment { id }"
)
PREVIEWED = {
    "createInvoice": "dueOn chargedAt total { amount } tax { amount } creditUsed { amount } amountRemaining { amount } lines { description taxRate total { amount } }",
    "creditInvoice": f"{CREDIT} lines {{ description taxRate total {{ amount }} }}",
    "refundPayment": f"amount {{ amount }} {PARTS}",
    "recordPayment": f"amount {{ amount }} receivedOn {PARTS} toAccount {{ amount }} toBalance {{ amount }}",
}


def usd(amount: str) -> dict[str, str]:
    return {"amount": amount, "currency": "USD"}


def line(amount: str = "100.00", **more: Any) -> dict[str, Any]:
    return {"description": "Work", "quantity": 1, "unitAmount": usd(amount), "taxRate": "0"} | more


class RefundSandbox(Sandbox):
    """A sandbox whose refunds have these results, one after the other; None: the answer is lost after the refund was made."""

    def __init__(self, *results: ChargeResult | None) -> None:
        super().__init__("secret")
        self.results = list(results)

    async def refund(self, refund: RefundRequest) -> ChargeResult:
        if not self.results:
            return await super().refund(refund)
        result = self.results.pop(0)
        if result is None:
            await super().refund(refund)
            raise OutcomeUnknown
        self._count_call("refund", refund.key)
        return result


async def call(life: Life, mutation: str, viewer: Viewer = STAFF, **arguments: Any) -> dict[str, Any]:
    """Call a mutation as staff and return its payload."""
    life.keys += 1
    sent = {"idempotencyKey": f"{life.customer_id} {life.keys}"} | arguments
    name = mutation[0].upper() + mutation[1:] + "Input"
    text = f"mutation M($i: {name}!) {{ {mutation}(input: $i) {{ {SELECTED[mutation]} replayed userErrors {{ code path message }} }} }}"
    payload: dict[str, Any] = (await life.ask(text, viewer, i=sent))[mutation]
    return payload


async def done(life: Life, mutation: str, **arguments: Any) -> dict[str, Any]:
    """Call a mutation that is not refused."""
    payload = await call(life, mutation, **arguments)
    assert payload["userErrors"] == [], payload
    return payload


async def refused(life: Life, mutation: str, **arguments: Any) -> tuple[str, str | None]:
    """Return the code and the path of a refusal, after nothing was written."""
    before = await everything(life)
    (error,) = (await call(life, mutation, **arguments))["userErrors"]
    assert await everything(life) == before
    return error["code"], ".".join(error["path"][1:]) if error["path"] else None


async def preview(life: Life, mutation: str, **arguments: Any) -> dict[str, Any]:
    name = mutation[0].upper() + mutation[1:]
    text = f"query P($i: {name}Input!) {{ preview{name}(input: $i) {{ preview {{ previewToken {PREVIEWED[mutation]} }} userErrors {{ code path message }} }} }}"
    payload: dict[str, Any] = (await life.ask(text, STAFF, i={"idempotencyKey": "-"} | arguments))[f"preview{name}"]
    return payload


async def clock(life: Life, **later: float) -> None:
    """Run a pass of the billing clock after this time."""
    life.now += timedelta(**later)
    assert (await tick(Billing(life.database, {"sandbox": life.sandbox}, concurrency=1), life.now)).failures == 0


async def create(life: Life, amount: str = "100.00", **more: Any) -> str:
    """Issue an invoice and return its id."""
    identifier: str = (await done(life, "createInvoice", customerId=life.customer_id, lines=[line(amount)], **more))["invoice"]["id"]
    return identifier


async def everything(life: Life) -> dict[str, list[Any]]:
    """Return all rows of the customer's money."""
    rows: dict[str, list[Any]] = await life.everything()
    for table in ("credit_note", "credit_note_line", "refund", "refund_allocation", "refund_request", "document_snapshot", "installment", "payment_schedule"):
        rows[table] = sorted(await life.rows(table), key=str)
    return rows
