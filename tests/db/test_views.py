"""What the views compute is what the rules say, whatever shortcut they take."""

from datetime import datetime, timedelta

import asyncpg
import pytest

from billing.money.money import EXPONENTS, decimal_text
from tests.conftest import EMPTY, NOW

# As it would be written without a thought for speed: everything that is to come, in order, and the first of it.
EVERYTHING_TO_COME = """
select distinct on (c.id) c.id as customer_id, coming.due_on, coming.amount_minor, coming.currency, coming.kind, coming.source_id
  from customer c
  join (select s.customer_id, greatest((s.renews_at at time zone c.time_zone)::date, today_in(c.time_zone)) as due_on, s.renewal_minor as amount_minor, s.currency,
               'RENEWAL' as kind, s.id as source_id
          from subscription s join customer c on c.id = s.customer_id where s.renews_at is not null and s.renewal_minor > 0
         union all
        select s.customer_id, greatest((s.resumes_at at time zone c.time_zone)::date, today_in(c.time_zone)), s.renewal_minor, s.currency, 'RESUME', s.id
          from subscription s join customer c on c.id = s.customer_id
         where s.status = 'PAUSED' and s.renewal_minor > 0 and (s.period_ends_at is null or s.period_ends_at <= greatest(s.resumes_at, operation_now())) and s.resumes_at is not null
         union all
        select s.customer_id, (s.period_ends_at at time zone c.time_zone)::date, s.renewal_minor, s.currency, 'RENEWAL', s.id
          from subscription s join customer c on c.id = s.customer_id
         where s.status = 'PAUSED' and s.renewal_minor > 0 and s.period_ends_at > greatest(s.resumes_at, operation_now()) and s.resumes_at is not null
         union all
        select i.customer_id, greatest((i.collect_at at time zone c.time_zone)::date, today_in(c.time_zone)), i.remaining_minor, i.currency, 'RETRY', i.id
          from invoice i join customer c on c.id = i.customer_id
         where i.remaining_minor > 0 and i.status <> 'PROCESSING' and i.collect_at is not null and i.collection in ('DUE', 'RETRYING')
         union all
        select i.customer_id, i.due_on, i.remaining_minor, i.currency, 'INSTALLMENT', i.id
          from installment i join customer c on c.id = i.customer_id
         where i.remaining_minor > 0 and i.status <> 'PROCESSING' and i.due_on >= today_in(c.time_zone)
           and not exists (select from invoice v left join subscription s on s.customer_id = v.customer_id and s.id = v.subscription_id
                            where v.customer_id = i.customer_id and v.id = i.invoice_id
                              and (v.status not in ('OPEN', 'PARTIALLY_PAID') or s.charging_payment_id is not null))) coming on coming.customer_id = c.id
 order by c.id, coming.due_on, coming.kind desc, coming.source_id"""

FIRST_TO_COME = "select distinct on (customer_id) * from portal_upcoming_payment order by customer_id, due_on, kind desc, source_id"


@pytest.mark.parametrize("now", [NOW, NOW + timedelta(hours=11), NOW + timedelta(days=13, hours=17), NOW - timedelta(days=40), NOW + timedelta(days=200)])
async def test_the_next_payment_is_the_first_of_everything_to_come(admin: asyncpg.Connection, now: datetime) -> None:
    await admin.execute(f"set app.now = '{now.isoformat()}'")
    expected = await admin.fetch(EVERYTHING_TO_COME)
    assert await admin.fetch(FIRST_TO_COME) == expected


@pytest.mark.parametrize("zone", ["Pacific/Kiritimati", "Pacific/Pago_Pago", "America/Havana", "Australia/Lord_Howe", "Asia/Kathmandu"])
async def test_of_several_renewals_on_one_day_the_first_id_counts_in_every_time_zone(admin: asyncpg.Connection, zone: str) -> None:
    """Renewals every few hours over days on which clocks are changed. A third of them costs nothing, and is no payment."""
    changed = admin.transaction()
    await changed.start()
    try:
        await admin.execute("set local app.now = '2026-10-31T02:00:00Z'; set local session_replication_role = replica")
        big = await admin.fetchval("select customer_id from subscription group by 1 order by count(*) desc limit 1")
        await admin.execute("update customer set time_zone = $1 where id = $2", zone, big)
        await admin.execute(
            """update subscription s set renews_at = timestamptz '2026-11-04T00:30:00Z' - n.nth * interval '3 hours 20 minutes',
                      renewal_minor = case when n.nth % 3 = 0 then 0 else renewal_minor end
                 from (select id, row_number() over (order by id) % 40 as nth from subscription where customer_id = $1 and renews_at is not null) n
                where s.customer_id = $1 and s.id = n.id""",
            big,
        )
        for hours in range(0, 96, 5):
            await admin.execute(f"set local app.now = '{datetime.fromisoformat('2026-10-31T02:00:00Z') + timedelta(hours=hours)}'")
            expected = await admin.fetch(f"select * from ({EVERYTHING_TO_COME}) e where customer_id = $1", big)
            assert await admin.fetch(f"select * from ({FIRST_TO_COME}) f where customer_id = $1", big) == expected
    finally:
        await changed.rollback()


@pytest.mark.parametrize("currency", [*EXPONENTS, "USD", "EUR", "XTS"])
async def test_the_database_writes_amounts_as_the_rules_do(admin: asyncpg.Connection, currency: str) -> None:
    for minor in (0, 1, -1, 99, -12345, 2**53 + 1, -(2**63), 2**63 - 1):
        assert await admin.fetchval("select decimal_text($1, $2)", minor, currency) == decimal_text(minor, currency)


