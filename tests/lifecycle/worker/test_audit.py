"""The audit finds whatever breaks an invariant of the money, and nothing else."""

import asyncio
import re
from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

import asyncpg
import pytest
from sqlalchemy import make_url
from typer.testing import CliRunner, Result

from db.audit import PREFIX, CannotAudit, checked, invariants
from db.builtin import embedded
from db.pool import Database
from gateway.cli.main import cli
from tests.auditing import AUDITED_AT
from tests.conftest import Portal
from tests.lifecycle.conftest import Life, living, price
from tests.lifecycle.payments.test_paying import credit, invoice, pay, schedule
from tests.logs import logging_as_before

# A credit note over 1.00 without tax that became the customer's credit.
NOTE = """
insert into credit_note (customer_id, id, number, reason, currency, invoice_id, issued_at, subtotal_minor, tax_minor, total_minor, granted_minor, created_at)
select customer_id, 'cn_audited', 'CN-audited', 'CORRECTION', currency, id, issued_at, 100, 0, 100, 100, issued_at from invoice where id = :paid;
insert into credit_note_line (customer_id, id, credit_note_id, currency, position, description, subtotal_minor, tax_minor, total_minor)
values (:customer, 'line_audited', 'cn_audited', 'USD', 1, 'Too much', 100, 0, 100);
insert into balance_entry (customer_id, id, currency, amount_minor, kind, invoice_id, credit_note_id, created_at)
values (:customer, 'bal_audited', 'USD', 100, 'CREDIT_NOTE', :paid, 'cn_audited', now())"""

# A refund of 7.00 that staff began and the processor works on.
REFUND = """
insert into refund (customer_id, id, payment_id, currency, amount_minor, reason, status, created_at)
values (:customer, 'ref_audited', :payment, 'USD', 7, 'REQUESTED', 'PENDING', now());
insert into refund_request (customer_id, refund_id, payment_id, processor, mutation, key, caller, request, answer, started_at, settled_at)
values (:customer, 'ref_audited', {payment}, 'sandbox', 'refundPayment', 'a key', 'a client', '{{}}', '{{}}', now(), {settled_at});
"""
# A key of a client with the answer of a call that began this refund or payment.
KEY = """
insert into client_key (caller, mutation, key, owner_id, input_hash, payment_id, answer, finished_at, created_at)
values ('a client', '{mutation}', 'a key', :customer, '', {began}, {answer}, {finished_at}, timestamp '2100-01-01');
"""

# In place of a view, the same with one column changed.
OTHER_VIEW = """
alter view portal_total rename to portal_total_before;
create view portal_total as select customer_id, currency, balance_minor + {balance} as balance_minor, due_minor + {due} as due_minor from portal_total_before;
grant select on portal_total to portico_owner"""

