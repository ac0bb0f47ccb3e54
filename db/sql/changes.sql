-- name: operations.claim
-- returns: Claim
select state, answer, payment_id from claim_key(:mutation, :key, :input_hash)

-- name: operations.of_key
-- returns: Operation
-- What became of a call, by its key: the newest if several mutations used the same one.
select customer_id, key, mutation, started_at, finished_at, answer, payment_id
  from portal_operation
 where customer_id = :customer_id and key = :key
 order by started_at desc
 limit 1

-- name: changes.save
-- returns: Saved
-- Everything that one decision writes, in one statement: each key of :changes is a list of rows of one table. What the counts say is compared with what was
-- meant: a subscription that somebody else changed, or a coupon whose last redemption is gone, is not there, and the transaction is given up.
with given as materialized (select cast(:changes as jsonb) as rows),
subscriptions as (
    insert into subscription (customer_id, id, plan_id, price_id, currency, quantity, status, holds, suspended_by, started_at, trial_ends_at, period_starts_at, period_ends_at,
           anchor_at, billing_zone, renews_at, renewal_minor, pending_kind, pending_at, pending_price_id, pending_plan_id, pending_quantity, pending_resumes_at, resumes_at,
           paused_at, suspended_at, canceled_at, cancel_reason, cancel_comment, payment_method_id, charging_payment_id, version, created_at)
    select n.customer_id, n.id, n.plan_id, n.price_id, n.currency, n.quantity, n.status, n.holds, n.suspended_by, n.started_at, n.trial_ends_at, n.period_starts_at, n.period_ends_at,
           n.anchor_at, n.billing_zone, n.renews_at, n.renewal_minor, n.pending_kind, n.pending_at, n.pending_price_id, n.pending_plan_id, n.pending_quantity, n.pending_resumes_at, n.resumes_at,
           n.paused_at, n.suspended_at, n.canceled_at, n.cancel_reason, n.cancel_comment, n.payment_method_id, n.charging_payment_id, n.version, n.created_at
      from given, jsonb_populate_recordset(null::subscription, rows -> 'subscription') n
        on conflict (customer_id, id) do update
       set plan_id = excluded.plan_id, price_id = excluded.price_id, quantity = excluded.quantity, status = excluded.status, holds = excluded.holds,
           suspended_by = excluded.suspended_by, started_at = excluded.started_at, trial_ends_at = excluded.trial_ends_at, period_starts_at = excluded.period_starts_at,
           period_ends_at = excluded.period_ends_at, anchor_at = excluded.anchor_at, billing_zone = excluded.billing_zone, renews_at = excluded.renews_at,
           renewal_minor = excluded.renewal_minor, pending_kind = excluded.pending_kind, pending_at = excluded.pending_at, pending_price_id = excluded.pending_price_id,
           pending_plan_id = excluded.pending_plan_id, pending_quantity = excluded.pending_quantity, pending_resumes_at = excluded.pending_resumes_at,
           resumes_at = excluded.resumes_at, paused_at = excluded.paused_at, suspended_at = excluded.suspended_at, canceled_at = excluded.canceled_at,
           cancel_reason = excluded.cancel_reason, cancel_comment = excluded.cancel_comment, payment_method_id = excluded.payment_method_id,
           charging_payment_id = excluded.charging_payment_id, version = excluded.version
     where subscription.version = excluded.version - 1
    returning 1),
events as (
    insert into subscription_event (customer_id, id, subscription_id, kind, actor, note, happened_at)
    select n.customer_id, n.id, n.subscription_id, n.kind, n.actor, n.note, n.happened_at
      from given, jsonb_populate_recordset(null::subscription_event, rows -> 'subscription_event') n),
invoices as (
    insert into invoice (customer_id, id, number, reason, status, currency, subscription_id, schedule_id, issued_at, due_on, period_starts_at, period_ends_at, subtotal_minor,
           discount_minor, tax_minor, total_minor, paid_minor, credited_minor, paid_at, collect_at, created_at)
    select n.customer_id, n.id, n.number, n.reason, n.status, n.currency, n.subscription_id, n.schedule_id, n.issued_at, n.due_on, n.period_starts_at, n.period_ends_at, n.subtotal_minor,
           n.discount_minor, n.tax_minor, n.total_minor, n.paid_minor, n.credited_minor, n.paid_at, n.collect_at, n.created_at
      from given, jsonb_populate_recordset(null::invoice, rows -> 'invoice') n),
