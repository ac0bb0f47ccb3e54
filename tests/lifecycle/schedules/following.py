"""What installments ask for, computed from invoices: what customers, the Summary page, the calendar and the buttons say of a schedule is compared with it."""

from collections import Counter
from typing import Any

from resolvers.reads.calendars import DAYS_AFTER_END, MAX_ENTRIES
from resolvers.reads.facts import fetch_rows
from tests.lifecycle.conftest import Life
from tests.lifecycle.schedules.agreeing import all_agree, today

PLANS = """{ customer {
  paymentSchedules(first: 20) { nodes { id status isOverdue total { minorUnits } paid { minorUnits } refunded { minorUnits } canceled { minorUnits } remaining { minorUnits }
    collection nextInstallment { id }
    installments(first: 50) { nodes { id dueOn status isOverdue daysOverdue amount { minorUnits } remaining { minorUnits } invoice { id }
      availableActions { action allowed reason } } } } }
  summary { activeSchedules nextPayment { kind amount { minorUnits } source { id } } }
  paymentMethods(first: 5) { nodes { isDefault availableActions { action reason } } } } }"""
PAID = ("PAID", "REFUNDED", "CANCELED")


async def installments_follow(life: Life) -> dict[str, Any]:
    """Assert that all that is shown of schedules agrees with what their invoices ask for. Returns the customer."""
    customer: dict[str, Any] = (await life.ask(PLANS))["customer"]
    open_minor = {
        row["id"]: 0 if row["status"] == "VOID" else row["total_minor"] - row["paid_minor"] - row["credited_minor"] for row in await life.rows("invoice")
    }
    of_invoice, installments = Counter[str](), {}
    for schedule in customer["paymentSchedules"]["nodes"]:
        _check_schedule(life, schedule)
        for one in schedule["installments"]["nodes"]:
            installments[one["id"]] = one
            of_invoice[one["invoice"]["id"] if one["invoice"] else one["id"]] += minor(one, "remaining")
    covering = {one["invoice"]["id"] for one in installments.values() if one["invoice"]}
    assert {key: of_invoice[key] for key in covering} == {key: open_minor[key] for key in covering}, "an installment asks for something else than its invoice"
    _check_next(life, customer, installments)
    await _check_calendar(life, open_minor, installments)
    await all_agree(life)
    return customer


def minor(row: dict[str, Any], name: str) -> int:
    return int(row[name]["minorUnits"])


def _check_schedule(life: Life, schedule: dict[str, Any]) -> None:
    installments = schedule["installments"]["nodes"]
    assert minor(schedule, "total") == sum(minor(schedule, name) for name in ("paid", "refunded", "canceled", "remaining"))
    for name, of in (("total", "amount"), ("remaining", "remaining")):
        assert minor(schedule, name) == sum(minor(one, of) for one in installments)
    for one in installments:
        is_open, is_late = minor(one, "remaining") > 0, one["dueOn"] < str(today(life))
        assert (one["status"] in PAID) is not is_open, one
        assert one["isOverdue"] is (is_open and is_late)
        assert (one["daysOverdue"] > 0) is one["isOverdue"]
        payable = next(action for action in one["availableActions"] if action["action"] == "PAY")
        assert is_open or not payable["allowed"], one
    opened = [one["id"] for one in installments if minor(one, "remaining")]
    assert schedule["isOverdue"] is any(one["isOverdue"] for one in installments)
    assert schedule["status"] == "CANCELED" or schedule["status"] == ("ACTIVE" if opened else "FINISHED")
    assert (schedule["nextInstallment"] or {}).get("id") == (opened[0] if opened else None)


def _check_next(life: Life, customer: dict[str, Any], installments: dict[str, Any]) -> None:
    """The next payment of a manual schedule is that of its first open installment to come; a card is needed while something of an automatic one is left."""
    schedules, coming = customer["paymentSchedules"]["nodes"], customer["summary"]["nextPayment"]
    running = [one for one in schedules if one["status"] == "ACTIVE"]
    assert customer["summary"]["activeSchedules"] == len(running)
    if coming and coming["kind"] == "INSTALLMENT":
        assert 0 < minor(coming, "amount") <= sum(minor(one, "remaining") for one in installments.values())
    if all(one["collection"] == "MANUAL" for one in schedules):
        later = [
            (one["dueOn"], one["id"])
            for one in installments.values()
            if minor(one, "remaining") and one["dueOn"] >= str(today(life)) and one["status"] != "PROCESSING"
        ]
        first = installments[min(later)[1]] if later else None
        assert (coming and (coming["source"]["id"], minor(coming, "amount"))) == (first and (first["id"], minor(first, "remaining")))
    is_needed = any(one["collection"] == "AUTOMATIC" for one in running)
    for method in customer["paymentMethods"]["nodes"]:
        reasons = {action["action"]: action["reason"] for action in method["availableActions"]}
        assert not method["isDefault"] or reasons["DELETE"] == "IN_PROGRESS" or (reasons["DELETE"] == "METHOD_IN_USE") is is_needed, reasons


async def _check_calendar(life: Life, open_minor: dict[str, int], installments: dict[str, Any]) -> None:
    context = life.context()
    try:
        entries = await fetch_rows(context.session, "calendars.entries", customer_id=life.customer_id, days_after_end=DAYS_AFTER_END, wanted=MAX_ENTRIES)
    finally:
        await context.session.close()
    opened = {one.id: one.remaining_minor for one in entries if one.state == "OPEN"}
    written_off = {row["id"] for row in await life.rows("invoice") if row["written_off_at"]}
    ours = {key: one for key, one in installments.items() if not (one["invoice"] and one["invoice"]["id"] in written_off)}
    assert {key: opened.get(key, 0) for key in ours} == {key: minor(one, "remaining") for key, one in ours.items()}
    alone = sum(minor(one, "remaining") for one in ours.values() if not one["invoice"])
    assert sum(opened.values()) == alone + sum(remaining for key, remaining in open_minor.items() if key not in written_off)