# By invariant: changes, each of which breaks that one alone.
CHANGES: dict[str, list[str]] = {
    "invoice_lines": [
        "update invoice_line set subtotal_minor = subtotal_minor + 1, total_minor = total_minor + 1 where invoice_id = :paid",
        "update invoice_line set discount_minor = discount_minor + 1, total_minor = total_minor - 1 where invoice_id = :paid",
        "update invoice_line set tax_minor = tax_minor + 1, total_minor = total_minor + 1 where invoice_id = :paid",
        "delete from invoice_line where invoice_id = :paid",
    ],
    "invoice_paid": [
        "update payment_allocation set amount_minor = amount_minor + case invoice_id when :paid then 1 else -1 end where invoice_id in (:paid, :also_paid)",
        """insert into refund_allocation values (:customer, 'rfa_audited', 'ref_none', :paid, null, 'USD', 1, now());
           update invoice set refunded_minor = 1 where id = :paid""",
    ],
    "invoice_refunded": [
        "update invoice set refunded_minor = 1 where id = :paid",
        "update invoice set noted_minor = noted_minor + 1 where id = :paid",
    ],
    "invoice_credited": [
        "update balance_entry set invoice_id = :paid where kind = 'APPLIED_TO_INVOICE' and invoice_id = :partly_paid",
    ],
    "invoice_status": [
        "update invoice set status = 'PROCESSING' where id = :partly_paid",
        "update invoice set status = 'OPEN' where id = :in_flight",
        "update invoice set status = 'PAID' where id = :partly_paid",
    ],
    "installment_paid": [
        "update payment_allocation set installment_id = :second where installment_id = :first",
        """insert into balance_entry (customer_id, id, currency, amount_minor, kind, created_at)
           values (:customer, 'bal_used', 'USD', -5, 'APPLIED_TO_INVOICE', now()), (:customer, 'bal_more', 'USD', 5, 'OVERPAYMENT', now())""",
    ],
    "installment_status": [
        "update installment set status = 'PROCESSING' where id = :second",
        "update installment set status = 'DUE' where id = :first",
    ],
    "installment_invoice": [
        "update installment set invoice_id = :paid where id = :second",
    ],
    "schedule_installments": [
        "update payment_schedule set paid_minor = paid_minor + 1 where id = (select schedule_id from installment where id = :second)",
        "update payment_schedule set total_minor = total_minor + 1 where id = (select schedule_id from installment where id = :second)",
        "update payment_schedule set status = 'FINISHED' where id = (select schedule_id from installment where id = :second)",
    ],
    "payment_allocated": [
        "update payment_allocation set payment_id = :payment where invoice_id = :partly_paid",
        """insert into balance_entry (customer_id, id, currency, amount_minor, kind, payment_id, created_at)
           values (:customer, 'bal_more', 'USD', 5, 'OVERPAYMENT', :payment, now()), (:customer, 'bal_less', 'USD', -5, 'OVERPAYMENT', null, now())""",
        """insert into balance_entry (customer_id, id, currency, amount_minor, kind, payment_id, created_at)
           values (:customer, 'bal_more', 'USD', 5, 'OVERPAYMENT', :slow, now()), (:customer, 'bal_less', 'USD', -5, 'OVERPAYMENT', null, now())""",
    ],
    "payment_refunded": [
        "update payment set status = 'REFUNDED' where id = :payment",
    ],
    "refund_allocated": [
        """insert into refund (customer_id, id, payment_id, currency, amount_minor, reason, status, created_at)
           values (:customer, 'ref_audited', :payment, 'USD', 7, 'REQUESTED', 'FAILED', now());
           insert into refund_allocation values (:customer, 'rfa_audited', 'ref_audited', null, :first, 'USD', 7, now())""",
        """insert into refund (customer_id, id, payment_id, currency, amount_minor, reason, status, created_at)
           values (:customer, 'ref_audited', :payment, 'USD', 7, 'REQUESTED', 'PENDING', now());
           insert into refund_allocation values (:customer, 'rfa_audited', 'ref_audited', null, :first, 'USD', 6, now())""",
    ],
    "refund_booked": [
        """insert into refund (customer_id, id, payment_id, currency, amount_minor, reason, status, created_at)
           values (:customer, 'ref_audited', :payment, 'USD', 7, 'REQUESTED', 'PENDING', now());
           insert into refund_allocation values (:customer, 'rfa_audited', 'ref_audited', null, null, 'USD', 7, now())""",
    ],
    "balance_entries": [OTHER_VIEW.format(balance=1, due=0)],
    "total_due": [OTHER_VIEW.format(balance=0, due=1)],
    "statement_balance": [
        "update balance_entry set kind = 'OVERPAYMENT' where customer_id = :customer and kind = 'ADJUSTMENT'",
    ],
    "period_invoiced_once": [
        """drop index invoice_per_period;
           update invoice i set subscription_id = f.subscription_id, reason = 'RENEWAL', period_starts_at = f.period_starts_at, period_ends_at = f.period_ends_at
             from invoice f where f.id = :of_subscription and i.id = :paid""",
    ],
    "document_snapshot": [
        "alter table document_snapshot disable trigger refuse_snapshot_change; delete from document_snapshot where document_id = :paid",
    ],
    "line_tax_rate": ["update invoice_line set tax_rate_ppm = 900000 where invoice_id = :of_subscription and subtotal_minor > 0"],
    "document_number": [
        "update credit_note set number = id where id = 'cn_audited'",
        "update credit_note set number = 'never registered' where id = 'cn_audited'",
        "update invoice set number = id where id = :paid",
        "update invoice set number = 'never registered' where id = :paid",
        "update invoice set sequence = 1 where id = :paid",
        "update invoice set issued_at = issued_at - interval '2 years' where id = :of_subscription",
    ],
    "number_issued_once": [
        """alter table invoice drop constraint invoice_customer_id_number_key;
           update invoice i set number = f.number, sequence = f.sequence from invoice f where f.id = :of_subscription and i.id = :paid""",
        """insert into invoice_number select 'no invoice', series, year, last + 1 from invoice_series where year = 2027 limit 1;
           update invoice_series s set last = last + 1 from invoice_number n where n.number = 'no invoice' and n.series = s.series and n.year = s.year""",
    ],
    "number_gaps": ["update invoice_series set last = last + 1 where year = 2027"],
    "idempotency_key": [
        "update idempotency_key set payment_id = :slow where payment_id = :payment",
        "update idempotency_key set answer = null, finished_at = null where payment_id = :payment",
        """insert into idempotency_key (customer_id, mutation, key, input_hash, payment_id, created_at)
           values (:customer, 'payInvoice', 'another', '', :payment, timestamp '2100-01-01')""",
        "update charge c set mutation = o.mutation, key = o.key from charge o where o.payment_id = :payment and c.payment_id = :slow",
    ],
    "client_key": [
        KEY.format(mutation="payInvoice", began=":payment", answer="'{}'", finished_at="now()"),
        REFUND.format(payment=":payment", settled_at="null") + KEY.format(mutation="creditInvoice", began="'ref_audited'", answer="'{}'", finished_at="now()"),
        REFUND.format(payment=":payment", settled_at="now()").replace("'PENDING'", "'FAILED'")
        + KEY.format(mutation="refundPayment", began="'ref_audited'", answer="null", finished_at="null"),
    ],
    "refund_request": [
        REFUND.format(payment=":payment", settled_at="now()"),
        REFUND.format(payment=":slow", settled_at="null"),
        REFUND.format(payment=":payment", settled_at="null") + REFUND.format(payment=":payment", settled_at="null").replace("ref_audited", "ref_audited2"),
    ],
    "recorded_payment": [
        "update payment set received_on = current_date where id = :payment",
        "update payment set processor = 'manual' where id = :payment",
        "update payment set processor = 'manual', received_on = current_date where id = :payment",
    ],
    "written_off": ["update invoice set written_off_at = now(), collect_at = now() where id = :partly_paid"],
    "credited_lines": [
        "update credit_note_line set invoice_line_id = (select id from invoice_line where invoice_id = :also_paid) where credit_note_id = 'cn_audited'",
    ],
    "charge_settled": [
        "update charge set settled_at = now() where payment_id = :slow",
        "update charge set settled_at = null where payment_id = :payment",
    ],
    "payment_in_flight_once": [
        """insert into payment (customer_id, id, status, currency, amount_minor, method_kind, processor, created_at)
           values (:customer, 'pay_audited', 'PROCESSING', 'USD', 5, 'CARD', 'sandbox', now());
           insert into payment_allocation values (:customer, 'alo_audited', 'pay_audited', :in_flight, null, 'USD', 5, now())""",
    ],
    "charging_payment": [
        "update subscription set charging_payment_id = :payment where id = :subscription",
        "update subscription set charging_payment_id = 'pay_none' where id = :subscription",
    ],
    "holds": [
        """update subscription set status = 'SUSPENDED', renews_at = null, suspended_by = 'CUSTOMER', holds = '{CUSTOMER,MERCHANT}' where id = :subscription""",
    ],
    "dunning_holds": [
        """update subscription set status = 'SUSPENDED', renews_at = null, suspended_by = 'DUNNING', holds = '{DUNNING}' where id = :subscription""",
    ],
    "plans_recorded": [
        "delete from taken_plan where subscription_id = :subscription",
        """update subscription set status = 'CANCELED', canceled_at = now(), renews_at = null, period_starts_at = null, period_ends_at = null where id = :subscription""",
    ],
    "coupon_redemptions": [
        "update coupon set redeemed_count = redeemed_count + 1 where code = 'WELCOME20'",
        "delete from coupon_redemption where subscription_id = :subscription",
    ],
    "credit_note_parts": [
        "update balance_entry set kind = 'OVERPAYMENT' where credit_note_id = 'cn_audited'",
        "update credit_note set granted_minor = 99 where id = 'cn_audited'",
    ],
    "credit_note_lines": [
        "update credit_note_line set subtotal_minor = 99, total_minor = 99 where credit_note_id = 'cn_audited'",
        "update credit_note_line set subtotal_minor = 99, tax_minor = 1 where credit_note_id = 'cn_audited'",
    ],
    "invoice_credit_notes": [
        """update credit_note set subtotal_minor = 99, tax_minor = 1 where id = 'cn_audited';
           update credit_note_line set subtotal_minor = 99, tax_minor = 1 where credit_note_id = 'cn_audited'""",
        """update credit_note set subtotal_minor = 10000, total_minor = 10000, granted_minor = 10000 where id = 'cn_audited';
           update credit_note_line set subtotal_minor = 10000, total_minor = 10000 where credit_note_id = 'cn_audited';
           update balance_entry set amount_minor = 10000 where credit_note_id = 'cn_audited';
           update invoice set noted_minor = 10000 where id = :paid""",
    ],
    "event_numbers": [
        "delete from event where customer_id = :customer and seq = 3",
        "delete from event where customer_id = :customer and seq = (select seq from event_counter where owner_id = :customer)",
        "update event_counter set seq = seq + 1 where owner_id = :customer",
    ],
    "event_versions": [
        "update customer set version = version + 1 where id = :customer",
        "update subscription set version = version + 1 where id = :subscription",
        "update invoice set version = version + 1 where id = :paid",
        "update installment set version = version + 1 where id = :first",
        "update payment_schedule set version = version + 1 where id = (select schedule_id from installment where id = :first)",
        "update payment set version = version + 1 where id = :payment",
        "update payment_method set version = version + 1 where customer_id = :customer",
    ],
}  # fmt: skip
CASES = [pytest.param(name, change, id=f"{name} {number}") for name, changes in CHANGES.items() for number, change in enumerate(changes, 1)]


