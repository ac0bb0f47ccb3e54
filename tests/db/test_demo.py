"""The demo data agree with themselves: whatever a page adds up comes out the same by another way."""

import asyncio
import re
import tempfile
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import asyncpg
import pytest
from typer.testing import CliRunner

import demo
from billing import states
from db.builtin import embedded
from db.deployment.migrate import migrate
from demo import load
from demo.customers.crowd import generate
from demo.load import run_story
from demo.records.rows import SeedSubscription
from demo.records.tables import CUSTOMER_TABLES, Rows, no_rows
from gateway.cli.main import cli
from tests.logs import logging_as_before
from tests.template import create_database, migrated_cluster

NOW = datetime(2026, 3, 31, 15, 30, tzinfo=UTC)
GENERATED = 200
Ask = Callable[..., list[dict[str, Any]]]


async def _fetch(url: str, sql: str, arguments: tuple[Any, ...]) -> list[dict[str, Any]]:
    connection = await asyncpg.connect(url, server_settings={"search_path": "portico", "app.now": NOW.isoformat()})
    try:
        return [dict(record) for record in await connection.fetch(sql, *arguments)]
    finally:
        await connection.close()


async def _make(url: str) -> None:
    await migrate(url)
    assert await demo.is_empty(url)
    await demo.seed(url, customers=GENERATED, now=NOW, progress=lambda done: None)
    assert not await demo.is_empty(url)


@pytest.fixture(scope="module")
def urls() -> Iterator[embedded.Urls]:
    with tempfile.TemporaryDirectory(prefix="portico-") as folder, migrated_cluster(Path(folder) / "postgres") as urls:
        asyncio.run(_make(urls.admin))
        yield urls


@pytest.fixture(scope="module")
def ask(urls: embedded.Urls) -> Ask:
    return lambda sql, *arguments: asyncio.run(_fetch(urls.admin, sql, arguments))


def test_every_reference_leads_to_a_row(ask: Ask) -> None:
    keys = ask("""
        select c.conrelid::regclass::text as child, c.confrelid::regclass::text as parent,
               array(select attname::text from unnest(c.conkey) with ordinality k(n, o)
                       join pg_attribute on attrelid = c.conrelid and attnum = n order by o) as mine,
               array(select attname::text from unnest(c.confkey) with ordinality k(n, o)
                       join pg_attribute on attrelid = c.confrelid and attnum = n order by o) as theirs
          from pg_constraint c where c.contype = 'f' and c.connamespace = 'portico'::regnamespace""")
    assert len(keys) > 30
    for key in keys:
        known = " and ".join(f"c.{column} is not null" for column in key["mine"])
        same = " and ".join(f"p.{theirs} = c.{mine}" for mine, theirs in zip(key["mine"], key["theirs"], strict=True))
        assert not ask(f"select c.* from {key['child']} c where {known} and not exists (select from {key['parent']} p where {same}) limit 1"), key


def test_every_check_still_holds(ask: Ask) -> None:
    for check in ask("""select conrelid::regclass::text as name, pg_get_expr(conbin, conrelid) as rule
                          from pg_constraint where contype = 'c' and connamespace = 'portico'::regnamespace"""):
        assert not ask(f"select * from {check['name']} where not ({check['rule']}) limit 1"), check


def test_the_audit_finds_nothing(urls: embedded.Urls) -> None:
    with logging_as_before():
        ended = CliRunner().invoke(cli, ["audit"], env={"PORTICO_DATABASE_URL": urls.admin})
    assert (ended.exit_code, "BROKEN" in ended.stdout) == (0, False), ended.stdout
    assert re.fullmatch(r"All \d+ invariants hold\.", ended.stdout.splitlines()[-1])


def test_an_invoice_is_the_sum_of_its_lines(ask: Ask) -> None:
    assert not ask("""
        select i.id from invoice i left join invoice_line l on l.customer_id = i.customer_id and l.invoice_id = i.id
         group by i.customer_id, i.id
        having i.subtotal_minor is distinct from sum(l.subtotal_minor) or i.discount_minor is distinct from sum(l.discount_minor)
            or i.tax_minor is distinct from sum(l.tax_minor) or i.total_minor is distinct from sum(l.total_minor)
            or i.total_minor <> i.subtotal_minor - i.discount_minor + i.tax_minor""")


