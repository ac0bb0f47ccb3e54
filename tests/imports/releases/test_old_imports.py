"""What becomes of imported invoices and schedules from before they were marked: what is not released is left to its source again, whatever has happened to payments of it."""

from datetime import UTC, datetime

import asyncpg

from db.builtin import embedded
from tests.db.migrations.old_database import migrated_from_before

NOW = datetime(2027, 2, 1, tzinfo=UTC)
# By invoice: its collection, when the clock charges it, whether the ledger has something that its release sets, and whether it is marked. Programs from before 0061 marked none,
# and left the mark of what they released.
INVOICES = {
    "waiting": ("NONE", None, True, False),
    "returned": ("RETRYING", NOW, True, False),
    "requested": ("DUE", NOW, True, False),
    "disputed": ("GIVEN_UP", None, True, False),
    "released": ("DUE", NOW, False, False),
    "closed": ("NONE", None, False, False),
    "marked": ("NONE", None, True, True),
    "released by 0061": ("DUE", NOW, False, False),
    "released by 0060": ("DUE", NOW, False, True),
    "released by 0060 when paid": ("NONE", None, False, True),
}


async def fill(connection: asyncpg.Connection) -> None:
    await connection.execute("insert into customer (id, name, email, currency, created_at) values ('cus_a', 'A', 'a@example.com', 'USD', $1)", NOW)
    for name, (collection, collect_at, is_waiting, is_marked) in INVOICES.items():
        await connection.execute(
            """insert into invoice (customer_id, id, number, reason, status, currency, issued_at, due_on, subtotal_minor, total_minor, paid_minor, credited_minor, created_at,
                                    is_automatic, imported_at, collection, collect_at, is_import_held)
               values ('cus_a', 'inv_' || $1, $1, 'MANUAL', 'OPEN', 'USD', $2, '2027-02-03', 100, 100, 0, 0, $2, true, $2, $3, $4, $5)""",
            name, NOW, collection, collect_at, is_marked,
        )  # fmt: skip
        await connection.execute(
            """insert into import_record (source, kind, external_id, customer_key, owner_id, target_id, input_hash, outcome, file, line, run_id, written_at, on_release)
               values ('shop', 'invoices', $1, 'A', 'cus_a', 'inv_' || $1, $2, 'IMPORTED', 'invoices.jsonl', 1, 'run', $3, case when $4 then '{"collection": "DUE"}'::jsonb end)""",
            name, "0" * 64, NOW, is_waiting,
        )  # fmt: skip
    await fill_schedules(connection)


async def fill_schedules(connection: asyncpg.Connection) -> None:
    """Add an automatic schedule that waits for its release, one that was released, and an invoice of it that is paid by hand, of which a payment was returned."""
    for name, is_waiting in (("waiting", True), ("released", False)):
        async with connection.transaction():
            await connection.execute(
                """insert into payment_schedule (customer_id, id, name, currency, invoicing, collection, status, total_minor, paid_minor, remaining_minor, created_at)
                   values ('cus_a', 'sch_' || $1, $1, 'USD', 'PER_INSTALLMENT', 'AUTOMATIC', 'ACTIVE', 100, 0, 0, $2)""",
                name, NOW,
            )  # fmt: skip
            await connection.execute(
                """insert into installment (customer_id, id, schedule_id, currency, position, name, due_on, amount_minor, paid_minor, remaining_minor, status)
                   values ('cus_a', 'ins_' || $1, 'sch_' || $1, 'USD', 1, '1', '2027-02-03', 100, 0, 0, 'DUE')""",
                name,
            )
            await connection.execute(
                """insert into import_record (source, kind, external_id, customer_key, owner_id, target_id, input_hash, outcome, file, line, run_id, written_at, on_release)
                   values ('shop', 'payment_schedules', $1, 'A', 'cus_a', 'sch_' || $1, $2, 'IMPORTED', 'payment_schedules.jsonl', 1, 'run', $3, case when $4 then '{}'::jsonb end)""",
                name, "0" * 64, NOW, is_waiting,
            )  # fmt: skip
    await connection.execute(
        """insert into invoice (customer_id, id, number, reason, status, currency, schedule_id, issued_at, due_on, subtotal_minor, total_minor, paid_minor, credited_minor, created_at,
                                imported_at, collection, collect_at)
           values ('cus_a', 'inv_by_hand', 'by hand', 'SCHEDULE', 'OPEN', 'USD', 'sch_waiting', $1, '2027-02-03', 100, 100, 0, 0, $1, $1, 'RETRYING', $1)""",
        NOW,
    )


async def test_what_is_not_released_is_left_to_its_source(urls: embedded.Urls) -> None:
    async with migrated_from_before("0062", urls, "old_imports", fill) as admin:
        rows = await admin.fetch("select number, is_import_held, collection, collect_at from invoice")
        assert {row["number"]: tuple(row)[1:] for row in rows} == {
            "waiting": (True, "NONE", None),
            "returned": (True, "NONE", None),
            "requested": (True, "NONE", None),
            "disputed": (True, "GIVEN_UP", None),
            "released": (False, "DUE", NOW),
            "closed": (False, "NONE", None),
            "marked": (True, "NONE", None),
            "released by 0061": (False, "DUE", NOW),
            "released by 0060": (False, "DUE", NOW),
            "released by 0060 when paid": (False, "NONE", None),
            "by hand": (False, "NONE", None),
        }
        schedules = await admin.fetch("select name, is_import_held from payment_schedule")
        assert {row["name"]: row["is_import_held"] for row in schedules} == {"waiting": True, "released": False}
        assert (
            await admin.fetch(
                "select relname from pg_class where relname in ('import_record', 'invoice', 'installment', 'payment_schedule') and not relforcerowsecurity"
            )
            == []
        )
