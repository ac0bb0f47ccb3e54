"""What becomes of payment schedules from before the merchant could change them, and before credit notes lowered installments with their invoices."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime

import asyncpg
import pytest

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


# Before 0057 a credit note lowered the invoice only.

# Of each schedule: the amounts of its installments, each also the amount of an invoice, or of one invoice of them all; what is paid of the first; what is credited of the first invoice.
STORIES = {
    "part": ([100, 100], "PER_INSTALLMENT", 0, 60),
    "rest": ([100], "PER_INSTALLMENT", 40, 60),
    "all": ([100, 100], "PER_INSTALLMENT", 0, 100),
    "last": ([100, 100, 100], "COLLECTIVE", 30, 150),
    "none": ([100, 100], "COLLECTIVE", 0, 0),
}


@pytest.fixture(scope="module")
async def credited(urls: embedded.Urls) -> AsyncIterator[asyncpg.Connection]:
    async with migrated_from_before("0057", urls, "old_credit_notes", fill_credited) as old:
        yield old


async def fill_credited(connection: asyncpg.Connection) -> None:
    await connection.execute("insert into customer (id, name, email, currency, created_at) values ('cus_a', 'A', 'a@example.com', 'USD', $1)", NOW)
    for name, story in STORIES.items():
        async with connection.transaction():
            await agree(connection, name, *story)


async def agree(connection: asyncpg.Connection, name: str, amounts: list[int], invoicing: str, paid: int, noted: int) -> None:
    is_shared = invoicing == "COLLECTIVE"
    await connection.execute(
        """insert into payment_schedule (customer_id, id, name, currency, invoicing, status, total_minor, paid_minor, remaining_minor, created_at)
           values ('cus_a', 'sch_' || $1, $1, 'USD', $2, 'ACTIVE', $3, $4, 0, $5)""",
        name, invoicing, sum(amounts), paid, NOW,
    )  # fmt: skip
    for number, total in enumerate([sum(amounts)] if is_shared else amounts):
        await connection.execute(
            """insert into invoice (customer_id, id, number, reason, status, currency, schedule_id, issued_at, due_on, subtotal_minor, total_minor, paid_minor,
                                    credited_minor, paid_at, created_at)
               values ('cus_a', 'inv_' || $1 || $2, $1 || $2, 'SCHEDULE', 'OPEN', 'USD', 'sch_' || $1, $3, '2027-02-03', $4, $4, $5, $6, $3, $3)""",
            name, str(number), NOW, total, 0 if number else paid, 0 if number else noted,
        )  # fmt: skip
    for number, amount in enumerate(amounts):
        await connection.execute(
            """insert into installment (customer_id, id, schedule_id, invoice_id, currency, position, name, due_on, amount_minor, paid_minor, remaining_minor, status)
               values ('cus_a', 'ins_' || $1 || $2, 'sch_' || $1, 'inv_' || $1 || $3, 'USD', $4, $2, make_date(2027, 2, $4), $5, $6, 0, 'DUE')""",
            name, str(number), "0" if is_shared else str(number), number + 1, amount, 0 if number else paid,
        )  # fmt: skip
    if noted:
        await connection.execute(
            """insert into credit_note (customer_id, id, number, reason, currency, invoice_id, issued_at, subtotal_minor, tax_minor, total_minor, released_minor, created_at)
               values ('cus_a', 'cn_' || $1, 'cn_' || $1, 'GOODWILL', 'USD', 'inv_' || $1 || '0', $2, $3, 0, $3, $3, $2)""",
            name, NOW, noted,
        )  # fmt: skip


async def test_they_ask_for_no_more_than_their_invoices(credited: asyncpg.Connection) -> None:
    rows = await credited.fetch("select schedule_id, amount_minor, remaining_minor, status from installment order by id")
    lows: dict[str, list[tuple[int, int, str]]] = {name: [] for name in STORIES}
    for schedule_id, *row in rows:
        lows[schedule_id.removeprefix("sch_")].append(tuple(row))
    assert lows == {
        "part": [(40, 40, "DUE"), (100, 100, "DUE")],
        "rest": [(40, 0, "PAID")],
        "all": [(100, 0, "CANCELED"), (100, 100, "DUE")],
        "last": [(100, 70, "PARTIALLY_PAID"), (50, 50, "DUE"), (100, 0, "CANCELED")],
        "none": [(100, 100, "DUE"), (100, 100, "DUE")],
    }
    schedules = {
        row[0]: tuple(row)[1:] for row in await credited.fetch("select name, total_minor, canceled_minor, remaining_minor, status from payment_schedule")
    }
    assert schedules == {
        "part": (140, 0, 140, "ACTIVE"),
        "rest": (40, 0, 0, "FINISHED"),
        "all": (200, 100, 100, "ACTIVE"),
        "last": (250, 100, 120, "ACTIVE"),
        "none": (200, 0, 200, "ACTIVE"),
    }


async def test_each_change_has_its_event_and_the_audit_finds_nothing_of_schedules(credited: asyncpg.Connection) -> None:
    events = {
        (row[0], row[1])
        for row in await credited.fetch(
            "select type, object_id from event where type like 'installment.%' or type like 'schedule.%' and type <> 'schedule.created'"
        )
    }
    changed = {("installment.updated", f"ins_{name}") for name in ("part0", "all0", "last1", "last2")} | {
        ("installment.paid", "ins_rest0"),
        ("schedule.finished", "sch_rest"),
    }
    assert events == changed | {("schedule.updated", f"sch_{name}") for name in ("part", "all", "last")}
    broken = {one.name for one in await audit(credited, now=NOW) if one.total}
    assert not broken & {"installment_invoice", "installment_status", "schedule_installments", "event_versions", "event_numbers"}


async def test_the_program_of_the_version_before_lowers_installments_with_the_invoice(credited: asyncpg.Connection) -> None:
    """It does not know that a credit note does, so the database does it."""
    async with credited.transaction():
        await credited.execute(
            """insert into credit_note (customer_id, id, number, reason, currency, invoice_id, issued_at, subtotal_minor, tax_minor, total_minor, released_minor, created_at)
               values ('cus_a', 'cn_older', 'cn_older', 'GOODWILL', 'USD', 'inv_part0', $1, 15, 0, 15, 15, $1)""",
            NOW,
        )
        await credited.execute("update invoice set credited_minor = credited_minor + 15, version = version + 1 where id = 'inv_part0'")
        assert await credited.fetchval("select remaining_minor from installment where id = 'ins_part0'") == 25
    assert await credited.fetchval("select remaining_minor from payment_schedule where id = 'sch_part'") == 125


# Before 0063 a canceled installment of which a payment was returned asked for what was canceled, too.


async def fill_returned(connection: asyncpg.Connection) -> None:
    """Of each schedule 40 of 100 were paid before the cancellation and returned after it: of one without an invoice, and of one whose invoice was credited."""
    await connection.execute("insert into customer (id, name, email, currency, created_at) values ('cus_a', 'A', 'a@example.com', 'USD', $1)", NOW)
    for name, invoicing in (("alone", "NONE"), ("invoiced", "PER_INSTALLMENT")):
        async with connection.transaction():
            await agree(connection, name, [100, 50], invoicing, 0, 60 if invoicing != "NONE" else 0)
            if invoicing == "NONE":
                await connection.execute("update installment set invoice_id = null where schedule_id = 'sch_alone'")
                await connection.execute("update invoice set status = 'VOID' where schedule_id = 'sch_alone'")
            await connection.execute("update installment set status = 'CANCELED' where schedule_id = 'sch_' || $1 and position = 2", name)
            await connection.execute("update installment set status = 'FAILED' where schedule_id = 'sch_' || $1 and position = 1", name)
            await connection.execute("update payment_schedule set status = 'CANCELED' where id = 'sch_' || $1", name)
            await return_payment(connection, name, f"inv_{name}0" if invoicing != "NONE" else None)


async def return_payment(connection: asyncpg.Connection, name: str, invoice_id: str | None) -> None:
    await connection.execute(
        """insert into payment (customer_id, id, status, currency, amount_minor, refunded_minor, method_kind, processor, created_at, settled_at, refunded_at)
           values ('cus_a', 'pay_' || $1, 'REFUNDED', 'USD', 40, 40, 'CARD', 'sandbox', $2, $2, $2)""",
        name, NOW,
    )  # fmt: skip
    await connection.execute(
        """insert into refund (customer_id, id, payment_id, currency, amount_minor, reason, status, created_at, settled_at)
           values ('cus_a', 'ref_' || $1, 'pay_' || $1, 'USD', 40, 'RETURNED', 'SUCCEEDED', $2, $2)""",
        name, NOW,
    )  # fmt: skip
    for table, key, prefix in (("payment_allocation", "payment_id", "alo"), ("refund_allocation", "refund_id", "rfa")):
        await connection.execute(
            f"""insert into {table} (customer_id, id, {key}, invoice_id, installment_id, currency, amount_minor, created_at)
                values ('cus_a', '{prefix}_' || $1, '{"pay" if prefix == "alo" else "ref"}_' || $1, $2, 'ins_' || $1 || '0', 'USD', 40, $3)""",
            name, invoice_id, NOW,
        )  # fmt: skip
    if invoice_id:
        await connection.execute("update invoice set refunded_minor = 40 where id = $1", invoice_id)


async def test_what_was_returned_of_a_canceled_installment_is_owed_and_no_more(urls: embedded.Urls) -> None:
    async with migrated_from_before("0063", urls, "old_returns", fill_returned) as admin:
        rows = await admin.fetch("select amount_minor, paid_minor, remaining_minor, status from installment order by id")
        assert [tuple(row) for row in rows] == [(40, 0, 40, "FAILED"), (50, 0, 0, "CANCELED")] * 2
        schedules = await admin.fetch("select total_minor, canceled_minor, remaining_minor, status from payment_schedule")
        assert [tuple(row) for row in schedules] == [(90, 50, 40, "CANCELED")] * 2
        broken = {one.name: one.violations for one in await audit(admin, now=NOW) if one.total}
        assert {"installment_status", "installment_invoice", "schedule_installments", "installment_paid"}.isdisjoint(broken), broken