def test_a_line_is_its_quantity_at_the_tax_of_its_customer(ask: Ask) -> None:
    assert not ask("""
        select l.id from invoice_line l join customer c on c.id = l.customer_id
         where l.subtotal_minor <> l.quantity * l.unit_minor
            or l.tax_minor <> round((l.subtotal_minor - l.discount_minor) * c.tax_rate_ppm / 1000000.0)""")


def test_what_is_paid_on_an_invoice_is_what_settled_payments_gave_it(ask: Ask) -> None:
    assert not ask("""
        select i.id, i.paid_minor, paid.sum from invoice i,
               lateral (select coalesce(sum(a.amount_minor), 0) as sum
                          from payment_allocation a join payment p on p.customer_id = a.customer_id and p.id = a.payment_id
                         where a.customer_id = i.customer_id and a.invoice_id = i.id and p.status in ('SUCCEEDED', 'REFUNDED')) paid,
               lateral (select coalesce(sum(t.amount_minor), 0) as sum
                          from refund_allocation t where t.customer_id = i.customer_id and t.invoice_id = i.id) back
         where i.paid_minor <> paid.sum - back.sum""")


def test_what_is_paid_on_an_installment_is_what_settled_payments_gave_it(ask: Ask) -> None:
    assert not ask("""
        select i.id, i.paid_minor, paid.sum from installment i,
               lateral (select coalesce(sum(a.amount_minor), 0) as sum
                          from payment_allocation a join payment p on p.customer_id = a.customer_id and p.id = a.payment_id
                         where a.customer_id = i.customer_id and a.installment_id = i.id and p.status in ('SUCCEEDED', 'REFUNDED')) paid,
               lateral (select coalesce(sum(t.amount_minor), 0) as sum
                          from refund_allocation t where t.customer_id = i.customer_id and t.installment_id = i.id) back
         where i.paid_minor <> paid.sum - back.sum""")


def test_an_invoice_is_credited_with_what_left_the_balance_for_it(ask: Ask) -> None:
    assert not ask("""
        select i.id from invoice i
         where i.credited_minor <> (select coalesce(-sum(b.amount_minor), 0) from balance_entry b
                                     where b.customer_id = i.customer_id and b.invoice_id = i.id and b.kind = 'APPLIED_TO_INVOICE')
                                 + (select coalesce(sum(n.released_minor + n.refunded_minor), 0) from credit_note n
                                     where n.customer_id = i.customer_id and n.invoice_id = i.id)""")


def test_a_payment_gives_away_what_it_is_worth_and_the_rest_goes_to_the_account(ask: Ask) -> None:
    assert not ask("""
        select p.id from payment p
         where p.amount_minor <> (select coalesce(sum(a.amount_minor), 0) from payment_allocation a where a.customer_id = p.customer_id and a.payment_id = p.id)
                               + (select coalesce(sum(b.amount_minor), 0) from balance_entry b
                                   where b.customer_id = p.customer_id and b.payment_id = p.id and b.kind in ('OVERPAYMENT', 'PAYMENT'))""")


def test_the_status_of_an_invoice_follows_from_its_payments(ask: Ask) -> None:
    assert not ask("""
        select i.id, i.status from invoice i,
               lateral (select bool_or(p.status in ('PROCESSING', 'REQUIRES_ACTION')) as in_flight
                          from payment_allocation a join payment p on p.customer_id = a.customer_id and p.id = a.payment_id
                         where a.customer_id = i.customer_id and a.invoice_id = i.id) paid
         where i.status <> 'VOID'
           and i.status <> case when paid.in_flight then 'PROCESSING' when i.paid_minor = 0 and i.refunded_minor > 0 and i.noted_minor = i.total_minor then 'REFUNDED'
                                when i.paid_minor + i.credited_minor = i.total_minor then 'PAID' when i.paid_minor > 0 then 'PARTIALLY_PAID' else 'OPEN' end
            or (i.status in ('PAID', 'REFUNDED')) <> (i.paid_at is not null)
            or i.status = 'VOID' and i.paid_minor > 0""")


def test_a_schedule_is_the_sum_of_its_installments(ask: Ask) -> None:
    assert not ask("""
        select s.id from payment_schedule s join installment i on i.customer_id = s.customer_id and i.schedule_id = s.id
         group by s.customer_id, s.id
        having s.total_minor <> sum(i.amount_minor) or s.paid_minor <> sum(i.paid_minor) or s.refunded_minor <> sum(i.refunded_minor)
            or (s.status = 'FINISHED') <> bool_and(i.status in ('PAID', 'REFUNDED'))
            or (s.status = 'CANCELED') <> bool_or(i.status = 'CANCELED')""")
    assert not ask(
        "select id from payment_schedule s where not exists (select from installment i where i.customer_id = s.customer_id and i.schedule_id = s.id)"
    )