lines as (
    insert into invoice_line (customer_id, id, invoice_id, currency, position, description, quantity, unit_minor, subtotal_minor, discount_minor, tax_minor, total_minor,
           period_starts_at, period_ends_at)
    select n.customer_id, n.id, n.invoice_id, n.currency, n.position, n.description, n.quantity, n.unit_minor, n.subtotal_minor, n.discount_minor, n.tax_minor, n.total_minor,
           n.period_starts_at, n.period_ends_at
      from given, jsonb_populate_recordset(null::invoice_line, rows -> 'invoice_line') n),
entries as (
    insert into balance_entry (customer_id, id, currency, amount_minor, kind, description, invoice_id, payment_id, created_at)
    select n.customer_id, n.id, n.currency, n.amount_minor, n.kind, n.description, n.invoice_id, n.payment_id, n.created_at
      from given, jsonb_populate_recordset(null::balance_entry, rows -> 'balance_entry') n),
released as (
    update invoice i
       set credited_minor = i.credited_minor + n.credited_minor, version = i.version + 1,
           status = case when i.remaining_minor = n.credited_minor then 'PAID' else i.status end,
           paid_at = case when i.remaining_minor = n.credited_minor then n.paid_at else i.paid_at end,
           collect_at = case when i.remaining_minor = n.credited_minor then null else i.collect_at end
      from given, jsonb_populate_recordset(null::invoice, rows -> 'released') n
     where i.customer_id = :customer_id and i.id = n.id and i.status in ('OPEN', 'PARTIALLY_PAID') and i.remaining_minor >= n.credited_minor
    returning 1),
attempted as (
    update invoice i set status = 'PROCESSING', collect_at = null, version = i.version + 1
      from given, jsonb_populate_recordset(null::invoice, rows -> 'attempted') n
     where i.customer_id = :customer_id and i.id = n.id and i.status in ('OPEN', 'PARTIALLY_PAID') and i.remaining_minor > 0
    returning 1),
collected as (
    update invoice i
       set paid_minor = i.paid_minor + n.paid_minor, credited_minor = i.credited_minor + coalesce(n.credited_minor, 0), version = i.version + 1, collect_at = null,
           status = case when i.remaining_minor = n.paid_minor + coalesce(n.credited_minor, 0) then 'PAID' when i.paid_minor + n.paid_minor > 0 then 'PARTIALLY_PAID' else 'OPEN' end,
           paid_at = case when i.remaining_minor = n.paid_minor + coalesce(n.credited_minor, 0) then n.paid_at else i.paid_at end
      from given, jsonb_populate_recordset(null::invoice, rows -> 'collected') n
     where i.customer_id = :customer_id and i.id = n.id and i.status in ('OPEN', 'PARTIALLY_PAID', 'PROCESSING')
       and i.remaining_minor >= n.paid_minor + coalesce(n.credited_minor, 0)
    returning 1),
attempted_installments as (
    update installment p set status = 'PROCESSING', version = p.version + 1
      from given, jsonb_populate_recordset(null::installment, rows -> 'attempted_installment') n
     where p.customer_id = :customer_id and p.id = n.id and p.status in ('DUE', 'PARTIALLY_PAID', 'FAILED') and p.remaining_minor > 0
    returning 1),
collected_installments as (
    update installment p
       set paid_minor = p.paid_minor + n.paid_minor, version = p.version + 1, status = case when p.remaining_minor = n.paid_minor then 'PAID' else 'PARTIALLY_PAID' end
      from given, jsonb_populate_recordset(null::installment, rows -> 'collected_installment') n
     where p.customer_id = :customer_id and p.id = n.id and p.status in ('DUE', 'PARTIALLY_PAID', 'FAILED', 'PROCESSING') and p.remaining_minor >= n.paid_minor
    returning 1),
