"""What becomes of documents of before there were snapshots and tax rates: they get the buyer of the day of the migration, and the rates and wordings that can be known."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime
from typing import Any

import asyncpg
import pytest

from db.builtin import embedded
from tests.db.migrations.old_database import migrated_from_before

AT = datetime(2026, 1, 5, tzinfo=UTC)
OWNER = "cus_old"
RATE = 190_000
# By the invoice: its reason, and net, tax and description of its lines.
INVOICES: dict[str, tuple[str, list[tuple[int, int, str]]]] = {
    "exact": ("RENEWAL", [(10_000, 1_900, "Team"), (0, 0, "Setup")]),
    "rounded": ("RENEWAL", [(10_000, 1_902, "Team"), (3, 1, "Stamp")]),
    "untaxed": ("MANUAL", [(10_000, 0, "Unused time on Team")]),
    "unknown": ("MANUAL", [(10_000, 1_903, "Team")]),
    "mixed": ("PLAN_CHANGE", [(-4_000, -760, "Unused time on Team"), (10_000, 1_900, "Remaining time on Unused time on X"), (5_000, 0, "Books")]),
}
# By the credit note: its reason, its invoice and the description of its line, which takes back 50 and 9.50 tax.
NOTES = {
    "unused": ("UNUSED_TIME", "exact", "Unused time on Team"),
    "refund": ("REFUND", "mixed", "Refund for invoice INV-7"),
    "correction": ("CORRECTION", "exact", "Refund for invoice INV-7"),
    "unknown": ("REFUND", "unknown", "Half of it"),
}


@pytest.fixture(scope="module")
async def admin(urls: embedded.Urls) -> AsyncIterator[asyncpg.Connection]:
    """A database of the version before, with documents, that was migrated then."""
    async with migrated_from_before("0026", urls, "old_papers", fill) as old:
        yield old


async def fill(admin: asyncpg.Connection) -> None:
    await admin.execute(
        """insert into customer (id, name, email, locale, time_zone, currency, tax_rate_ppm, created_at)
           values ($1, 'Old', 'old@example.com', 'de-DE', 'Europe/Berlin', 'USD', $2, $3)""",
        OWNER, RATE, AT,
    )  # fmt: skip
    for name, (reason, lines) in INVOICES.items():
        await owe(admin, name, sum(net for net, _, _ in lines), sum(tax for _, tax, _ in lines), reason=reason)
        for position, line in enumerate(lines, 1):
            await charge(admin, name, position, line)
    for name in NOTES:
        await credit(admin, name)
    await pay(admin, "settled", AT)
    await pay(admin, "waiting", None)


async def owe(admin: asyncpg.Connection, name: str, net: int, tax: int, *, reason: str = "MANUAL") -> None:
    await admin.execute(
        """insert into invoice (customer_id, id, number, reason, status, currency, issued_at, due_on, subtotal_minor, tax_minor, total_minor, created_at)
           values ($1, 'inv_' || $2::text, $2, $3, 'OPEN', 'USD', $4, '2026-02-01', $5, $6, $7, $4)""",
        OWNER, name, reason, AT, net, tax, net + tax,
    )  # fmt: skip


async def charge(admin: asyncpg.Connection, invoice: str, position: int, line: tuple[int, int, str]) -> None:
    net, tax, description = line
    await admin.execute(
        """insert into invoice_line (customer_id, id, invoice_id, currency, position, description, unit_minor, subtotal_minor, tax_minor, total_minor)
           values ($1, 'line_' || $2::text || $3::integer::text, 'inv_' || $2, 'USD', $3::integer, $4, $5, $5, $6, $7)""",
        OWNER, invoice, position, description, net, tax, net + tax,
    )  # fmt: skip


async def credit(admin: asyncpg.Connection, name: str) -> None:
    reason, invoice, description = NOTES[name]
    await admin.execute(
        """insert into credit_note (customer_id, id, number, reason, currency, invoice_id, issued_at, subtotal_minor, tax_minor, total_minor, granted_minor, created_at)
           values ($1, 'cn_' || $2::text, $2, $3, 'USD', 'inv_' || $4::text, $5, 5000, 950, 5950, 5950, $5)""",
        OWNER, name, reason, invoice, AT,
    )  # fmt: skip
    await admin.execute(
        """insert into credit_note_line (customer_id, id, credit_note_id, currency, position, description, subtotal_minor, tax_minor, total_minor)
           values ($1, 'line_cn_' || $2::text, 'cn_' || $2, 'USD', 1, $3, 5000, 950, 5950)""",
        OWNER, name, description,
    )  # fmt: skip


async def pay(admin: asyncpg.Connection, name: str, settled_at: datetime | None) -> None:
    await admin.execute(
        """insert into payment (customer_id, id, status, currency, amount_minor, method_kind, processor, created_at, settled_at)
           values ($1, 'pay_' || $2::text, $3, 'USD', 100, 'CARD', 'sandbox', $4, $5)""",
        OWNER, name, "SUCCEEDED" if settled_at else "PROCESSING", AT, settled_at,
    )  # fmt: skip


async def snapshots(admin: asyncpg.Connection) -> dict[str, tuple[Any, ...]]:
    rows = await admin.fetch("select document_id, name, email, locale, time_zone, issuer_name, is_backfilled from document_snapshot")
    return {row[0]: tuple(row)[1:] for row in rows}


async def test_old_documents_get_the_buyer_of_that_day_and_no_seller(admin: asyncpg.Connection) -> None:
    expected = {*(f"inv_{name}" for name in INVOICES), *(f"cn_{name}" for name in NOTES), "pay_settled"}
    backfilled = {document: row for document, row in (await snapshots(admin)).items() if row[-1]}
    assert backfilled == dict.fromkeys(expected, ("Old", "old@example.com", "de-DE", "Europe/Berlin", None, True))


async def test_old_lines_get_the_rate_that_gives_their_tax(admin: asyncpg.Connection) -> None:
    rows = await admin.fetch("select invoice_id, array_agg(tax_rate_ppm order by position) from invoice_line group by 1")
    assert {row[0]: row[1] for row in rows} == {
        "inv_exact": [RATE, RATE],
        "inv_rounded": [RATE, RATE],
        "inv_untaxed": [0],
        "inv_unknown": [None],
        "inv_mixed": [RATE, RATE, 0],
    }
    notes = await admin.fetch("select credit_note_id, tax_rate_ppm from credit_note_line")
    assert {row[0]: row[1] for row in notes} == {"cn_unused": RATE, "cn_correction": RATE, "cn_refund": None, "cn_unknown": None}


async def test_only_what_portico_wrote_is_read_as_its_words(admin: asyncpg.Connection) -> None:
    rows = await admin.fetch("select description, wording, wording_of from invoice_line where wording is not null order by position")
    assert [tuple(row)[1:] for row in rows] == [("UNUSED_TIME", "Team"), ("REMAINING_TIME", "Unused time on X")]
    assert await admin.fetchval("select count(*) from invoice_line where description = 'Unused time on Team' and wording is null") == 1, "of a manual invoice"
    notes = await admin.fetch("select credit_note_id, wording, wording_of from credit_note_line")
    assert {row[0]: tuple(row)[1:] for row in notes} == {
        "cn_unused": ("UNUSED_TIME", "Team"),
        "cn_refund": ("REFUND", "INV-7"),
        "cn_correction": (None, None),
        "cn_unknown": (None, None),
    }


async def test_what_a_program_of_before_issues_gets_a_snapshot_once(admin: asyncpg.Connection) -> None:
    """It writes none itself. The trigger fires again whenever the payment is settled anew, and nothing that was printed changes."""
    await owe(admin, "late", 100, 19)
    await pay(admin, "late", AT)
    settle = "update payment set settled_at = settled_at + interval '1 second', status = 'SUCCEEDED' where id = any($1)"
    await admin.execute("update payment set settled_at = $1, status = 'SUCCEEDED' where id = 'pay_waiting'", AT)
    first = await snapshots(admin)
    assert {name: row for name, row in first.items() if not row[-1] and name != "inv_own"} == dict.fromkeys(
        ("inv_late", "pay_late", "pay_waiting"), ("Old", "old@example.com", "de-DE", "Europe/Berlin", None, False)
    )
    await admin.execute("update customer set name = 'Other', locale = 'fr', time_zone = 'UTC' where id = $1", OWNER)
    async with admin.transaction():
        for _ in range(2):
            await admin.execute(settle, ["pay_late", "pay_waiting", "pay_settled"])
    assert await snapshots(admin) == first


async def test_a_program_that_knows_the_seller_is_not_written_over(admin: asyncpg.Connection) -> None:
    async with admin.transaction():
        await owe(admin, "own", 100, 19)
        await admin.execute(
            """insert into document_snapshot (customer_id, document_id, name, email, tax_ids, locale, time_zone, issuer_name, issuer_address, issuer_tax_ids, issuer_footer)
               values ($1, 'inv_own', 'Own', 'own@example.com', '{}', 'en', 'UTC', 'Shop', '{}', '{}', '{}')""",
            OWNER,
        )
    assert (await snapshots(admin))["inv_own"] == ("Own", "own@example.com", "en", "UTC", "Shop", False)