def test_an_installment_and_the_invoice_of_its_own_say_the_same(ask: Ask) -> None:
    assert not ask(
        """
        select i.id from installment i join payment_schedule s on s.customer_id = i.customer_id and s.id = i.schedule_id
               left join invoice v on v.customer_id = i.customer_id and v.id = i.invoice_id
         where s.invoicing = 'PER_INSTALLMENT' and v.id is not null
           and (v.schedule_id <> s.id or v.total_minor <> i.amount_minor or v.paid_minor <> i.paid_minor or v.due_on <> i.due_on
                or v.status <> case i.status when 'DUE' then 'OPEN' when 'FAILED' then 'OPEN' when 'CANCELED' then 'VOID' else i.status end)
            or s.invoicing = 'PER_INSTALLMENT' and v.id is null and (i.paid_minor > 0 or i.due_on <= $1)
            or s.invoicing = 'NONE' and v.id is not null
            or s.invoicing = 'COLLECTIVE' and v.schedule_id is distinct from s.id""",
        NOW.date() + timedelta(days=12),
    )


def test_a_collective_invoice_is_the_sum_of_the_installments_it_covers(ask: Ask) -> None:
    assert not ask("""
        select v.id from invoice v join payment_schedule s on s.customer_id = v.customer_id and s.id = v.schedule_id and s.invoicing = 'COLLECTIVE'
               join installment i on i.customer_id = v.customer_id and i.invoice_id = v.id
         group by v.customer_id, v.id
        having v.total_minor <> sum(i.amount_minor) or v.paid_minor <> sum(i.paid_minor) or v.remaining_minor <> sum(i.remaining_minor)""")


def test_what_pays_a_covered_installment_pays_its_invoice(ask: Ask) -> None:
    assert not ask("""
        select a.id from payment_allocation a join installment i on i.customer_id = a.customer_id and i.id = a.installment_id
         where a.invoice_id is distinct from i.invoice_id""")
    assert not ask("""
        select a.id from payment_allocation a join invoice i on i.customer_id = a.customer_id and i.id = a.invoice_id
         where i.reason = 'SCHEDULE' and a.installment_id is null""")


def test_the_periods_of_a_subscription_follow_each_other_up_to_the_current_one(ask: Ask) -> None:
    assert not ask("""
        select s.id from subscription s join customer c on c.id = s.customer_id, lateral (
               select i.reason, i.period_starts_at, i.period_ends_at, row_number() over w as number, lead(i.period_starts_at) over w as next
                 from invoice i where i.customer_id = s.customer_id and i.subscription_id = s.id and i.reason in ('FIRST', 'RENEWAL')
               window w as (order by i.period_starts_at)) p
         where p.period_ends_at <> coalesce(p.next, s.period_ends_at) or p.next is null and p.period_starts_at <> s.period_starts_at
            or (p.reason = 'FIRST') <> (p.number = 1) or p.number = 1 and p.period_starts_at <> coalesce(s.trial_ends_at, s.started_at)
            or extract(day from p.period_starts_at at time zone c.time_zone)
               <> least(extract(day from s.anchor_at at time zone s.billing_zone),
                       extract(day from date_trunc('month', p.period_starts_at at time zone c.time_zone) + interval '1 month - 1 day'))""")


def test_a_period_is_as_long_as_its_price_says(ask: Ask) -> None:
    assert not ask("""
        select s.id, s.period_starts_at, s.period_ends_at from subscription s join price p on p.id = s.price_id join customer c on c.id = s.customer_id
         where s.status not in ('SCHEDULED', 'TRIALING')
           and date_trunc('month', s.period_ends_at at time zone c.time_zone) <> date_trunc('month', s.period_starts_at at time zone c.time_zone)
               + case p.billing_interval when 'YEAR' then interval '1 year' else interval '1 month' end""")


def test_what_renews_does_so_at_the_end_of_its_period(ask: Ask) -> None:
    assert not ask(
        """
        select id, status from subscription
         where renews_at is distinct from case when status = 'SCHEDULED' then coalesce(trial_ends_at, started_at)
                                               when status in ('TRIALING', 'ACTIVE') and coalesce(pending_kind, 'PLAN') = 'PLAN' then period_ends_at end
            or pending_at is distinct from case when pending_kind is not null then period_ends_at end
            or status in ('TRIALING', 'ACTIVE') and not (period_starts_at <= $1 and period_ends_at >= $1)
            or (status = 'SCHEDULED') <> (started_at > $1) or (status = 'SCHEDULED') <> (period_starts_at is null)
            or resumes_at < $1 or status = 'TRIALING' and trial_ends_at <> period_ends_at
            or (status = 'PAUSED') <> (paused_at is not null) or (status = 'SUSPENDED') <> (suspended_at is not null)""",
        NOW,
    )