@dataclass(frozen=True)
class Account:
    """A customer with something of everything, and the ids of it by their names in CHANGES."""

    life: Life
    ids: dict[str, str]

    def named(self, sql: str) -> str:
        for name in sorted(self.ids, key=len, reverse=True):
            sql = sql.replace(f":{name}", f"'{self.ids[name]}'")
        return sql


@pytest.fixture(scope="module")
async def account(place: embedded.Urls, portal: Portal, pool: Database) -> AsyncIterator[Account]:
    connection = await asyncpg.connect(place.admin, server_settings={"search_path": "portico"})
    async with living(portal, pool, connection) as life:
        yield Account(life, await _ids(life))
    await connection.close()


async def _ids(life: Life) -> dict[str, str]:
    subscription = await life.subscribe("storage")
    assert (await life.do("applyCoupon", subscriptionId=subscription, code="WELCOME20"))["userErrors"] == []
    (of_subscription,) = [row["id"] for row in await life.rows("invoice")]
    first, second = await schedule(life, 300, 400)
    paid, also_paid = await invoice(life, 1_000), await invoice(life, 2_000)
    payment = await _paid(life, "payAllDue", currency="USD")
    partly_paid = await invoice(life, 4_000)
    await credit(life, 500)
    await _paid(life, "payInvoice", invoiceId=partly_paid, amountMinorUnits="1500")
    await life.card("slow")
    in_flight = await invoice(life, 5_000)
    slow = await _paid(life, "payInvoice", invoiceId=in_flight)
    life.now += timedelta(days=1)
    waiting = await life.do("addPlan", priceId=price("business"), more="payment { id }")
    assert waiting["userErrors"] == []
    return {
        "customer": life.customer_id, "subscription": subscription, "of_subscription": of_subscription, "first": first, "second": second, "paid": paid,
        "also_paid": also_paid, "payment": payment, "partly_paid": partly_paid, "in_flight": in_flight, "slow": slow,
    }  # fmt: skip