uncollected_installments as (
    update installment p set status = case when p.paid_minor > 0 then 'PARTIALLY_PAID' else 'FAILED' end, version = p.version + 1
      from given, jsonb_populate_recordset(null::installment, rows -> 'uncollected_installment') n
     where p.customer_id = :customer_id and p.id = n.id and p.status = 'PROCESSING'),
collected_schedules as (
    update payment_schedule s
       set paid_minor = s.paid_minor + n.paid_minor, version = s.version + 1, status = case when s.status = 'ACTIVE' and s.remaining_minor = n.paid_minor then 'FINISHED' else s.status end
      from given, jsonb_populate_recordset(null::payment_schedule, rows -> 'collected_schedule') n
     where s.customer_id = :customer_id and s.id = n.id
    returning 1),
dropped_allocations as (
    delete from payment_allocation a
     using given, jsonb_populate_recordset(null::payment_allocation, rows -> 'dropped_allocation') n
     where a.customer_id = :customer_id and a.payment_id = n.payment_id),
uncollected as (
    update invoice i
       set status = case when i.paid_minor > 0 then 'PARTIALLY_PAID' else 'OPEN' end, collect_at = n.collect_at, failed_attempts = i.failed_attempts + n.failed_attempts,
           version = i.version + 1
      from given, jsonb_populate_recordset(null::invoice, rows -> 'uncollected') n
     where i.customer_id = :customer_id and i.id = n.id and i.status in ('PROCESSING', 'OPEN', 'PARTIALLY_PAID')),
withdrawn as (
    delete from coupon_redemption r
     using given, jsonb_populate_recordset(null::coupon_redemption, rows -> 'withdrawn_redemption') n
     where r.customer_id = :customer_id and r.id = n.id),
ended as (
    update coupon_redemption r set periods_left = n.periods_left, used_until = n.used_until, ended_at = n.ended_at
      from given, jsonb_populate_recordset(null::coupon_redemption, rows -> 'changed_redemption') n
     where r.customer_id = :customer_id and r.id = n.id
    returning 1),
-- After what ended, because a subscription has one running coupon at a time.
redeemed as (
    insert into coupon_redemption (customer_id, id, coupon_id, subscription_id, redeemed_at, periods_left, used_until)
    select n.customer_id, n.id, n.coupon_id, n.subscription_id, n.redeemed_at, n.periods_left, n.used_until
      from given, jsonb_populate_recordset(null::coupon_redemption, rows -> 'coupon_redemption') n
     where (select count(*) from ended) >= 0),
taken as (
    update coupon c set redeemed_count = c.redeemed_count + 1
      from given, jsonb_populate_recordset(null::coupon, rows -> 'taken_coupon') n
     where c.id = n.id and c.is_active and (c.max_redemptions is null or c.redeemed_count < c.max_redemptions)
    returning 1),
returned as (
    update coupon c set redeemed_count = c.redeemed_count - 1
      from given, jsonb_populate_recordset(null::coupon, rows -> 'returned_coupon') n
     where c.id = n.id and c.redeemed_count > 0),
payments as (
    insert into payment (customer_id, id, status, currency, amount_minor, payment_method_id, method_kind, method_brand, method_last4, processor, processor_reference, created_at)
    select n.customer_id, n.id, n.status, n.currency, n.amount_minor, n.payment_method_id, n.method_kind, n.method_brand, n.method_last4, n.processor, n.processor_reference, n.created_at
      from given, jsonb_populate_recordset(null::payment, rows -> 'payment') n),
allocations as (
    insert into payment_allocation (customer_id, id, payment_id, invoice_id, installment_id, currency, amount_minor, created_at)
    select n.customer_id, n.id, n.payment_id, n.invoice_id, n.installment_id, n.currency, n.amount_minor, n.created_at
      from given, jsonb_populate_recordset(null::payment_allocation, rows -> 'payment_allocation') n),
charges as (
    insert into charge (customer_id, payment_id, subscription_id, invoice_id, mutation, key, request, changes, on_failure, answer, currency, reserved_minor, coupon_id, started_at, sent_at)
    select n.customer_id, n.payment_id, n.subscription_id, n.invoice_id, n.mutation, n.key, n.request, n.changes, n.on_failure, n.answer, n.currency, coalesce(n.reserved_minor, 0), n.coupon_id,
           n.started_at, n.sent_at
      from given, jsonb_populate_recordset(null::charge, rows -> 'charge') n),