def test_every_plan_that_a_subscription_has_is_recorded_and_every_trial_once(ask: Ask) -> None:
    assert not ask("""
        select s.id from subscription s left join taken_plan t on t.customer_id = s.customer_id and t.plan_id = s.plan_id and t.subscription_id = s.id
         where t.subscription_id is null""")
    assert not ask("""
        select s.id from subscription s join customer c on c.id = s.customer_id
         where s.trial_ends_at is not null
           and (not exists (select from taken_plan t where t.customer_id = s.customer_id and t.has_trial)
                or s.trial_ends_at at time zone c.time_zone <> date_trunc('day', s.trial_ends_at at time zone c.time_zone)
                   + cast(s.started_at at time zone c.time_zone as time))""")
    assert ask("select from taken_plan where has_trial")


def test_a_renewal_is_the_price_less_the_coupon_plus_tax(ask: Ask) -> None:
    assert not ask("""
        select s.id, s.renewal_minor, net.minor from subscription s join customer c on c.id = s.customer_id
               join price p on p.id = coalesce(s.pending_price_id, s.price_id)
               left join coupon_redemption r on r.customer_id = s.customer_id and r.subscription_id = s.id and r.ended_at is null
               left join coupon k on k.id = r.coupon_id,
               lateral (select p.unit_minor * coalesce(s.pending_quantity, s.quantity) as minor) gross,
               lateral (select gross.minor - case when k.percent_off_ppm is not null then round(gross.minor * k.percent_off_ppm / 1000000.0)
                                                  when k.amount_off_minor is not null then least(k.amount_off_minor, gross.minor) else 0 end as minor) net
         where s.renewal_minor <> net.minor + round(net.minor * c.tax_rate_ppm / 1000000.0)""")


def test_invoice_numbers_are_one_series_a_year_that_counts_up_in_the_order_of_issue(ask: Ask) -> None:
    """For each customer in the order of issue; over all customers without a gap and once each. The counters go on after them."""
    assert not ask("""
        select id, number from (
            select i.*, year, lag(i.sequence) over (partition by i.customer_id, year order by i.issued_at, i.id) as before
              from invoice i, extract(year from i.issued_at at time zone 'UTC') year) i
         where number <> 'INV-' || year || '-' || lpad(sequence::text, 6, '0') or sequence <= before""")
    assert not ask("""
        select s.year from invoice_series s
         where (select (min(i.sequence), max(i.sequence), count(distinct i.sequence), count(*)) from invoice i where i.number like 'INV-' || s.year || '-%')
            <> (1::bigint, s.last, s.last, s.last) and s.series <> 'CN-{year}-{number}' or s.series not in ('INV-{year}-{number}', 'CN-{year}-{number}')""")
    assert ask("select 1 where (select count(*) from invoice) > 5000")
    assert not ask("""
        with document as (select id, number, sequence from invoice union all select id, number, sequence from credit_note)
        select number from document d full join invoice_number n using (number, sequence) where d.id is null or n.year is null""")


def test_a_credit_note_is_the_sum_of_its_lines_and_takes_no_more_than_its_invoice_has(ask: Ask) -> None:
    assert not ask("""
        select n.id from credit_note n join invoice i on i.customer_id = n.customer_id and i.id = n.invoice_id
         where n.tax_minor > i.tax_minor or n.subtotal_minor > i.total_minor - i.tax_minor or n.issued_at < i.issued_at
            or (n.subtotal_minor, n.tax_minor, n.total_minor) <> (select sum(l.subtotal_minor), sum(l.tax_minor), sum(l.total_minor) from credit_note_line l
                                                                   where l.customer_id = n.customer_id and l.credit_note_id = n.id)
            or n.granted_minor <> (select coalesce(sum(b.amount_minor), 0) from balance_entry b where b.customer_id = n.customer_id and b.credit_note_id = n.id)""")
    assert not ask("select id from balance_entry where (kind = 'CREDIT_NOTE') <> (credit_note_id is not null)")
    kinds = ask("select distinct reason, released_minor > 0 as is_released from credit_note")
    assert {(kind["reason"], kind["is_released"]) for kind in kinds} >= {("CORRECTION", False), ("UNUSED_TIME", False), ("UNUSED_TIME", True)}