async def test_an_installment_has_the_status_of_its_invoice_which_a_charge_of_the_subscription_puts_in_payment(admin: asyncpg.Connection) -> None:
    changed = admin.transaction()
    await changed.start()
    try:
        await admin.execute("set local session_replication_role = replica")
        await admin.execute(
            """with open_invoice as (select i.customer_id, i.id, s.id as subscription_id from invoice i
                                       join lateral (select id from subscription s where s.customer_id = i.customer_id limit 1) s on true
                                      where i.status = 'OPEN' and exists (select from installment p where p.customer_id = i.customer_id and p.invoice_id = i.id) limit 1),
                    billed as (update invoice i set subscription_id = o.subscription_id from open_invoice o where i.customer_id = o.customer_id and i.id = o.id)
               update subscription s set charging_payment_id = 'pay_x' from open_invoice o where s.customer_id = o.customer_id and s.id = o.subscription_id"""
        )
        rows = await admin.fetch(
            """select p.invoice_status, case when i.is_in_payment then 'PROCESSING' else i.status end, i.status
                 from portal_installment p join portal_invoice i on i.customer_id = p.customer_id and i.id = p.invoice_id"""
        )
    finally:
        await changed.rollback()
    assert [row[0] for row in rows] == [row[1] for row in rows]
    assert {row[1] for row in rows if row[2] != row[1]} == {"PROCESSING"}


# What makes a currency known to an account.
KNOWING = ("invoice", "payment", "subscription", "payment_schedule", "balance_entry")
KNOWN = " union ".join(f"select customer_id, currency from {table}" for table in KNOWING)


async def test_the_totals_list_every_currency_that_an_account_has_known_and_no_other(admin: asyncpg.Connection) -> None:
    await admin.execute(f"set app.now = '{NOW.isoformat()}'")
    expected = await admin.fetch(f"select * from ({KNOWN}) known order by 1, 2")
    assert len({record["customer_id"] for record in expected}) > 400
    assert await admin.fetch("select customer_id, currency from portal_total order by 1, 2") == expected


@pytest.mark.parametrize("table", KNOWING)
async def test_one_row_of_any_kind_makes_its_currency_known(admin: asyncpg.Connection, table: str) -> None:
    """Whatever its status: the row is of another customer, who has many."""
    changed = admin.transaction()
    await changed.start()
    try:
        await admin.execute(f"set local app.now = '{NOW.isoformat()}'; set local session_replication_role = replica")
        totals = "select currency from portal_total where customer_id = $1 order by currency"
        assert await admin.fetch(totals, EMPTY.customer_id) == []
        for currency in ("XTS", "AED"):
            await admin.execute(
                f"update {table} set customer_id = $1, currency = $2 where id = (select id from {table} where customer_id <> $1 order by id desc limit 1)",
                EMPTY.customer_id, currency,
            )  # fmt: skip
        assert [record["currency"] for record in await admin.fetch(totals, EMPTY.customer_id)] == ["AED", "XTS"]
    finally:
        await changed.rollback()


async def test_every_other_amount_of_a_customer_belongs_to_a_row_that_makes_its_currency_known(admin: asyncpg.Connection) -> None:
    tables = await admin.fetch(
        """select c.relname as name from pg_class c join pg_namespace n on n.oid = c.relnamespace
            where n.nspname = 'portico' and c.relkind in ('r', 'p') and not c.relispartition and c.relname <> 'customer'
              and 2 = (select count(*) from pg_attribute a where a.attrelid = c.oid and a.attname in ('customer_id', 'currency'))"""
    )
    others = {record["name"] for record in tables} - set(KNOWING)
    assert others >= {"invoice_line", "installment"}
    for table in others:
        assert await admin.fetch(f"select customer_id, currency from {table} except select * from ({KNOWN}) known") == [], table


# Tables of which staff see no rows, or which have policies of their own, and their views.
OTHERWISE_READ = {
    "idempotency_key": ["portal_operation"],
    "portal_session": ["portal_portal_session"],
    "webhook_attempt": ["portal_webhook_attempt"],
    "webhook_delivery": ["portal_webhook_delivery"],
    "webhook_endpoint": ["portal_webhook_endpoint"],
}
READ_BY_VIEWS = """
with recursive reads as (
    select v.oid as view, d.refobjid as relation
      from pg_class v
      join pg_rewrite r on r.ev_class = v.oid
      join pg_depend d on d.classid = 'pg_rewrite'::regclass and d.objid = r.oid and d.refclassid = 'pg_class'::regclass and d.refobjid <> v.oid
     where v.relkind = 'v' and v.relnamespace = 'portico'::regnamespace and v.relname like 'portal\\_%'
     union
    select reads.view, d.refobjid
      from reads
      join pg_class v on v.oid = reads.relation and v.relkind = 'v'
      join pg_rewrite r on r.ev_class = v.oid
      join pg_depend d on d.classid = 'pg_rewrite'::regclass and d.objid = r.oid and d.refclassid = 'pg_class'::regclass and d.refobjid <> v.oid)
select cast(t.relname as text) as relation, array_agg(distinct cast(v.relname as text) order by cast(v.relname as text)) as views
  from reads join pg_class t on t.oid = reads.relation join pg_class v on v.oid = reads.view
 where t.relrowsecurity
   and not exists (select from pg_policy p where p.polrelid = t.oid and p.polpermissive and p.polcmd in ('r', '*')
                      and (pg_get_expr(p.polqual, p.polrelid) like '%STAFF%' or pg_get_expr(p.polqual, p.polrelid) = 'true'))
 group by t.relname order by t.relname"""


async def test_staff_see_the_rows_of_every_table_that_a_view_reads(admin: asyncpg.Connection) -> None:
    """Where they do not, a view has other amounts for staff than for the customer."""
    assert {record["relation"]: record["views"] for record in await admin.fetch(READ_BY_VIEWS)} == OTHERWISE_READ
