"""The customers of the measured mutations: each has a subscription in a paid period, a card of the sandbox, and open invoices."""

import asyncpg

from bench.runner.database import Place

PREFIX = "0" * 14 + "write"
PRICES = 60
INVOICES = 24
# Keys, charges and events of earlier calls: the statistics of a database without any would let Postgres plan to read all of them.
EARLIER = 20

# Triggers and foreign keys are off: the rows are written as an operation would leave them.
FILL = f"""
insert into plan (id, code, name, description, created_at)
select 'plan_write' || n, 'write-' || n, 'Plan ' || n, '', now() from generate_series(0, {PRICES - 1}) n;
insert into price (id, plan_id, code, currency, unit_minor, billing_interval, created_at)
select 'price_write' || n, 'plan_write' || n, 'write-' || n, 'EUR', 1000 + 100 * n, 'MONTH', now() from generate_series(0, {PRICES - 1}) n;
insert into customer (id, name, email, currency, time_zone, created_at)
select 'cus_{PREFIX}' || lpad(n::text, 7, '0'), 'Grace Hopper', 'write-' || n || '@example.com', 'EUR', 'Europe/Zurich', now() from generate_series(1, COUNT) n;
insert into payment_method (customer_id, id, kind, brand, last4, expires_on, fingerprint, processor, processor_reference, is_default, created_at)
select 'cus_' || key, 'pm_' || key, 'CARD', 'visa', '4242', '2040-01-31', 'write-' || key, 'sandbox', 'sandbox_' || left(md5(key), 16), true, now() from writer;
insert into subscription (customer_id, id, plan_id, price_id, currency, quantity, status, started_at, period_starts_at, period_ends_at, renews_at, renewal_minor, anchor_at,
       billing_zone, created_at)
select 'cus_' || key, 'sub_' || key, 'plan_write0', 'price_write0', 'EUR', 1, 'ACTIVE', began_at, began_at, ends_at, ends_at, 1000, began_at, 'Europe/Zurich', began_at from writer;
insert into invoice (customer_id, id, number, reason, status, currency, subscription_id, issued_at, due_on, period_starts_at, period_ends_at, subtotal_minor, total_minor,
       paid_minor, paid_at, collection, created_at)
select 'cus_' || key, 'inv_' || key, 'W-' || key, 'RENEWAL', 'PAID', 'EUR', 'sub_' || key, began_at, began_at::date, began_at, ends_at, 1000, 1000, 1000, began_at, 'NONE', began_at
  from writer;
insert into invoice_line (customer_id, id, invoice_id, currency, position, description, quantity, unit_minor, subtotal_minor, total_minor, period_starts_at, period_ends_at)
select 'cus_' || key, 'line_' || key, 'inv_' || key, 'EUR', 1, 'Plan 0', 1, 1000, 1000, 1000, began_at, ends_at from writer;
insert into invoice (customer_id, id, number, reason, status, currency, issued_at, due_on, subtotal_minor, total_minor, collection, created_at)
select 'cus_' || key, 'inv_' || lpad(i::text, 2, '0') || substr(key, 3), 'O-' || i || '-' || key, 'MANUAL', 'OPEN', 'EUR', began_at, ends_at::date, 1500, 1500, 'NONE', began_at
  from writer, generate_series(1, {INVOICES}) i;
insert into invoice_line (customer_id, id, invoice_id, currency, position, description, quantity, unit_minor, subtotal_minor, total_minor)
select 'cus_' || key, 'line_' || lpad(i::text, 2, '0') || substr(key, 3), 'inv_' || lpad(i::text, 2, '0') || substr(key, 3), 'EUR', 1, 'Consulting', 1, 1500, 1500, 1500
  from writer, generate_series(1, {INVOICES}) i;
call add_subscription_states();
insert into idempotency_key (customer_id, mutation, key, input_hash, answer, created_at, finished_at)
select 'cus_' || key, 'pauseSubscription', 'earlier ' || n, md5(key || n), '{{}}', began_at, began_at from writer, generate_series(1, {EARLIER}) n;
insert into charge (customer_id, payment_id, request, changes, answer, currency, started_at, sent_at, settled_at)
select 'cus_' || key, 'pay_' || lpad(n::text, 2, '0') || substr(key, 3), '{{}}', '{{}}', '{{}}', 'EUR', began_at, began_at, began_at from writer, generate_series(1, {EARLIER}) n;
insert into event (customer_id, seq, type, object_id, object_version, changes, actor, client, request_id, occurred_at, position)
select 'cus_' || key, n, 'subscription.updated', 'sub_' || key, 1, '{{}}', 'CUSTOMER', '', '', now() - interval '1 hour', row_number() over (order by n, key)
  from writer, generate_series(1, {EARLIER}) n;
insert into event_counter (owner_id, seq, first_seq, transaction_id) select 'cus_' || key, {EARLIER}, 1, '0' from writer;
update event_feed set last_position = (select max(position) from event);
"""
WRITERS = f"""
create temporary view writer as
select '{PREFIX}' || lpad(n::text, 7, '0') as key, date_trunc('day', now()) - interval '10 days' as began_at, date_trunc('day', now()) + interval '20 days' as ends_at
  from generate_series(1, COUNT) n
"""


def keys(count: int) -> list[str]:
    """Return what the ids of each customer's rows end with, behind `cus_`, `sub_` and so on."""
    return [f"{PREFIX}{number:07}" for number in range(1, count + 1)]


def open_invoice(key: str, number: int) -> str:
    """Return the id of one of a customer's open invoices, from 1 on."""
    return f"inv_{number:02}{key[2:]}"


async def fill(place: Place, count: int) -> None:
    """Add `count` customers."""
    connection = await asyncpg.connect(place.admin_url, server_settings={"search_path": "portico", "session_replication_role": "replica"}, command_timeout=600)
    try:
        await connection.execute(WRITERS.replace("COUNT", str(count)))
        await connection.execute(FILL.replace("COUNT", str(count)))
        await connection.execute("vacuum analyze")
        await connection.execute("checkpoint")
    finally:
        await connection.close()
