"""Raw SQL of an operator: each type has its event, exactly once, and what changes nothing has none."""

from dataclasses import dataclass
from typing import Any

import asyncpg
import pytest

from billing.events import EventType
from tests.lifecycle.conftest import Life
from tests.lifecycle.events.test_types import OF_DEPLOYMENT
from tests.lifecycle.payments.test_paying import invoice, pay, schedule

# The triggers of events, and not those that compare sums.
IMMEDIATE = "set constraints record_new, record_changed, record_ended, record_deleted"
TIMED = {"invoice.overdue", "invoice.upcoming", "subscription.trial_ending", "payment_method.expiring", "installment.due", "installment.overdue"}
INSERTED = """
insert into {table} ({columns}) select {columns} from jsonb_populate_record(null::{table}, (select to_jsonb(t) || $2::jsonb from {table} t where customer_id = $1 limit 1))"""
COLUMNS = """
select string_agg(quote_ident(attname), ', ') from pg_attribute where attrelid = $1::regclass and attnum > 0 and not attisdropped and attgenerated = ''"""


@dataclass(frozen=True)
class Copy:
    """A copy of a row of the customer with other values."""

    table: str
    values: str


@dataclass(frozen=True)
class Before:
    """What the rows were before, of which no event is written."""

    statement: str


SESSION = """insert into portal_session (customer_id, id, method, created_at, last_used_at, expires_at)
           values (:cus, 'ses_sql', 'PASSWORD', now(), now(), now() + interval '1 day')"""
EXPORT = "insert into data_export (customer_id, id, status, requested_by, requested_at, make_at) values (:cus, 'exp_sql', 'REQUESTED', 'STAFF', now(), now())"
GRANT = "insert into partner_grant (customer_id, id, client_id, scopes, created_at) values (:cus, 'grant_sql', 'events', '{read}', now())"
CLIENT = """insert into api_client (id, kind, name, mode, scopes, units_per_minute, created_at)
           values ('events', 'PARTNER', 'Events', 'REQUIRED', '{read}', 1000, now())"""
REDEMPTION = """insert into coupon_redemption (customer_id, id, coupon_id, subscription_id, redeemed_at)
           select :cus, 'red_sql', id, :sub, now() from coupon limit 1"""


def file(status: str, by: str = "CUSTOMER") -> str:
    return f"""insert into attachment (customer_id, id, invoice_id, group_id, file_name, content_type, size_bytes, sha256, object_key, status, uploaded_by, uploader, uploaded_at)
           values (:cus, 'att_sql', :inv, 'att_sql', 'a.pdf', 'application/pdf', 1, repeat('0', 64), 'sql', '{status}', '{by}', '', now())"""