def test_a_refund_that_succeeded_takes_all_of_its_amount_and_others_take_nothing(ask: Ask) -> None:
    assert not ask("""
        select r.id from refund r
         where case when r.status = 'SUCCEEDED' then r.amount_minor else 0 end
            <> (select coalesce(sum(t.amount_minor), 0) from refund_allocation t where t.customer_id = r.customer_id and t.refund_id = r.id)""")
    assert not ask("""
        select p.id from payment p
         where p.refunded_minor <> (select coalesce(sum(r.amount_minor), 0) from refund r
                                     where r.customer_id = p.customer_id and r.payment_id = p.id and r.status = 'SUCCEEDED')""")


def test_the_entries_of_a_balance_have_the_sign_of_their_kind(ask: Ask) -> None:
    assert not ask("""
        select id from balance_entry
         where kind in ('CREDIT_NOTE', 'OVERPAYMENT', 'PAYMENT') and amount_minor < 0 or kind in ('APPLIED_TO_INVOICE', 'CHARGE', 'REFUND') and amount_minor > 0
            or kind in ('CREDIT_NOTE', 'APPLIED_TO_INVOICE') and invoice_id is null or kind in ('OVERPAYMENT', 'PAYMENT') and payment_id is null""")


def test_credit_is_never_used_before_it_is_there(ask: Ask) -> None:
    assert not ask("""
        select * from (select kind, sum(amount_minor) over (partition by customer_id, currency order by created_at) as balance from balance_entry) b
         where kind in ('APPLIED_TO_INVOICE', 'REFUND') and balance < 0""")


def test_coupons_count_their_redemptions(ask: Ask) -> None:
    assert not ask("select code from coupon c where redeemed_count <> (select count(*) from coupon_redemption r where r.coupon_id = c.id)")
    assert ask("select code from coupon where redeemed_count = max_redemptions") == [{"code": "FOUNDERS"}]
    assert ask("select code from coupon where redeem_until_on < $1", NOW.date()) == [{"code": "LAUNCH2021"}]
    assert not ask("""
        select r.id from coupon_redemption r join coupon c on c.id = r.coupon_id
               join subscription s on s.customer_id = r.customer_id and s.id = r.subscription_id
         where c.currency <> s.currency or (c.duration = 'FOREVER') <> (r.periods_left is null) or r.periods_left = 0 and r.ended_at is null""")


def test_nothing_has_happened_in_the_future_or_before_its_customer_came(ask: Ask) -> None:
    instants = {
        "invoice": "issued_at", "payment": "created_at", "payment_method": "created_at", "subscription": "created_at", "subscription_event": "happened_at",
        "coupon_redemption": "redeemed_at", "payment_schedule": "created_at", "balance_entry": "created_at", "credit_note": "issued_at", "attachment": "uploaded_at",
    }  # fmt: skip
    for table, column in instants.items():
        assert not ask(f"select t.id from {table} t join customer c on c.id = t.customer_id where t.{column} > $1 or t.{column} < c.created_at limit 1", NOW), (
            table
        )
    for column in ("settled_at", "created_at"):
        assert not ask(f"select id from payment where {column} > $1 or settled_at < created_at", NOW)
    for column in ("canceled_at", "paused_at", "suspended_at"):
        assert not ask(f"select id from subscription where {column} > $1 or {column} < started_at", NOW)


def test_a_payment_comes_after_its_invoice_its_schedule_and_its_method(ask: Ask) -> None:
    assert not ask("""
        select p.id, p.created_at from payment p join payment_allocation a on a.customer_id = p.customer_id and a.payment_id = p.id
               left join invoice v on v.customer_id = a.customer_id and v.id = a.invoice_id
               left join installment i on i.customer_id = a.customer_id and i.id = a.installment_id
               left join payment_schedule s on s.customer_id = i.customer_id and s.id = i.schedule_id
               left join payment_method m on m.customer_id = p.customer_id and m.id = p.payment_method_id
         where p.created_at < greatest(v.issued_at, s.created_at, m.created_at)""")
    assert not ask("select id from payment where status = 'SUCCEEDED' and payment_method_id is null and method_kind <> 'BANK_ACCOUNT'")