results as (
    update payment p
       set status = n.status, decline_code = n.decline_code, is_retryable = coalesce(n.is_retryable, false), settled_at = n.settled_at, version = p.version + 1,
           processor_reference = coalesce(n.processor_reference, p.processor_reference)
      from given, jsonb_populate_recordset(null::payment, rows -> 'result') n
     where p.customer_id = :customer_id and p.id = n.id and (p.status in ('PROCESSING', 'REQUIRES_ACTION') or (p.status = 'FAILED' and n.status = 'SUCCEEDED'))),
settled as (
    update charge c set settled_at = n.settled_at
      from given, jsonb_populate_recordset(null::charge, rows -> 'settled') n
     where c.customer_id = :customer_id and c.payment_id = n.payment_id),
keys as (
    update idempotency_key k set answer = n.answer, finished_at = n.finished_at, payment_id = coalesce(n.payment_id, k.payment_id), lease_until = n.lease_until
      from given, jsonb_populate_recordset(null::idempotency_key, rows -> 'idempotency_key') n
     where k.customer_id = :customer_id and k.mutation = n.mutation and k.key = n.key),
freed as (
    delete from idempotency_key k
     using given, jsonb_populate_recordset(null::idempotency_key, rows -> 'freed_key') n
     where k.customer_id = :customer_id and k.mutation = n.mutation and k.key = n.key),
audited as (
    insert into audit_event (id, customer_id, actor, client, request_id, event, outcome, detail, happened_at)
    select n.id, n.customer_id, n.actor, n.client, n.request_id, n.event, n.outcome, n.detail, n.happened_at
      from given, jsonb_populate_recordset(null::audit_event, rows -> 'audit_event') n)
select (select count(*) from subscriptions)::integer as subscriptions, (select count(*) from taken)::integer as coupons, (select count(*) from released)::integer as releases,
       (select count(*) from attempted)::integer + (select count(*) from collected)::integer as invoices,
       (select count(*) from attempted_installments)::integer + (select count(*) from collected_installments)::integer + (select count(*) from collected_schedules)::integer as installments

-- name: charges.lock
-- returns: Charge
-- A charge and its payment, after the customer was locked: whoever comes second sees what the first made of it.
with owner as materialized (select id from customer where id = :customer_id for no key update)
select c.customer_id, c.payment_id, c.subscription_id, c.invoice_id, c.mutation, c.key, c.changes, c.on_failure, c.answer, c.started_at, c.settled_at,
       exists (select from subscription s where s.customer_id = c.customer_id and 'DUNNING' = any(s.holds)) as is_held_by_dunning
  from owner
  join charge c on c.customer_id = owner.id and c.payment_id = :key
 where c.customer_id = :customer_id
   for no key update of c

-- name: charges.attempt
-- returns: ChargeAttempt
-- What the processor has to know to be asked again.
select p.customer_id, p.id as payment_id, p.status, p.processor, p.processor_reference, m.processor_reference as method_reference, p.decline_code, c.started_at, c.sent_at,
       c.request, c.answer
  from charge c
  join payment p on p.customer_id = c.customer_id and p.id = c.payment_id
  join payment_method m on m.customer_id = p.customer_id and m.id = p.payment_method_id
 where c.customer_id = :customer_id and c.payment_id = :key

-- name: charges.note_sending
-- returns: nothing
-- It is sent once more: until it has had time to arrive, nobody can say that it never did.
update charge set sent_at = :now where customer_id = :customer_id and payment_id = :key

-- name: clock.due_subscriptions
-- returns: Due
select customer_id, id from subscription where due_at <= :now order by due_at, customer_id, id limit :wanted

-- name: clock.due_collections
-- returns: Due
select customer_id, id from invoice where collect_at <= :now order by collect_at, customer_id, id limit :wanted

-- name: clock.open_charges
-- returns: Due
select customer_id, payment_id as id from charge where settled_at is null and started_at < :started_before order by started_at limit :wanted