# By topic: its statements. :sub and so on are the ids of the customer's objects.
CASES: dict[str, tuple[Any, ...]] = {
    "customer.updated": ("update customer set locale = 'de', version = version + 1 where id = :cus",),
    "customer.email_changed": ("update customer set email = 'other@example.com', version = version + 1 where id = :cus",),
    "customer.closed": ("update customer set closed_at = now(), version = version + 1 where id = :cus",),
    "customer.erased": ("update customer set closed_at = now(), erased_at = now(), name = 'Erased', version = version + 1 where id = :cus",),
    "subscription.activated": ("update subscription set status = 'ACTIVE', version = version + 1 where id = :trial",),
    "subscription.renewed": (
        "update subscription set period_starts_at = period_ends_at, period_ends_at = period_ends_at + interval '30 days', version = version + 1 where id = :sub",
    ),
    "subscription.change_scheduled": ("update subscription set pending_kind = 'PAUSE', pending_at = period_ends_at, version = version + 1 where id = :sub",),
    "subscription.cancellation_scheduled": ("update subscription set pending_kind = 'CANCEL', pending_at = period_ends_at, version = version + 1 where id = :sub",),
    "subscription.changed": ("update subscription set quantity = quantity + 1, version = version + 1 where id = :sub",),
    "subscription.paused": ("update subscription set status = 'PAUSED', version = version + 1 where id = :sub",),
    "subscription.suspended": ("update subscription set status = 'SUSPENDED', suspended_by = 'CUSTOMER', version = version + 1 where id = :sub",),
    "subscription.past_due": ("update subscription set status = 'SUSPENDED', suspended_by = 'DUNNING', version = version + 1 where id = :sub",),
    "subscription.canceled": ("update subscription set status = 'CANCELED', version = version + 1 where id = :sub",),
    "subscription.updated": ("update subscription set metadata = '{\"a\": \"b\"}', version = version + 1 where id = :sub",),
    "invoice.partially_paid": ("update invoice set paid_minor = 1, status = 'PARTIALLY_PAID', version = version + 1 where id = :inv",),
    "invoice.paid": ("update invoice set paid_minor = total_minor, status = 'PAID', version = version + 1 where id = :inv",),
    "invoice.voided": ("update invoice set status = 'VOID', version = version + 1 where id = :inv",),
    "invoice.credited": ("update invoice set noted_minor = 1, version = version + 1 where id = :inv",),
    "invoice.written_off": ("update invoice set written_off_at = now(), version = version + 1 where id = :inv",),
    "invoice.updated": ("update invoice set memo = 'A memo', version = version + 1 where id = :inv",),
    "installment.paid": ("update installment set paid_minor = amount_minor, status = 'PAID', version = version + 1 where id = :ins",),
    "installment.failed": ("update installment set status = 'FAILED', version = version + 1 where id = :ins",),
    "installment.updated": ("update installment set due_on = due_on + 1, version = version + 1 where id = :ins",),
    "schedule.updated": ("update payment_schedule set name = 'Other', version = version + 1 where id = :sch",),
    "schedule.canceled": ("update payment_schedule set status = 'CANCELED', version = version + 1 where id = :sch",),
    "schedule.finished": ("update payment_schedule set paid_minor = total_minor, version = version + 1 where id = :sch",),
    "schedule.created": (Copy("payment_schedule", '{"id": "sch_copy"}'),),
    "payment.created": (Copy("payment", '{"id": "pay_copy", "status": "PROCESSING", "processor_reference": null}'),),
    "payment.succeeded": ("update payment set status = 'SUCCEEDED', version = version + 1 where id = :waiting",),
    "payment.failed": ("update payment set status = 'FAILED', version = version + 1 where id = :waiting",),
    "payment.requires_action": ("update payment set status = 'REQUIRES_ACTION', version = version + 1 where id = :waiting",),
    "payment.refunded": ("update payment set refunded_minor = 1, version = version + 1 where id = :pay",),
    "payment.updated": ("update payment set metadata = '{\"a\": \"b\"}', version = version + 1 where id = :pay",),
    "refund.created": (
        """insert into refund (customer_id, id, payment_id, currency, amount_minor, reason, status, created_at)
           values (:cus, 'ref_sql', :pay, 'USD', 1, 'REQUESTED', 'PENDING', now())""",
    ),
    "payment_method.removed": ("update payment_method set deleted_at = now(), version = version + 1 where id = :pm",),
    "payment_method.updated": ("update payment_method set metadata = '{\"a\": \"b\"}', version = version + 1 where id = :pm",),
    "payment_method.added": (Copy("payment_method", '{"id": "pm_copy", "fingerprint": "copy", "processor_reference": "copy", "is_default": false}'),),
    "balance.changed": (
        "insert into balance_entry (customer_id, id, currency, amount_minor, kind, created_at) values (:cus, 'bal_sql', 'USD', 5, 'ADJUSTMENT', now())",
    ),
    "subscription.recovered": (
        Before("update subscription set status = 'SUSPENDED', suspended_by = 'DUNNING' where id = :sub"),
        "update subscription set status = 'ACTIVE', suspended_by = null, version = version + 1 where id = :sub",
    ),
    "subscription.resumed": (
        Before("update subscription set status = 'PAUSED' where id = :sub"),
        "update subscription set status = 'ACTIVE', version = version + 1 where id = :sub",
    ),
    "subscription.change_withdrawn": (
        Before("update subscription set pending_kind = 'PAUSE', pending_at = period_ends_at where id = :sub"),
        "update subscription set pending_kind = null, pending_at = null, version = version + 1 where id = :sub",
    ),
    "payment_method.default_changed": (
        Before("update payment_method set is_default = false where customer_id = :cus"),
        "update payment_method set is_default = true, version = version + 1 where id = :pm",
    ),
    "refund.updated": (
        Before(
            """insert into refund (customer_id, id, payment_id, currency, amount_minor, reason, status, created_at)
               values (:cus, 'ref_sql', :pay, 'USD', 1, 'REQUESTED', 'PENDING', now())"""
        ),
        "update refund set note = 'By hand', version = version + 1 where id = 'ref_sql'",
    ),
    "coupon.redeemed": (REDEMPTION,),
    "coupon.removed": (Before(REDEMPTION), "update coupon_redemption set ended_at = now() where id = 'red_sql'"),
    "session.started": (SESSION,),
    "session.ended": (Before(SESSION), "update portal_session set ended_at = now(), end_reason = 'SIGNED_OUT' where id = 'ses_sql'"),
    "grant.given": (Before(CLIENT), GRANT),
    "grant.revoked": (Before(CLIENT), Before(GRANT), "update partner_grant set revoked_at = now() where id = 'grant_sql'"),
    "data_export.requested": (EXPORT,),
    "data_export.updated": (Before(EXPORT), "update data_export set status = 'FAILED', make_at = null where id = 'exp_sql'"),
    "attachment.stored": (file("STORED"),),
    "attachment.rejected": (file("REJECTED"),),
    "attachment.deleted": (Before(file("STORED", "STAFF")), "delete from attachment where id = 'att_sql'"),
    **{f"{topic}": (f"insert into timed_event (customer_id, type, object_id, occurrence, written_at) values (:cus, '{topic}', 'x', '', now())",) for topic in TIMED},
}  # fmt: skip
# Caused by mutations in `test_by_calls.py`, because more rows have to fit together.
BY_MUTATIONS = {"customer.created", "subscription.created", "invoice.issued", "credit_note.issued"}
# The same change twice, and changes that are taken back within the transaction.
WITHOUT_EVENT = (
    "update invoice set memo = memo where id = :inv",
    "update customer set locale = locale where id = :cus",
    "update subscription set quantity = 5 where id = :sub; update subscription set quantity = 1 where id = :sub",
    "update invoice set memo = memo where id = :inv; update invoice set memo = 'A' where id = :inv; update invoice set memo = null where id = :inv",
)


