"""The SQL of the hand-written handler: one statement reads under the customer's lock, one writes all rows of a call."""

import hashlib
import json
import secrets
import time
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from billing.ids import type_id
from db.literals import literal

LOCK_SUBSCRIPTION = """
with owner as materialized (select id from customer where id = $1 and check_erased(erased_at) and closed_at is null for no key update)
select s.status, s.pending_kind, s.holds, s.charging_payment_id, s.period_ends_at, s.version
  from owner join subscription s on s.customer_id = owner.id and s.id = $2
 where s.customer_id = $1
   for no key update of s
"""

# What every change writes beside its rows. $1 is the customer, $4 the instant, $6 the id of the entry, $7 the key.
_AUDIT = """
insert into audit_event (id, customer_id, actor, actor_subject, client, request_id, event, outcome, detail, happened_at)
select {id}, $1, 'CUSTOMER', $1, 'bench', '', '{mutation}', 'OK', {detail}, {now} from changed
"""
_FINISH = """
update idempotency_key k set answer = json_build_object('{name}', {detail}), finished_at = {now} from changed
 where k.customer_id = $1 and k.mutation = '{mutation}' and k.key = {key}
"""


@dataclass(frozen=True, slots=True)
class Change:
    """A change of a subscription: the status before, and the statement. Its parameters: customer, subscription, version, instant, ids of event and audit entry, key, end of period."""

    before: str
    sql: str


def _change(mutation: str, columns: str, kind: str) -> str:
    parts = {"mutation": mutation, "id": "$6::text", "detail": "$2::text", "now": "$4::timestamptz", "key": "$7::text", "name": "subscription"}
    return f"""
with changed as (
    update subscription set {columns}, version = version + 1
     where customer_id = $1 and id = $2 and version = $3
    returning id, status, version, renews_at::text as "renewsAt"),
history as (
    insert into subscription_event (customer_id, id, subscription_id, kind, actor, client, note, happened_at)
    select $1, $5, $2, '{kind}', 'CUSTOMER', 'bench', '', $4 from changed),
entry as ({_AUDIT.format(**parts)}), finished as ({_FINISH.format(**parts)})
select * from changed
"""


_PAUSED = "status = 'PAUSED', paused_at = $4, resumes_at = null, renews_at = case when $8::timestamptz is null then renews_at end"
PAUSE = Change("ACTIVE", _change("pauseSubscription", _PAUSED, "PAUSED"))
RESUME = Change("PAUSED", _change("resumeSubscription", "status = 'ACTIVE', paused_at = null, resumes_at = null, renews_at = $8", "RESUMED"))

PROFILE = f"""
with changed as (
    update customer set name = $2, version = version + 1 where id = $1 and check_erased(erased_at)
    returning id, version, name),
entry as ({_AUDIT.format(mutation="updateProfile", id="$4::text", detail="''", now="$3::timestamptz")})
select * from changed
"""

LOCK_INVOICE = """
with owner as materialized (select id from customer where id = $1 and check_erased(erased_at) and closed_at is null for no key update)
select i.number, i.status, i.remaining_minor, i.currency, m.id as method_id, m.processor_reference as method_reference
  from owner
  join invoice i on i.customer_id = owner.id and i.id = $2
  left join payment_method m on m.customer_id = owner.id and m.is_default and m.deleted_at is null and m.expires_on >= current_date
 where i.customer_id = $1
   for no key update of i
"""

# The lease keeps a second call with the key away while the processor decides.
RESERVE = """
with attempted as (
    update invoice i set status = 'PROCESSING', version = version + 1 where i.customer_id = $1 and i.id = $2 and i.status in ('OPEN', 'PARTIALLY_PAID')
    returning i.currency, i.remaining_minor),
payment as (
    insert into payment (customer_id, id, status, currency, amount_minor, payment_method_id, method_kind, method_brand, method_last4, processor, created_at)
    select $1, $3, 'PROCESSING', a.currency, a.remaining_minor, m.id, m.kind, m.brand, m.last4, m.processor, $5
      from attempted a join payment_method m on m.customer_id = $1 and m.id = $4),
allocation as (
    insert into payment_allocation (customer_id, id, payment_id, invoice_id, currency, amount_minor, created_at)
    select $1, $7, $3, $2, a.currency, a.remaining_minor, $5 from attempted a)
update idempotency_key k set payment_id = $3, lease_until = $5::timestamptz + interval '20 seconds'
 where k.customer_id = $1 and k.mutation = 'payInvoice' and k.key = $6
"""

