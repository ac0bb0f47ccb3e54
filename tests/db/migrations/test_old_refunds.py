"""What becomes of refunds of before, which were one amount on their payment: rows that take from what was paid, with numbered credit notes."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime

import asyncpg
import pytest

from db.builtin import embedded
from tests.db.migrations.old_database import migrated_from_before

PAID_AT = datetime(2025, 12, 30, tzinfo=UTC)
BACK_AT = datetime(2026, 1, 5, tzinfo=UTC)
OWNER = "cus_old"


@pytest.fixture(scope="module")
async def admin(urls: embedded.Urls) -> AsyncIterator[asyncpg.Connection]:
    """A database of the version before, with refunds, that was migrated then."""
    async with migrated_from_before("0018", urls, "old_refunds", fill) as old:
        yield old


async def fill(admin: asyncpg.Connection) -> None:
    await admin.execute(
        "insert into customer (id, name, email, time_zone, currency, tax_rate_ppm, created_at) values ($1, 'Old', 'old@example.com', 'UTC', 'USD', 0, $2)",
        OWNER,
        PAID_AT,
    )
    await owe(admin, "whole", 5_000, tax=500, status="REFUNDED", paid=5_000)
    await pay(admin, "whole", 5_000, refunded=5_000, parts=[("inv_whole", None, 5_000)])
    await owe(admin, "twice", 5_000, paid=5_000)
    await pay(admin, "twice1", 2_500, refunded=2_500, parts=[("inv_twice", None, 2_500)])
    await pay(admin, "twice2", 2_500, refunded=2_500, parts=[("inv_twice", None, 2_500)])
    await owe(admin, "half", 5_000, tax=450, paid=5_000)
    await pay(admin, "half", 5_000, refunded=2_500, parts=[("inv_half", None, 5_000)])
    await enter(admin, "credit", 2_000, "ADJUSTMENT")
    await owe(admin, "credit", 5_000, status="REFUNDED", paid=3_000, credited=2_000)
    await enter(admin, "used", -2_000, "APPLIED_TO_INVOICE", invoice="inv_credit")
    await pay(admin, "credit", 3_000, refunded=3_000, parts=[("inv_credit", None, 3_000)])
    await owe(admin, "open", 5_000, status="PARTIALLY_PAID", paid=2_000)
    await pay(admin, "open", 2_000, refunded=2_000, parts=[("inv_open", None, 2_000)])
    await agree(admin)
    await pay(admin, "plan", 3_000, refunded=1_000, parts=[(None, "ins_1", 2_000), (None, "ins_2", 1_000)])
    await owe(admin, "kept", 5_000, paid=5_000)
    await pay(admin, "kept", 6_000, refunded=0, parts=[("inv_kept", None, 5_000)])
    await enter(admin, "over", 1_000, "OVERPAYMENT", payment="pay_kept")


async def owe(admin: asyncpg.Connection, name: str, total: int, *, tax: int = 0, status: str = "PAID", paid: int = 0, credited: int = 0) -> None:
    await admin.execute(
        """insert into invoice (customer_id, id, number, reason, status, currency, issued_at, due_on, subtotal_minor, tax_minor, total_minor, paid_minor, credited_minor, paid_at, created_at)
           values ($1, 'inv_' || $2, $2, 'MANUAL', $3, 'USD', $4, '2026-01-01', $5, $6, $7, $8, $9, $10, $4)""",
        OWNER, name, status, PAID_AT, total - tax, tax, total, paid, credited, None if status == "PARTIALLY_PAID" else PAID_AT,
    )  # fmt: skip


async def pay(admin: asyncpg.Connection, name: str, amount: int, *, refunded: int, parts: list[tuple[str | None, str | None, int]]) -> None:
    await admin.execute(
        """insert into payment (customer_id, id, status, currency, amount_minor, refunded_minor, method_kind, processor, created_at, settled_at, refunded_at)
           values ($1, 'pay_' || $2, $3, 'USD', $4, $5, 'CARD', 'sandbox', $6, $6, $7)""",
        OWNER, name, "REFUNDED" if amount == refunded else "SUCCEEDED", amount, refunded, PAID_AT, BACK_AT if refunded else None,
    )  # fmt: skip
    for number, (invoice, installment, minor) in enumerate(parts):
        await admin.execute(
            """insert into payment_allocation (customer_id, id, payment_id, invoice_id, installment_id, currency, amount_minor, created_at)
               values ($1, $2, 'pay_' || $3, $4, $5, 'USD', $6, $7)""",
            OWNER, f"alo_{name}{number}", name, invoice, installment, minor, PAID_AT,
        )  # fmt: skip


async def enter(admin: asyncpg.Connection, name: str, minor: int, kind: str, *, invoice: str | None = None, payment: str | None = None) -> None:
    await admin.execute(
        "insert into balance_entry (customer_id, id, currency, amount_minor, kind, invoice_id, payment_id, created_at) values ($1, 'bal_' || $2, 'USD', $3, $4, $5, $6, $7)",
        OWNER, name, minor, kind, invoice, payment, PAID_AT,
    )  # fmt: skip


async def agree(admin: asyncpg.Connection) -> None:
    """Two installments that no invoice covers, both paid."""
    async with admin.transaction():
        await admin.execute(
            """insert into payment_schedule (customer_id, id, name, currency, invoicing, status, total_minor, paid_minor, created_at)
               values ($1, 'sch_1', 'Plan', 'USD', 'NONE', 'FINISHED', 3000, 3000, $2)""",
            OWNER, PAID_AT,
        )  # fmt: skip
        for number, minor in ((1, 2_000), (2, 1_000)):
            await admin.execute(
                """insert into installment (customer_id, id, schedule_id, currency, position, name, due_on, amount_minor, paid_minor, status)
                   values ($1, 'ins_' || $2::text, 'sch_1', 'USD', $2::integer, $2::text, make_date(2026, $2::integer, 1), $3, $3, 'PAID')""",
                OWNER, str(number), minor,
            )  # fmt: skip


async def test_refunds_of_before_are_rows_and_the_invoices_that_they_had_paid_say_so(admin: asyncpg.Connection) -> None:
    columns = "id, status, paid_minor, credited_minor, refunded_minor, remaining_minor, noted_minor"
    invoices = {row[0]: tuple(row)[1:] for row in await admin.fetch(f"select {columns} from invoice")}
    assert invoices == {
        "inv_whole": ("REFUNDED", 0, 5_000, 5_000, 0, 5_000),
        "inv_twice": ("REFUNDED", 0, 5_000, 5_000, 0, 5_000),
        "inv_half": ("PAID", 2_500, 2_500, 2_500, 0, 2_500),
        "inv_credit": ("REFUNDED", 0, 5_000, 3_000, 0, 5_000),
        "inv_open": ("OPEN", 0, 2_000, 2_000, 3_000, 2_000),
        "inv_kept": ("PAID", 5_000, 0, 0, 0, 0),
    }
    refunds = await admin.fetch("select payment_id, amount_minor, reason, status, created_at, settled_at from refund")
    assert {(row["reason"], row["status"], row["created_at"], row["settled_at"]) for row in refunds} == {("REQUESTED", "SUCCEEDED", BACK_AT, BACK_AT)}
    payments = await admin.fetch("select id, refunded_minor from payment where refunded_minor > 0")
    assert {row["payment_id"]: row["amount_minor"] for row in refunds} == {row["id"]: row["refunded_minor"] for row in payments}
    # The credit that had paid a part of a refunded invoice is the customer's again, beside an overpayment that nobody gave back.
    assert await admin.fetchval("select sum(amount_minor) from balance_entry") == 2_000 + 1_000


async def test_their_credit_notes_are_numbered_in_the_order_of_their_issue(admin: asyncpg.Connection) -> None:
    notes = await admin.fetch("select number, sequence, tax_minor, total_minor, invoice_id from credit_note order by sequence")
    assert [row["number"] for row in notes] == [f"CN-2026-{number:06}" for number in range(1, len(notes) + 1)]
    assert {row["invoice_id"]: row["tax_minor"] for row in notes if row["tax_minor"]} == {"inv_whole": 500, "inv_half": 225}
    assert await admin.fetchval("select last from invoice_series where series = 'CN-{year}-{number}' and year = 2026") == len(notes)
    lines = "select credit_note_id from credit_note_line group by 1, customer_id having count(*) = 1"
    assert len(await admin.fetch(lines)) == len(notes)


async def test_installments_of_before_follow(admin: asyncpg.Connection) -> None:
    rows = await admin.fetch("select status, paid_minor, refunded_minor, remaining_minor from installment order by position")
    assert [tuple(row) for row in rows] == [("PAID", 2_000, 0, 0), ("REFUNDED", 0, 1_000, 0)]
    assert tuple(await admin.fetchrow("select status, paid_minor, refunded_minor, remaining_minor from payment_schedule")) == ("FINISHED", 2_000, 1_000, 0)