async def _paid(life: Life, mutation: str, **arguments: str) -> str:
    payload = await pay(life, mutation, **arguments)
    assert payload["userErrors"] == []
    return str(payload["payment"]["id"])


async def broken(owner: asyncpg.Connection, account: Account, *, is_whole: bool) -> set[str]:
    """The invariants that the customer's rows break, or what belongs to nobody."""
    customers = None if is_whole else [account.life.customer_id]
    findings = await checked(owner, now=AUDITED_AT, customers=customers)
    await owner.execute("reset role")
    return {each.name for each in findings if any(row.customer_id in ("", account.life.customer_id) for row in each.violations)}


@pytest.mark.parametrize(("name", "change"), CASES)
async def test_what_breaks_an_invariant_is_reported_under_its_name_alone(name: str, change: str, account: Account, owner: asyncpg.Connection) -> None:
    is_whole = name in ("number_issued_once", "number_gaps", "coupon_redemptions")
    transaction = owner.transaction()
    await transaction.start()
    try:
        await owner.execute(account.named(NOTE))
        await owner.execute("set constraints all immediate")
        assert await broken(owner, account, is_whole=is_whole) == set()
        await owner.execute("set local session_replication_role = replica")
        await _without_checks(owner, change)
        await owner.execute(account.named(change))
        assert await broken(owner, account, is_whole=is_whole) == {name}
    finally:
        await transaction.rollback()


async def _without_checks(owner: asyncpg.Connection, change: str) -> None:
    """The database itself refuses much of what breaks an invariant."""
    tables = set(re.findall(r"(?:update|insert into) (\w+)", change))
    checks = "select conrelid::regclass, quote_ident(conname) from pg_constraint where contype = 'c' and conrelid::regclass::text = any($1)"
    for table, name in await owner.fetch(checks, tables):
        await owner.execute(f"alter table {table} drop constraint {name}")


