"""What becomes of payment schedules from before the merchant could change them."""

from datetime import UTC, datetime

import asyncpg

from db.audit import audit
from db.builtin import embedded
from tests.db.migrations.old_database import migrated_from_before

NOW = datetime(2027, 2, 1, tzinfo=UTC)


async def fill(connection: asyncpg.Connection) -> None:
    """A running schedule with a due installment, and a canceled one of which a part is paid."""
    await connection.execute("insert into customer (id, name, email, currency, created_at) values ('cus_a', 'A', 'a@example.com', 'USD', $1)", NOW)
    async with connection.transaction():
        await connection.execute(
            """insert into payment_schedule (customer_id, id, name, currency, invoicing, status, total_minor, paid_minor, created_at)
               values ('cus_a', 'sch_a', 'A', 'USD', 'PER_INSTALLMENT', 'ACTIVE', 300, 0, $1), ('cus_a', 'sch_b', 'B', 'USD', 'NONE', 'CANCELED', 300, 40, $1)""",
            NOW,
        )
        await connection.execute(
            """insert into installment (customer_id, id, schedule_id, currency, position, name, due_on, amount_minor, paid_minor, status)
               values ('cus_a', 'ins_a', 'sch_a', 'USD', 1, '1', '2027-02-03', 300, 0, 'DUE'),
                      ('cus_a', 'ins_b', 'sch_b', 'USD', 1, '1', '2027-02-03', 100, 40, 'CANCELED'),
                      ('cus_a', 'ins_c', 'sch_b', 'USD', 2, '2', '2027-02-03', 200, 0, 'CANCELED')"""
        )


async def test_what_was_canceled_is_not_owed_and_nothing_is_charged_or_invoiced_by_an_upgrade(urls: embedded.Urls) -> None:
    async with migrated_from_before("0035", urls, "old_schedules", fill) as admin:
        rows = {row["id"]: row for row in await admin.fetch("select * from payment_schedule")}
        assert {name: (row["canceled_minor"], row["remaining_minor"], row["status"], row["collection"]) for name, row in rows.items()} == {
            "sch_a": (0, 300, "ACTIVE", "MANUAL"),
            "sch_b": (260, 0, "CANCELED", "MANUAL"),
        }
        assert await admin.fetchval("select count(*) from installment where invoice_at is not null") == 0
        broken = {one.name: one.violations for one in await audit(admin, now=NOW) if one.total}
        assert "schedule_installments" not in broken


async def test_the_program_of_the_version_before_may_cancel_and_pay_and_what_is_canceled_follows(urls: embedded.Urls) -> None:
    """It does not know the column, so the database computes it at the commit."""
    async with migrated_from_before("0035", urls, "older_program", fill) as admin:
        async with admin.transaction():
            await admin.execute("update installment set status = 'CANCELED' where id = 'ins_a'")
            await admin.execute("update payment_schedule set status = 'CANCELED' where id = 'sch_a'")
            assert await admin.fetchval("select canceled_minor from payment_schedule where id = 'sch_a'") == 0
        row = await admin.fetchrow("select * from payment_schedule where id = 'sch_a'")
        assert (row["canceled_minor"], row["remaining_minor"], row["status"]) == (300, 0, "CANCELED")