@pytest.fixture
async def ids(life: Life) -> dict[str, str]:
    subscription = await life.subscribe("storage")
    trial = await life.subscribe("business", is_past_trial=False)
    (installment,) = await schedule(life, 300)
    owed = await invoice(life)
    payment = (await pay(life, "payInvoice", invoiceId=await invoice(life)))["payment"]["id"]
    await life.card("slow")
    waiting = (await pay(life, "payInvoice", invoiceId=await invoice(life)))["payment"]["id"]
    (method, *_) = [row["id"] for row in await life.rows("payment_method")]
    (plan,) = [row["id"] for row in await life.rows("payment_schedule")]
    objects = {"sub": subscription, "trial": trial, "ins": installment, "inv": owed, "pay": payment, "waiting": waiting, "pm": method, "sch": plan}
    return objects | {"cus": life.customer_id}


async def caused(owner: asyncpg.Connection, ids: dict[str, str], statements: tuple[Any, ...]) -> list[asyncpg.Record]:
    """Run the statements in a transaction, without the checks of rows that do not matter here, and return its events."""
    transaction = owner.transaction()
    await transaction.start()
    try:
        for table in ("subscription", "invoice", "installment", "payment", "payment_schedule", "payment_method"):
            for (check,) in await owner.fetch("select quote_ident(conname) from pg_constraint where contype = 'c' and conrelid = $1::regclass", table):
                await owner.execute(f"alter table {table} drop constraint {check}")
        last = await owner.fetchval("select seq from event_counter where owner_id = $1", ids["cus"])
        for statement in statements:
            if isinstance(statement, Before):
                async with owner.transaction():  # an update of a row that the transaction itself has written has no event
                    await run_statement(
                        owner, ids, f"set local app.events = off; {statement.statement}; set constraints all immediate; set constraints all deferred"
                    )
                await owner.execute("set local app.events = on")
            else:
                await run_statement(owner, ids, statement)
        await owner.execute(f"{IMMEDIATE} immediate")
        return await owner.fetch("select * from event where customer_id = $1 and seq > $2 order by seq", ids["cus"], last)
    finally:
        await transaction.rollback()


