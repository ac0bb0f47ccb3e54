"""What staff and customers see of unpaid invoices."""

from datetime import timedelta
from typing import Any

from tests.conftest import STAFF
from tests.lifecycle.conftest import Life


def day(life: Life, later: int) -> str:
    """Return the day so many days after today, of a customer who lives in UTC."""
    return (life.now.date() + timedelta(days=later)).isoformat()


async def collection(life: Life, identifier: str) -> dict[str, Any]:
    text = 'query I($id: ID!) { node(id: $id) { ... on Invoice { collection { state failedAttempts nextAttemptAt promisedOn message(locale: "en") } } } }'
    state: dict[str, Any] = (await life.ask(text, STAFF, id=identifier))["node"]["collection"]
    return state


async def next_payment(life: Life) -> Any:
    return (await life.ask("{ customer { summary { nextPayment { date kind amount { amount } } } } }"))["customer"]["summary"]["nextPayment"]


async def open_items(life: Life, **arguments: Any) -> list[dict[str, Any]]:
    """Return all open items of the customer, page after page."""
    text = """query O($filter: OpenItemFilter, $sort: OpenItemOrder!, $first: Int, $after: String) { openItems(filter: $filter, sort: $sort, first: $first, after: $after) {
        pageInfo { hasNextPage endCursor } nodes { id kind currency dueOn daysOverdue ageing collection failedAttempts nextAttemptAt promisedOn isInPayment isWrittenOff
        amountOpen { minorUnits } amountOverdue { minorUnits } customer { id } invoice { id } installment { id } } } }"""
    variables = {"sort": "OVERDUE_DAYS", "first": 100} | arguments
    variables["filter"] = {"customerId": life.customer_id} | (arguments.get("filter") or {})
    items: list[dict[str, Any]] = []
    after = None
    while True:
        page = (await life.ask(text, STAFF, **variables, after=after))["openItems"]
        items += page["nodes"]
        after = page["pageInfo"]["endCursor"]
        if not page["pageInfo"]["hasNextPage"]:
            return items
