"""Statuses are derived in the database whenever a row is written, by the same rules as in `billing/money/standing.py`."""

from itertools import product
from types import SimpleNamespace

import asyncpg

from billing.money import standing
from billing.states import InstallmentStatus, InvoiceStatus, PaymentStatus, ScheduleStatus
from tests.conftest import ADA

AMOUNTS = (0, 1, 4, 6, 10)


async def test_an_invoice_has_one_status_in_both(admin: asyncpg.Connection) -> None:
    names = ("status", "total_minor", "paid_minor", "credited_minor", "refunded_minor", "noted_minor")
    cases = list(product([*map(str, InvoiceStatus)], AMOUNTS, AMOUNTS, AMOUNTS, AMOUNTS, AMOUNTS))
    sql = "select invoice_status(n.a, n.b, n.c, n.d, n.e, n.f) from unnest($1::text[], $2::bigint[], $3::bigint[], $4::bigint[], $5::bigint[], $6::bigint[]) n (a, b, c, d, e, f)"
    records = await admin.fetch(sql, *(list(column) for column in zip(*cases, strict=True)))
    assert [record[0] for record in records] == [standing.of_invoice(SimpleNamespace(**dict(zip(names, case, strict=True)))) for case in cases]
    assert {record[0] for record in records} == set(InvoiceStatus)


async def test_an_installment_has_one_status_in_both(admin: asyncpg.Connection) -> None:
    names = ("status", "amount_minor", "paid_minor", "refunded_minor")
    cases = list(product([*map(str, InstallmentStatus)], AMOUNTS, AMOUNTS, AMOUNTS))
    sql = "select installment_status(n.a, n.b, n.c, n.d) from unnest($1::text[], $2::bigint[], $3::bigint[], $4::bigint[]) n (a, b, c, d)"
    records = await admin.fetch(sql, *(list(column) for column in zip(*cases, strict=True)))
    assert [record[0] for record in records] == [standing.of_installment(SimpleNamespace(**dict(zip(names, case, strict=True)))) for case in cases]
    assert {record[0] for record in records} == set(InstallmentStatus)


async def test_a_schedule_and_a_payment_have_one_status_in_both(admin: asyncpg.Connection) -> None:
    for status, remaining in product(ScheduleStatus, AMOUNTS):
        assert await admin.fetchval("select schedule_status($1, $2)", status, remaining) == standing.of_schedule(status, remaining)
    for status, refunded in product(PaymentStatus, AMOUNTS):
        expected = standing.of_payment(status, amount_minor=10, refunded_minor=refunded)
        assert await admin.fetchval("select payment_status($1, 10, $2)", status, refunded) == expected


async def test_a_status_that_is_written_by_hand_does_not_stay(admin: asyncpg.Connection) -> None:
    transaction = admin.transaction()
    await transaction.start()
    for table in ("invoice", "installment", "payment_schedule"):
        changed = await admin.fetch(
            f"update {table} set status = $2 where customer_id = $1 and remaining_minor > 0 returning status",
            ADA.customer_id,
            "PAID" if table != "payment_schedule" else "FINISHED",
        )
        assert changed, table
        assert {row["status"] for row in changed} & {"PAID", "FINISHED", "REFUNDED"} == set(), table
    await transaction.rollback()