def test_every_invariant_is_broken_by_a_test_and_says_its_rule() -> None:
    assert {block.name for block in invariants()} == {PREFIX + name for name in CHANGES}
    assert all(block.summary.endswith(".") for block in invariants())


def run(place: embedded.Urls, *arguments: str) -> Result:
    with logging_as_before():
        return CliRunner().invoke(cli, ["audit", *arguments], env={"PORTICO_DATABASE_URL": place.admin})


@pytest.mark.inconsistent_rows
async def test_the_command_prints_the_rows_that_break_an_invariant_and_exits_with_1(life: Life, place: embedded.Urls) -> None:
    invoices = [await invoice(life, 1_000) for _ in range(22)]
    before = await asyncio.to_thread(run, place, "--customer", life.customer_id)
    assert (before.exit_code, before.stdout.splitlines()[-1]) == (0, f"All {len(CHANGES)} invariants hold.")
    await life.admin.execute("delete from invoice_line where customer_id = $1", life.customer_id)
    after = await asyncio.to_thread(run, place, "--customer", life.customer_id)
    assert (after.exit_code, after.stdout.splitlines()[-1]) == (1, f"1 of {len(CHANGES)} invariants are broken, by 22 rows.")
    assert re.search(r"^ BROKEN +invoice_lines +An invoice is the sum of its lines", after.stdout, re.MULTILINE)
    assert "invoice_lines: 22 rows, the first 20 of them:" in after.stdout
    rows = [line for line in after.stdout.splitlines() if life.customer_id in line]
    assert [line.split()[1] for line in rows] == sorted(invoices)[:20]
    assert "total 0" in rows[0]
    assert "total 1000" in rows[0]


async def test_an_audit_that_cannot_run_exits_with_2(place: embedded.Urls) -> None:
    """Nothing is said to hold that was not looked at."""
    nowhere = make_url(place.admin)
    for url, arguments, says in (
        (place.admin, ["--customer", "cus_none"], "No customer has the id cus_none."),
        (nowhere.set(database="none").render_as_string(hide_password=False), [], "Check PORTICO_DATABASE_URL."),
        (place.app, [], "this user may not do that"),
        ("mysql://x/y", [], "PORTICO_DATABASE_URL: is not a database URL"),
    ):
        ended = await asyncio.to_thread(run, embedded.Urls(url, url), *arguments)
        assert (ended.exit_code, ended.stdout) == (2, "")
        assert says in ended.stderr, ended.stderr


def test_an_audit_makes_no_database(tmp_path: Path) -> None:
    with logging_as_before():
        ended = CliRunner().invoke(cli, ["audit", "--data-dir", str(tmp_path)])
    assert (ended.exit_code, list(tmp_path.iterdir())) == (2, [])
    assert "has no database yet" in ended.stderr


async def test_an_audit_of_a_table_whose_rows_it_would_not_see_is_refused(owner: asyncpg.Connection) -> None:
    transaction = owner.transaction()
    await transaction.start()
    try:
        await owner.execute("drop policy audited on invoice")
        with pytest.raises(CannotAudit, match=r"cannot read the rows of invoice\. Run `\./portico migrate` first"):
            await checked(owner, now=AUDITED_AT)
    finally:
        await transaction.rollback()


async def test_an_administrator_who_is_no_superuser_sees_every_row(owner: asyncpg.Connection, place: embedded.Urls, account: Account) -> None:
    """As on a managed Postgres."""
    transaction = owner.transaction()
    await transaction.start()
    try:
        await owner.execute("create role audit_admin; grant portico_owner, portico_app to audit_admin; set local role audit_admin")
        await owner.execute("set local search_path = portico")
        assert await owner.fetchval("select count(*) from invoice") == 0
        await checked(owner, now=AUDITED_AT)
        for block in ("invoice", "payment", "charge", "idempotency_key", "invoice_number"):
            assert await owner.fetchval(f"select count(*) from {block}") > 0, block
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            await owner.execute("reset role; set local role audit_admin; select * from pg_authid")
    finally:
        await transaction.rollback()


async def test_the_application_cannot_call_itself_the_audit(place: embedded.Urls, account: Account) -> None:
    app = await asyncpg.connect(place.app, server_settings={"search_path": "portico"})
    await app.execute("set role portico_app; set app.actor = 'AUDIT'")
    for table in ("invoice", "payment", "charge", "idempotency_key", "customer"):
        assert await app.fetchval(f"select count(*) from {table}") == 0, table
    await app.close()