def test_ids_tell_their_kind_and_their_time(ask: Ask) -> None:
    prefixes = {
        "payment": "pay",
        "invoice": "inv",
        "invoice_line": "line",
        "installment": "ins",
        "subscription_event": "evt",
        "payment_allocation": "alo",
        "credit_note": "cn",
    }
    for table, prefix in prefixes.items():
        assert not ask(f"select id from {table} where id !~ '^{prefix}_[0-9a-hjkmnp-tv-z]{{26}}$' limit 1")
    assert not ask("select p.id from payment p join payment q on q.customer_id = p.customer_id and q.created_at > p.created_at and q.id < p.id")


def test_an_attachment_lies_under_its_customer(ask: Ask) -> None:
    assert not ask("select id from attachment where object_key <> 'customer/' || customer_id || '/' || id")


@pytest.mark.parametrize(
    ("table", "column", "values"),
    [
        # A clock ends PENDING within minutes.
        ("subscription", "status", set(states.SubscriptionStatus) - {states.SubscriptionStatus.PENDING}),
        # What an import holds is of another system.
        ("subscription", "suspended_by", set(states.SuspendedBy) - {states.SuspendedBy.IMPORT}),
        ("subscription", "pending_kind", states.PendingChangeKind),
        ("subscription", "cancel_reason", states.CancelReason),
        ("subscription_event", "kind", states.SubscriptionEventKind),
        ("subscription_event", "actor", states.Actor),
        ("payment_schedule", "status", states.ScheduleStatus),
        ("payment_schedule", "invoicing", states.Invoicing),
        ("payment_schedule", "invoicing || status", [f"{mode}{status}" for mode in states.Invoicing for status in states.ScheduleStatus]),
        ("installment", "status", states.InstallmentStatus),
        ("invoice", "status", states.InvoiceStatus),
        ("invoice", "reason", states.InvoiceReason),
        ("payment", "status", states.PaymentStatus),
        ("refund", "status", states.RefundStatus),
        ("refund", "reason", states.RefundReason),
        ("payment", "decline_code", ["insufficient_funds", "do_not_honor", "processing_error", "expired_card", "lost_card", "stolen_card"]),
        # Money that staff recorded has no stored method.
        ("payment_method", "kind", set(states.PaymentMethodKind) - {states.PaymentMethodKind(kind) for kind in states.RecordedKind}),
        ("portal_upcoming_payment", "kind", states.NextPaymentKind),
        ("balance_entry", "kind", states.BalanceEntryKind),
        ("attachment", "status || uploaded_by", [f"{status}{by}" for status in states.AttachmentStatus for by in states.Uploader]),
    ],
)
def test_every_state_occurs_among_the_named_customers(ask: Ask, table: str, column: str, values: list[str]) -> None:
    named = [person.id for person in demo.PERSONAS]
    occurring = ask(f"select distinct {column} as value from {table} where customer_id = any($1) and {column} is not null", named)
    assert {row["value"] for row in occurring} == set(values) - {states.Actor.ANONYMOUS}


def test_every_way_to_be_late_occurs_among_the_named_customers(ask: Ask) -> None:
    named = [person.id for person in demo.PERSONAS]
    late = ask("select distinct status from portal_invoice where is_overdue and customer_id = any($1)", named)
    assert {row["status"] for row in late} >= {"OPEN", "PARTIALLY_PAID"}
    late = ask("select distinct invoicing from portal_payment_schedule where is_overdue and status = 'ACTIVE' and customer_id = any($1)", named)
    assert {row["invoicing"] for row in late} == set(states.Invoicing)
    assert ask("select from portal_subscription where has_overdue and status = 'ACTIVE' and customer_id = any($1)", named)
    assert ask("select from portal_payment_method where is_expired and customer_id = any($1)", named)


def test_ada_shows_a_bit_of_everything(ask: Ask) -> None:
    ada = demo.PERSONAS[0]
    assert (ada.email, ada.name) == ("ada@example.com", "Ada Lovelace")
    statuses = ask("select status, count(*) as n from subscription where customer_id = $1 group by 1", ada.id)
    assert {row["status"]: row["n"] for row in statuses} == {"ACTIVE": 5, "PAUSED": 1, "TRIALING": 1, "SCHEDULED": 1, "CANCELED": 1}
    totals = {row["currency"]: row for row in ask("select * from portal_total where customer_id = $1", ada.id)}
    assert totals["USD"]["balance_minor"] > 0
    assert totals["USD"]["overdue_minor"] > 0
    assert totals["EUR"]["processing_minor"] > 0
    late = ask("select i.id from portal_installment i where i.customer_id = $1 and i.is_overdue and i.status = 'DUE'", ada.id)
    assert len(late) == 1
    methods = ask("select kind, is_default, is_expired from portal_payment_method where customer_id = $1 order by created_at", ada.id)
    assert [tuple(method.values()) for method in methods] == [("CARD", False, True), ("CARD", True, False), ("SEPA_DEBIT", False, False)]
    assert len(ask("select id from payment where customer_id = $1", ada.id)) > 60


