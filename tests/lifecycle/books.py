"""Invariants of a customer's money after any history, checked on the rows."""

from itertools import pairwise

import asyncpg

from db.audit import audit
from tests.auditing import AUDITED_AT, violations
from tests.lifecycle.conftest import Life

NUMBERS = ("document_number", "number_issued_once", "number_gaps")


async def assert_books(life: Life, *, captured_before: int = 0) -> None:
    """Assert that the audit has no findings and that each capture of the sandbox is recorded. `captured_before` are captures of other customers."""
    assert await violations(life.admin, {life.customer_id}) == []
    await assert_periods_and_captures(life, captured_before=captured_before)


async def assert_periods_and_captures(life: Life, *, captured_before: int = 0) -> None:
    """Assert what the audit of the database cannot check. Tests that check very often leave the rest to the audit at the end of the module."""
    books = {table: await life.rows(table) for table in ("subscription", "invoice", "balance_entry", "payment")}
    _credit_is_not_spent_twice(books)
    _periods_follow_each_other(books)
    succeeded = [payment["id"] for payment in books["payment"] if payment["status"] == "SUCCEEDED"]
    assert life.sandbox.calls("capture") - captured_before == len(succeeded), "money was taken that is nowhere written down"
    assert all(life.sandbox.calls("capture", payment) == 1 for payment in succeeded)


async def assert_numbers(connection: asyncpg.Connection) -> None:
    """Assert over all customers that a series has every number from its first to its last once, on one invoice dated in the number's year, and on no imported invoice."""
    assert [(one.name, one.violations) for one in await audit(connection, now=AUDITED_AT) if one.name in NUMBERS and one.total] == []


def _credit_is_not_spent_twice(books: dict[str, list[asyncpg.Record]]) -> None:
    balance: dict[str, int] = {}
    for entry in books["balance_entry"]:
        balance[entry["currency"]] = balance.get(entry["currency"], 0) + entry["amount_minor"]
    assert all(minor >= 0 for minor in balance.values()), "credit was spent twice"
    adjusted = sum(entry["amount_minor"] for entry in books["balance_entry"] if entry["kind"] == "ADJUSTMENT")
    paid = sum(payment["amount_minor"] for payment in books["payment"] if payment["status"] == "SUCCEEDED")
    assert sum(balance.values()) <= paid + adjusted, "more credit than was ever paid"


def _periods_follow_each_other(books: dict[str, list[asyncpg.Record]]) -> None:
    """Assert that a period begins at the end of the previous one or later. Only a change of plan begins within a period, and replaces it."""
    currencies = {subscription["id"]: subscription["currency"] for subscription in books["subscription"]}
    assert all(invoice["currency"] == currencies.get(invoice["subscription_id"], invoice["currency"]) for invoice in books["invoice"])
    for subscription in books["subscription"]:
        invoices = sorted(
            (row for row in books["invoice"] if row["subscription_id"] == subscription["id"] and row["schedule_id"] is None),
            key=lambda row: (row["issued_at"], row["sequence"]),
        )
        for one, other in pairwise(invoices):
            if other["reason"] == "PLAN_CHANGE":
                assert one["period_starts_at"] <= other["period_starts_at"] < one["period_ends_at"], "a change of plan outside of the running period"
            else:
                assert one["period_ends_at"] <= other["period_starts_at"], "two invoices for the same time"
        if invoices and subscription["status"] == "ACTIVE":
            assert invoices[-1]["period_ends_at"] == subscription["period_ends_at"], "it runs in a period that nobody was asked to pay"