async def run_statement(owner: asyncpg.Connection, ids: dict[str, str], statement: str | Copy) -> None:
    if isinstance(statement, Copy):
        columns = await owner.fetchval(COLUMNS, statement.table)
        await owner.execute(INSERTED.format(table=statement.table, columns=columns), ids["cus"], statement.values)
        return
    for name in sorted(ids, key=len, reverse=True):
        statement = statement.replace(f":{name}", f"'{ids[name]}'")
    await owner.execute(statement)


async def test_each_type_has_one_event(ids: dict[str, str], owner: asyncpg.Connection) -> None:
    wrong = {}
    for topic, statements in CASES.items():
        events = await caused(owner, ids, statements)
        if [event["type"] for event in events] != [topic] or (events[0]["actor"], events[0]["client"]) != ("SYSTEM", "sql"):
            wrong[topic] = [dict(event) for event in events]
    assert wrong == {}


async def test_what_changes_nothing_has_no_event(ids: dict[str, str], owner: asyncpg.Connection) -> None:
    for statement in WITHOUT_EVENT:
        assert await caused(owner, ids, (statement,)) == [], statement


async def test_several_statements_of_a_transaction_are_one_event_with_the_last_version(ids: dict[str, str], owner: asyncpg.Connection) -> None:
    twice = (
        "update invoice set memo = 'One', version = version + 1 where id = :inv; update invoice set due_on = due_on + 1, version = version + 1 where id = :inv"
    )
    (event,) = await caused(owner, ids, (twice,))
    version = await owner.fetchval("select version from invoice where id = $1", ids["inv"])
    assert (event["type"], event["object_version"], event["changes"]) == ("invoice.updated", version + 2, ["due_on", "memo"])


async def test_a_change_after_a_statement_that_changes_nothing_has_its_event(ids: dict[str, str], owner: asyncpg.Connection) -> None:
    (event,) = await caused(
        owner, ids, ("update invoice set memo = memo where id = :inv; update invoice set memo = 'A', version = version + 1 where id = :inv",)
    )
    assert (event["type"], event["changes"]) == ("invoice.updated", ["memo"])


async def test_two_meanings_of_one_object_are_two_events(ids: dict[str, str], owner: asyncpg.Connection) -> None:
    late = "insert into timed_event (customer_id, type, object_id, occurrence, written_at) select :cus, t, :ins, '', now() from unnest(array['installment.due', 'installment.overdue']) t"
    assert [event["type"] for event in await caused(owner, ids, (late,))] == ["installment.due", "installment.overdue"]


def test_every_type_is_caused_by_a_test() -> None:
    assert CASES.keys() | BY_MUTATIONS | OF_DEPLOYMENT == {each.topic for each in EventType}
