"""What becomes of unpaid invoices from before they had a state of their own."""

from collections.abc import AsyncIterator
from datetime import UTC, date, datetime, timedelta

import asyncpg
import pytest

from db.builtin import embedded
from tests.db.migrations.old_database import migrated_from_before

NOW = datetime(2027, 2, 1, 23, 30, tzinfo=UTC)
INVOICE = """
insert into invoice (customer_id, id, number, reason, status, currency, subscription_id, issued_at, due_on, subtotal_minor, total_minor, paid_minor, collect_at,
       failed_attempts, created_at)
values ('cus_a', $1, $1, 'RENEWAL', $2, 'USD', $3, $4, '2027-02-15', 100, 100, $5, $6, $7, $4)"""
PAYMENT = """
insert into payment (customer_id, id, status, currency, amount_minor, payment_method_id, method_kind, decline_code, is_retryable, processor, created_at)
values ('cus_a', $1, 'FAILED', 'USD', 100, $2, 'CARD', $3, true, 'sandbox', $4)"""
CHARGE = """
insert into charge (customer_id, payment_id, invoice_id, mutation, key, request, changes, answer, currency, started_at, sent_at, settled_at)
values ('cus_a', $1, $2, $3, $3, '{}', '{}', '{}', 'USD', $4, $4, $4)"""
ALLOCATION = (
    "insert into payment_allocation (customer_id, id, payment_id, invoice_id, currency, amount_minor, created_at) values ('cus_a', $1, $2, $3, 'USD', 100, $4)"
)
# Status, subscription, paid, whether the clock has a plan for it, its failed tries; and the state.
OLD = {
    "inv_due": (("OPEN", "sub_a", 0, True, 0), "DUE"),
    "inv_tried": (("PARTIALLY_PAID", "sub_a", 40, True, 2), "RETRYING"),
    "inv_under_way": (("PROCESSING", "sub_a", 0, False, 0), "DUE"),
    "inv_ended": (("OPEN", "sub_a", 0, False, 5), "GIVEN_UP"),
    "inv_without_method": (("OPEN", "sub_a", 0, False, 0), "WAITING_FOR_METHOD"),
    "inv_paid": (("PAID", "sub_a", 100, False, 1), "NONE"),
    "inv_void": (("VOID", "sub_a", 0, False, 1), "NONE"),
    "inv_manual": (("OPEN", None, 0, False, 0), "NONE"),
}


@pytest.fixture
async def admin(urls: embedded.Urls) -> AsyncIterator[asyncpg.Connection]:
    """A database of the version before, with invoices, that was migrated then."""
    async with migrated_from_before("0019", urls, "old_collections", fill) as old:
        yield old


async def fill(connection: asyncpg.Connection) -> None:
    """Two tries of the clock and one of the customer with an invoice; the customer lives where the day has begun already."""
    await connection.execute("set session_replication_role = replica")
    await connection.execute(
        "insert into customer (id, name, email, time_zone, currency, tax_rate_ppm, created_at) values ('cus_a', 'A', 'a@example.com', 'Europe/Zurich', 'USD', 0, $1)",
        NOW,
    )
    await connection.execute(
        "insert into payment_method (customer_id, id, kind, fingerprint, processor, processor_reference, created_at) values ('cus_a', 'pm_a', 'CARD', 'x', 'sandbox', 'x', $1)",
        NOW,
    )
    await connection.execute(
        """insert into subscription (customer_id, id, plan_id, price_id, currency, quantity, status, started_at, anchor_at, billing_zone, renewal_minor, canceled_at, created_at)
           values ('cus_a', 'sub_a', 'plan_a', 'price_a', 'USD', 1, 'CANCELED', $1, $1, 'UTC', 0, $1, $1)""",
        NOW,
    )
    for invoice, ((status, subscription, paid, has_plan, failed), _) in OLD.items():
        await connection.execute(INVOICE, invoice, status, subscription, NOW, paid, NOW + timedelta(days=2) if has_plan else None, failed)
    for payment, mutation, days in (("pay_1", None, 0), ("pay_2", "payInvoice", 1), ("pay_3", None, 2)):
        at = NOW + timedelta(days=days)
        await connection.execute(PAYMENT, payment, "pm_a", "insufficient_funds", at)
        await connection.execute(CHARGE, payment, "inv_tried", mutation, at)
        await connection.execute(ALLOCATION, f"alo_{payment}", payment, "inv_tried", at)


async def test_each_unpaid_invoice_goes_on_where_it_was_and_none_without_a_method_begins_to_count_days(admin: asyncpg.Connection) -> None:
    rows = {row["id"]: row for row in await admin.fetch("select * from invoice")}
    assert {name: row["collection"] for name, row in rows.items()} == {name: state for name, (_, state) in OLD.items()}
    assert {name for name, row in rows.items() if row["collect_at"]} == {"inv_due", "inv_tried"}
    tried = rows["inv_tried"]
    assert (tried["retry_count"], tried["retry_began_on"], tried["retry_last_on"]) == (2, date(2027, 2, 2), date(2027, 2, 4))
    assert tried["retry_method_id"] == "pm_a"
    assert {row["retry_count"] for row in rows.values() if row["id"] != "inv_tried"} == {0}
    unforced = "select relname from pg_class where relnamespace = 'portico'::regnamespace and relrowsecurity and not relforcerowsecurity"
    assert {row["relname"] for row in await admin.fetch(unforced)} == {"coupon", "plan", "price", "retention_offer"}  # of the catalog