def test_big_is_big_and_empty_is_empty(ask: Ask) -> None:
    by_name = {person.email: person.id for person in demo.PERSONAS}
    big, empty = by_name["big@example.com"], by_name["empty@example.com"]
    counts = ask(
        "select (select count(*) from subscription where customer_id = $1) as subs, (select count(*) from payment where customer_id = $1) as payments", big
    )
    assert counts == [{"subs": 500, "payments": 5_000}]
    for table in set(CUSTOMER_TABLES.values()) - {"customer"}:
        assert not ask(f"select from {table} where customer_id = $1", empty)


def test_the_crowd_is_as_large_as_asked_and_each_has_about_ninety_rows(ask: Ask) -> None:
    assert ask("select count(*) as n, count(distinct email) as emails from customer") == [
        {"n": GENERATED + len(demo.PERSONAS), "emails": GENERATED + len(demo.PERSONAS)}
    ]
    named = [person.id for person in demo.PERSONAS]
    tables = [f"select count(*) from {table} where customer_id <> all($1)" for table in CUSTOMER_TABLES.values() if table != "customer"]
    rows = ask(f"select sum(count) as n from ({' union all '.join(tables)}) t", named)[0]["n"]
    assert 65 < rows / GENERATED < 115


def test_the_same_moment_gives_the_same_rows() -> None:
    first, second = no_rows(), no_rows()
    for rows in (first, second):
        run_story(demo.PERSONAS[0], NOW, rows)
        generate(7, now=NOW, rows=rows)
    assert first == second
    assert demo.PERSONAS[0].id == "cus_01ezpg81m0eb69gm00p6gfw53f"


@pytest.fixture
def copied(ask: Ask, urls: embedded.Urls) -> Iterator[str]:
    """A copy of the database, which may be changed."""
    ask("create database copied template postgres")
    yield urls.admin.replace("@/postgres", "@/copied")
    ask("drop database copied")


def test_seeding_again_adds_only_what_is_missing(copied: str) -> None:
    def payments() -> list[dict[str, Any]]:
        return asyncio.run(_fetch(copied, "select count(*) as n from payment", ()))

    seen: list[int] = []
    before = payments()
    asyncio.run(demo.seed(copied, customers=GENERATED, now=NOW, progress=seen.append))
    assert payments() == before
    asyncio.run(demo.seed(copied, customers=GENERATED + 3, now=NOW + timedelta(days=1), progress=seen.append))
    assert seen == [3]


def test_a_demo_in_which_something_was_made_starts_again(copied: str) -> None:
    """Staff of the demo save plans and customers of their own; `seed` still adds nothing to them."""
    others = "insert into plan (id, code, name, description, created_at) values ('plan_own', 'own', 'Own', 'Made by staff of the demo.', now())"
    asyncio.run(_fetch(copied, others, ()))
    asyncio.run(demo.check_own(copied))
    with pytest.raises(demo.NotTheDemo, match="1 in plan"):
        asyncio.run(demo.seed(copied, customers=GENERATED, now=NOW, progress=lambda _: None))


def test_a_database_without_the_named_customers_is_not_the_demo(urls: embedded.Urls) -> None:
    url = asyncio.run(_new_database(urls, "another"))
    asyncio.run(demo.check_own(url))
    asyncio.run(_fetch(url, "insert into plan (id, code, name, description, created_at) values ('plan_own', 'own', 'Own', 'Sold by a merchant.', now())", ()))
    with pytest.raises(demo.NotTheDemo, match="1 in plan"):
        asyncio.run(demo.check_own(url))


def test_row_security_is_forced_again(ask: Ask) -> None:
    """On every table but those of the catalog, which have no rows of customers: its policies restrict the application, and the owner loads it."""
    unforced = ask("select relname from pg_class where relnamespace = 'portico'::regnamespace and relrowsecurity and not relforcerowsecurity order by 1")
    assert [row["relname"] for row in unforced] == ["coupon", "plan", "price", "retention_offer"]