SETTLE = f"""
with owner as materialized (select id from customer where id = $1 for no key update),
settled as (
    update payment p set status = 'SUCCEEDED', processor_reference = $4, settled_at = $5, version = version + 1
      from owner where p.customer_id = owner.id and p.id = $3 and p.status = 'PROCESSING'
    returning p.amount_minor),
changed as (
    update invoice i set paid_minor = i.paid_minor + s.amount_minor, status = 'PAID', paid_at = $5, collection = 'NONE', collect_at = null, version = i.version + 1
      from settled s where i.customer_id = $1 and i.id = $2 and i.status = 'PROCESSING' and i.remaining_minor = s.amount_minor
    returning i.id, i.status, i.version),
letter as (
    insert into letter_cause (customer_id, kind, object_id, occurrence, written_at, compose_at) select $1, 'receipt', $3, '', $5, $5 from changed
        on conflict do nothing),
entry as ({_AUDIT.format(mutation="payInvoice", id="$7::text", detail="$2::text", now="$5::timestamptz")}),
finished as ({_FINISH.format(mutation="payInvoice", name="invoice", detail="$2::text", now="$5::timestamptz", key="$6::text")})
select * from changed
"""


# $3 is the object's key, whose bytes do not exist yet.
ANNOUNCE = """
with parent as (select id from invoice where customer_id = $1 and id = $2),
loose as (insert into loose_object (customer_id, object_key, expires_at) select $1, $3, $4::timestamptz from parent)
select id from parent
"""

# $2 is the invoice, $3 the object's key, $4 the id of the attachment. No row if the sweep is deleting the object.
ATTACH = f"""
with owned as (
    delete from loose_object where customer_id = $1 and object_key = $3 and not is_doomed
    returning object_key),
changed as (
    insert into attachment (customer_id, id, invoice_id, group_id, file_name, content_type, size_bytes, sha256, object_key, status, uploaded_by, uploader, uploaded_at)
    select $1, $4, $2, $5, $6, $7, $8::integer, $9, object_key, 'STORED', 'CUSTOMER', $1, $10 from owned
    returning id, file_name as "fileName", content_type as "contentType", size_bytes as "sizeBytes", status),
entry as ({_AUDIT.format(mutation="uploadAttachments", id="$11::text", detail="$2::text || ' ' || $4::text", now="$10::timestamptz")}),
finished as ({_FINISH.format(mutation="uploadAttachments", name="attachments", detail="json_build_array($4::text)", now="$10::timestamptz", key="$12::text")})
select * from changed
"""


class Refused(Exception):
    """The call changes nothing. Its message is the code."""


async def claimed(connection: Any, mutation: str, fields: dict[str, Any]) -> str | None:
    """Claim the key; return the answer of an earlier call with it. Raises Refused while that still runs, and for another input."""
    digest = hashlib.sha256(json.dumps(fields, sort_keys=True).encode()).hexdigest()
    claim = await connection.fetchrow("select state, answer from claim_key($1, $2, $3)", mutation, fields["idempotencyKey"], digest)
    if claim["state"] not in ("NEW", "DONE"):
        raise Refused(claim["state"])
    answer: str | None = claim["answer"]
    return answer


def new_id(prefix: str) -> str:
    return type_id(prefix, time.time_ns() // 1_000_000, entropy=secrets.randbits(74))


def begin(customer_id: str, now: datetime) -> str:
    """Return the statements of one round trip that open the transaction, set the caller and check that the customer exists."""
    return (
        f"BEGIN ISOLATION LEVEL READ COMMITTED READ WRITE; SET LOCAL app.customer_id = {literal(customer_id)}; SET LOCAL app.actor = 'CUSTOMER'; "
        f"SET LOCAL app.now = '{now.isoformat()}'; SET LOCAL app.client = 'bench'; SELECT assert_customer()"
    )


def begin_reading(customer_id: str, now: datetime) -> str:
    """Return the same for a snapshot to read from."""
    return begin(customer_id, now).replace("READ COMMITTED READ WRITE", "REPEATABLE READ READ ONLY")
