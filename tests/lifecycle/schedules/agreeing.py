"""Staff's calls about payment schedules, and what the rows then say."""

from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from auth.viewer import Viewer
from billing.states import Actor
from tests.auditing import violations
from tests.lifecycle.conftest import Life
from tests.lifecycle.figures import figures_agree
from tests.lifecycle.payments.test_paying import amounts_agree

# Staff with this one scope: what the database allows them is what schedules need.
SCHEDULER = Viewer(Actor.STAFF, None, ("schedules:write",), "erp")
SHOWS = """paymentSchedule { id externalId metadata name status version invoicing collection total { minorUnits } paid { minorUnits } canceled { minorUnits } remaining { minorUnits }
  subscription { id } availableActions { action allowed reason }
  installments(first: 50) { nodes { id externalId position name dueOn status amount { minorUnits } remaining { minorUnits } invoice { id status dueOn total { minorUnits } } } } }"""


@dataclass(frozen=True)
class Answer:
    """A payload, and what of it tests look at."""

    payload: dict[str, Any]

    @property
    def schedule(self) -> dict[str, Any]:
        assert self.payload["userErrors"] == [], self.payload
        schedule: dict[str, Any] = self.payload["paymentSchedule"]
        return schedule

    @property
    def installments(self) -> list[dict[str, Any]]:
        return self.schedule["installments"]["nodes"]

    @property
    def refusal(self) -> tuple[str, list[str] | None]:
        assert self.payload["paymentSchedule"] is None, self.payload
        (error,) = self.payload["userErrors"]
        return error["code"], error["path"]


def today(life: Life) -> date:
    return life.now.astimezone(ZoneInfo("Europe/Zurich")).date()


def day(life: Life, after: int) -> str:
    return str(today(life) + timedelta(days=after))


def parts(life: Life, *amounts: str, first: int = 0, every: int = 30) -> list[dict[str, Any]]:
    """Installments of these amounts, the first due so many days from today."""
    return [{"dueOn": day(life, first + every * number), "amount": amount} for number, amount in enumerate(amounts)]


async def call(life: Life, mutation: str, viewer: Viewer = SCHEDULER, **arguments: Any) -> Answer:
    life.keys += 1
    name = mutation[0].upper() + mutation[1:]
    text = f"mutation M($i: {name}Input!) {{ {mutation}(input: $i) {{ {SHOWS} replayed userErrors {{ code path }} }} }}"
    return Answer((await life.ask(text, viewer, i={"idempotencyKey": f"{life.customer_id} {life.keys}"} | arguments))[mutation])


async def create(life: Life, *amounts: str, first: int = 0, every: int = 30, **arguments: Any) -> Answer:
    terms = {"customerId": life.customer_id, "name": "Kitchen", "currency": "USD", "invoicing": "PER_INSTALLMENT"} | arguments
    if "equalInstallments" not in arguments and "installments" not in arguments:
        terms["installments"] = parts(life, *amounts, first=first, every=every)
    return await call(life, "createPaymentSchedule", **terms)


async def read_schedule(life: Life, schedule_id: str, viewer: Viewer | None = None) -> dict[str, Any]:
    """The schedule as the customer, or another viewer, reads it."""
    text = f"query Q($id: ID!) {{ node(id: $id) {{ ... on PaymentSchedule {{ {SHOWS.removeprefix('paymentSchedule {').removesuffix('}')} }} }} }}"
    schedule: dict[str, Any] = (await life.ask(text, viewer, id=schedule_id))["node"]
    return schedule


def amounts(schedule: dict[str, Any]) -> tuple[int, int, int, int]:
    """Total, paid, canceled and remaining, in minor units."""
    total, paid, canceled, remaining = (int(schedule[name]["minorUnits"]) for name in ("total", "paid", "canceled", "remaining"))
    return total, paid, canceled, remaining


async def statuses(life: Life) -> tuple[list[str], list[str]]:
    """The statuses of the installments by position, and of the invoices in the order of their issue."""
    installments = sorted(await life.rows("installment"), key=lambda row: row["position"])
    invoices = sorted(await life.rows("invoice"), key=lambda row: (row["issued_at"], row["sequence"] or 0))
    return [row["status"] for row in installments], [row["status"] for row in invoices]


async def all_agree(life: Life) -> None:
    """Amounts, the figures of the Summary page and the statement, and the audit."""
    await amounts_agree(life)
    await figures_agree(life)
    assert await violations(life.admin, {life.customer_id}) == []