def test_an_administrator_who_is_no_superuser_can_seed_and_every_constraint_agrees(urls: embedded.Urls, ask: Ask) -> None:
    ask("create role hoster login createrole")
    ask("grant portico_owner, portico_app to hoster with admin option")
    ask("create database hosted owner hoster")
    asyncio.run(_make(urls.admin.replace("postgres@/postgres", "hoster@/hosted")))
    hosted = urls.admin.replace("postgres@/postgres", "postgres@/hosted")
    assert asyncio.run(_fetch(hosted, "select count(*) as n from customer", ())) == [{"n": len(demo.PERSONAS) + GENERATED}]


async def _references(url: str) -> list[dict[str, Any]]:
    return await _fetch(
        url,
        "select conrelid::regclass::text as child, conname, pg_get_constraintdef(oid) as definition, convalidated"
        " from pg_constraint where contype = 'f' and connamespace = 'portico'::regnamespace order by 1, 2",
        (),
    )


async def _new_database(urls: embedded.Urls, name: str) -> str:
    return (await create_database(urls, name)).admin


async def _forget_files(_: list[tuple[str, str, bytes]]) -> None: ...


def test_the_demo_gives_passwords_and_leaves_every_foreign_key_as_it_was(urls: embedded.Urls) -> None:
    url = asyncio.run(_new_database(urls, "whole"))
    before = asyncio.run(_references(url))
    put: list[tuple[str, str, bytes]] = []

    async def load() -> None:
        async def keep(files: list[tuple[str, str, bytes]]) -> None:
            put.extend(files)

        await demo.load_demo(url, password_hash="a hash", now=NOW, put=keep)

    asyncio.run(load())
    assert len(put) > 5
    credentials = asyncio.run(_fetch(url, "select customer_id, password_hash from credential", ()))
    assert {(row["customer_id"], row["password_hash"]) for row in credentials} == {(person.id, "a hash") for person in demo.PERSONAS}
    after = asyncio.run(_references(url))
    assert after == before
    assert len(after) > 30
    assert all(row["convalidated"] for row in after)


@pytest.mark.parametrize("is_filled", [False, True], ids=["an empty database", "a database with customers"])
def test_a_row_that_refers_to_nothing_is_refused_to_a_superuser_too_and_leaves_nothing(
    is_filled: bool, urls: embedded.Urls, monkeypatch: pytest.MonkeyPatch
) -> None:
    url = asyncio.run(_new_database(urls, f"broken_{is_filled}".lower()))
    if is_filled:
        monkeypatch.setattr(load, "PERSONAS", demo.PERSONAS[:1])
        asyncio.run(demo.seed(url, customers=0, now=NOW, progress=lambda _: None))
        monkeypatch.setattr(load, "PERSONAS", demo.PERSONAS)
    before = asyncio.run(_fetch(url, "select count(*) as n from customer", ()))
    tell = load.run_story

    def tell_of_a_lost_plan(customer: demo.DemoCustomer, now: datetime, rows: Rows) -> None:
        tell(customer, now, rows)
        for subscription in rows[SeedSubscription]:
            subscription.plan_id = "plan_lost"

    monkeypatch.setattr(load, "run_story", tell_of_a_lost_plan)
    with pytest.raises(asyncpg.ForeignKeyViolationError):
        asyncio.run(demo.load_demo(url, password_hash="a hash", now=NOW, put=_forget_files))
    assert asyncio.run(_fetch(url, "select count(*) as n from customer", ())) == before
    assert asyncio.run(_fetch(url, "select count(*) as n from credential", ())) == [{"n": 0}]
    assert before == [{"n": int(is_filled)}]


def test_a_failure_at_the_last_step_leaves_nothing_and_can_be_repeated(urls: embedded.Urls) -> None:
    url = asyncio.run(_new_database(urls, "repeated"))

    async def fail(_: list[tuple[str, str, bytes]]) -> None:
        raise OSError("the disk is full")

    with pytest.raises(OSError, match="the disk is full"):
        asyncio.run(demo.load_demo(url, password_hash="a hash", now=NOW, put=fail))
    for table in ("customer", "plan", "credential"):
        assert asyncio.run(_fetch(url, f"select count(*) as n from {table}", ())) == [{"n": 0}]
    asyncio.run(demo.load_demo(url, password_hash="a hash", now=NOW, put=_forget_files))
    assert asyncio.run(_fetch(url, "select count(*) as n from credential", ())) == [{"n": len(demo.PERSONAS)}]
