-- As before, and an event of the audit trail names who acted.
create or replace function save_changes(who text, rows jsonb, out subscriptions integer, out coupons integer, out releases integer, out invoices integer, out installments integer)
  language plpgsql as $$
#variable_conflict use_column
declare
  found integer;
begin
  subscriptions := 0;
  coupons := 0;
  releases := 0;
  invoices := 0;
  installments := 0;
  if rows ? 'subscription' then
    insert into subscription (customer_id, id, plan_id, price_id, currency, quantity, status, holds, suspended_by, started_at, trial_ends_at, period_starts_at, period_ends_at,
           anchor_at, billing_zone, renews_at, renewal_minor, pending_kind, pending_at, pending_price_id, pending_plan_id, pending_quantity, pending_resumes_at, resumes_at,
           paused_at, suspended_at, canceled_at, cancel_reason, cancel_comment, payment_method_id, charging_payment_id, version, created_at)
    select n.customer_id, n.id, n.plan_id, n.price_id, n.currency, n.quantity, n.status, n.holds, n.suspended_by, n.started_at, n.trial_ends_at, n.period_starts_at, n.period_ends_at,
           n.anchor_at, n.billing_zone, n.renews_at, n.renewal_minor, n.pending_kind, n.pending_at, n.pending_price_id, n.pending_plan_id, n.pending_quantity, n.pending_resumes_at, n.resumes_at,
           n.paused_at, n.suspended_at, n.canceled_at, n.cancel_reason, n.cancel_comment, n.payment_method_id, n.charging_payment_id, n.version, n.created_at
      from jsonb_populate_recordset(null::subscription, rows -> 'subscription') n
        on conflict (customer_id, id) do update
       set plan_id = excluded.plan_id, price_id = excluded.price_id, quantity = excluded.quantity, status = excluded.status, holds = excluded.holds,
           suspended_by = excluded.suspended_by, started_at = excluded.started_at, trial_ends_at = excluded.trial_ends_at, period_starts_at = excluded.period_starts_at,
           period_ends_at = excluded.period_ends_at, anchor_at = excluded.anchor_at, billing_zone = excluded.billing_zone, renews_at = excluded.renews_at,
           renewal_minor = excluded.renewal_minor, pending_kind = excluded.pending_kind, pending_at = excluded.pending_at, pending_price_id = excluded.pending_price_id,
           pending_plan_id = excluded.pending_plan_id, pending_quantity = excluded.pending_quantity, pending_resumes_at = excluded.pending_resumes_at,
           resumes_at = excluded.resumes_at, paused_at = excluded.paused_at, suspended_at = excluded.suspended_at, canceled_at = excluded.canceled_at,
           cancel_reason = excluded.cancel_reason, cancel_comment = excluded.cancel_comment, payment_method_id = excluded.payment_method_id,
           charging_payment_id = excluded.charging_payment_id, version = excluded.version
     where subscription.version = excluded.version - 1;
    get diagnostics found = row_count;
    subscriptions := subscriptions + found;
  end if;
  if rows ? 'subscription_event' then
    insert into subscription_event (customer_id, id, subscription_id, kind, actor, note, happened_at)
    select n.customer_id, n.id, n.subscription_id, n.kind, n.actor, n.note, n.happened_at
      from jsonb_populate_recordset(null::subscription_event, rows -> 'subscription_event') n;
  end if;
  if rows ? 'invoice' then
    insert into invoice (customer_id, id, number, reason, status, currency, subscription_id, schedule_id, issued_at, due_on, period_starts_at, period_ends_at, subtotal_minor,
           discount_minor, tax_minor, total_minor, paid_minor, credited_minor, paid_at, collect_at, created_at)
    select n.customer_id, n.id, n.number, n.reason, n.status, n.currency, n.subscription_id, n.schedule_id, n.issued_at, n.due_on, n.period_starts_at, n.period_ends_at, n.subtotal_minor,
           n.discount_minor, n.tax_minor, n.total_minor, n.paid_minor, n.credited_minor, n.paid_at, n.collect_at, n.created_at
      from jsonb_populate_recordset(null::invoice, rows -> 'invoice') n;
  end if;
  if rows ? 'invoice_line' then
    insert into invoice_line (customer_id, id, invoice_id, currency, position, description, quantity, unit_minor, subtotal_minor, discount_minor, tax_minor, total_minor,
           period_starts_at, period_ends_at)
    select n.customer_id, n.id, n.invoice_id, n.currency, n.position, n.description, n.quantity, n.unit_minor, n.subtotal_minor, n.discount_minor, n.tax_minor, n.total_minor,
           n.period_starts_at, n.period_ends_at
      from jsonb_populate_recordset(null::invoice_line, rows -> 'invoice_line') n;
  end if;
  if rows ? 'released' then
    update invoice i
       set credited_minor = i.credited_minor + n.credited_minor, version = i.version + 1,
           status = case when i.remaining_minor = n.credited_minor then 'PAID' else i.status end,
           paid_at = case when i.remaining_minor = n.credited_minor then n.paid_at else i.paid_at end,
           collect_at = case when i.remaining_minor = n.credited_minor then null else i.collect_at end
      from jsonb_populate_recordset(null::invoice, rows -> 'released') n
     where i.customer_id = who and i.id = n.id and i.status in ('OPEN', 'PARTIALLY_PAID') and i.remaining_minor >= n.credited_minor;
    get diagnostics found = row_count;
    releases := releases + found;
  end if;
  if rows ? 'withdrawn_redemption' then
    delete from coupon_redemption r
     using jsonb_populate_recordset(null::coupon_redemption, rows -> 'withdrawn_redemption') n
     where r.customer_id = who and r.id = n.id;
  end if;
  if rows ? 'changed_redemption' then
    update coupon_redemption r set periods_left = n.periods_left, used_until = n.used_until, ended_at = n.ended_at
      from jsonb_populate_recordset(null::coupon_redemption, rows -> 'changed_redemption') n
     where r.customer_id = who and r.id = n.id;
  end if;
  -- After what ended, because a subscription has one running coupon at a time.
  if rows ? 'coupon_redemption' then
    insert into coupon_redemption (customer_id, id, coupon_id, subscription_id, redeemed_at, periods_left, used_until)
    select n.customer_id, n.id, n.coupon_id, n.subscription_id, n.redeemed_at, n.periods_left, n.used_until
      from jsonb_populate_recordset(null::coupon_redemption, rows -> 'coupon_redemption') n;
  end if;
  if rows ? 'taken_coupon' then
    update coupon c set redeemed_count = c.redeemed_count + 1
      from jsonb_populate_recordset(null::coupon, rows -> 'taken_coupon') n
     where c.id = n.id and c.is_active and (c.max_redemptions is null or c.redeemed_count < c.max_redemptions);
    get diagnostics found = row_count;
    coupons := coupons + found;
  end if;
  if rows ? 'returned_coupon' then
    update coupon c set redeemed_count = c.redeemed_count - 1
      from jsonb_populate_recordset(null::coupon, rows -> 'returned_coupon') n
     where c.id = n.id and c.redeemed_count > 0;
  end if;
  if rows ? 'payment' then
    insert into payment (customer_id, id, status, currency, amount_minor, payment_method_id, method_kind, method_brand, method_last4, processor, processor_reference, created_at)
    select n.customer_id, n.id, n.status, n.currency, n.amount_minor, n.payment_method_id, n.method_kind, n.method_brand, n.method_last4, n.processor, n.processor_reference, n.created_at
      from jsonb_populate_recordset(null::payment, rows -> 'payment') n;
  end if;
  if rows ? 'payment_allocation' then
    insert into payment_allocation (customer_id, id, payment_id, invoice_id, installment_id, currency, amount_minor, created_at)
    select n.customer_id, n.id, n.payment_id, n.invoice_id, n.installment_id, n.currency, n.amount_minor, n.created_at
      from jsonb_populate_recordset(null::payment_allocation, rows -> 'payment_allocation') n;
  end if;
  if rows ? 'balance_entry' then
    insert into balance_entry (customer_id, id, currency, amount_minor, kind, description, invoice_id, payment_id, created_at)
    select n.customer_id, n.id, n.currency, n.amount_minor, n.kind, n.description, n.invoice_id, n.payment_id, n.created_at
      from jsonb_populate_recordset(null::balance_entry, rows -> 'balance_entry') n;
  end if;
  if rows ? 'charge' then
    insert into charge (customer_id, payment_id, subscription_id, invoice_id, mutation, key, request, changes, on_failure, answer, currency, reserved_minor, coupon_id, started_at, sent_at)
    select n.customer_id, n.payment_id, n.subscription_id, n.invoice_id, n.mutation, n.key, n.request, n.changes, n.on_failure, n.answer, n.currency, coalesce(n.reserved_minor, 0), n.coupon_id,
           n.started_at, n.sent_at
      from jsonb_populate_recordset(null::charge, rows -> 'charge') n;
  end if;
  if rows ? 'attempted' then
    update invoice i set status = 'PROCESSING', collect_at = null, version = i.version + 1
      from jsonb_populate_recordset(null::invoice, rows -> 'attempted') n
     where i.customer_id = who and i.id = n.id and i.status in ('OPEN', 'PARTIALLY_PAID') and i.remaining_minor > 0;
    get diagnostics found = row_count;
    invoices := invoices + found;
  end if;
  if rows ? 'collected' then
    update invoice i
       set paid_minor = i.paid_minor + n.paid_minor, credited_minor = i.credited_minor + coalesce(n.credited_minor, 0), version = i.version + 1, collect_at = null,
           status = case when i.remaining_minor = n.paid_minor + coalesce(n.credited_minor, 0) then 'PAID' when i.paid_minor + n.paid_minor > 0 then 'PARTIALLY_PAID' else 'OPEN' end,
           paid_at = case when i.remaining_minor = n.paid_minor + coalesce(n.credited_minor, 0) then n.paid_at else i.paid_at end
      from jsonb_populate_recordset(null::invoice, rows -> 'collected') n
     where i.customer_id = who and i.id = n.id and i.status in ('OPEN', 'PARTIALLY_PAID', 'PROCESSING')
       and i.remaining_minor >= n.paid_minor + coalesce(n.credited_minor, 0);
    get diagnostics found = row_count;
    invoices := invoices + found;
  end if;
  if rows ? 'uncollected' then
    update invoice i
       set status = case when i.paid_minor > 0 then 'PARTIALLY_PAID' else 'OPEN' end, collect_at = n.collect_at, failed_attempts = i.failed_attempts + n.failed_attempts,
           version = i.version + 1
      from jsonb_populate_recordset(null::invoice, rows -> 'uncollected') n
     where i.customer_id = who and i.id = n.id and i.status in ('PROCESSING', 'OPEN', 'PARTIALLY_PAID');
  end if;
  if rows ? 'attempted_installment' then
    update installment p set status = 'PROCESSING', version = p.version + 1
      from jsonb_populate_recordset(null::installment, rows -> 'attempted_installment') n
     where p.customer_id = who and p.id = n.id and p.status in ('DUE', 'PARTIALLY_PAID', 'FAILED') and p.remaining_minor > 0;
    get diagnostics found = row_count;
    installments := installments + found;
  end if;
  if rows ? 'collected_installment' then
    update installment p
       set paid_minor = p.paid_minor + n.paid_minor, version = p.version + 1, status = case when p.remaining_minor = n.paid_minor then 'PAID' else 'PARTIALLY_PAID' end
      from jsonb_populate_recordset(null::installment, rows -> 'collected_installment') n
     where p.customer_id = who and p.id = n.id and p.status in ('DUE', 'PARTIALLY_PAID', 'FAILED', 'PROCESSING') and p.remaining_minor >= n.paid_minor;
    get diagnostics found = row_count;
    installments := installments + found;
  end if;
  if rows ? 'uncollected_installment' then
    update installment p set status = case when p.paid_minor > 0 then 'PARTIALLY_PAID' else 'FAILED' end, version = p.version + 1
      from jsonb_populate_recordset(null::installment, rows -> 'uncollected_installment') n
     where p.customer_id = who and p.id = n.id and p.status = 'PROCESSING';
  end if;
  if rows ? 'collected_schedule' then
    update payment_schedule s
       set paid_minor = s.paid_minor + n.paid_minor, version = s.version + 1, status = case when s.status = 'ACTIVE' and s.remaining_minor = n.paid_minor then 'FINISHED' else s.status end
      from jsonb_populate_recordset(null::payment_schedule, rows -> 'collected_schedule') n
     where s.customer_id = who and s.id = n.id;
    get diagnostics found = row_count;
    installments := installments + found;
  end if;
  if rows ? 'result' then
    update payment p
       set status = n.status, decline_code = n.decline_code, is_retryable = coalesce(n.is_retryable, false), settled_at = n.settled_at, version = p.version + 1,
           processor_reference = coalesce(n.processor_reference, p.processor_reference)
      from jsonb_populate_recordset(null::payment, rows -> 'result') n
     where p.customer_id = who and p.id = n.id and (p.status in ('PROCESSING', 'REQUIRES_ACTION') or (p.status = 'FAILED' and n.status = 'SUCCEEDED'));
  end if;
  if rows ? 'dropped_allocation' then
    delete from payment_allocation a
     using jsonb_populate_recordset(null::payment_allocation, rows -> 'dropped_allocation') n
     where a.customer_id = who and a.payment_id = n.payment_id;
  end if;
  if rows ? 'settled' then
    update charge c set settled_at = n.settled_at
      from jsonb_populate_recordset(null::charge, rows -> 'settled') n
     where c.customer_id = who and c.payment_id = n.payment_id;
  end if;
  if rows ? 'freed_key' then
    delete from idempotency_key k
     using jsonb_populate_recordset(null::idempotency_key, rows -> 'freed_key') n
     where k.customer_id = who and k.mutation = n.mutation and k.key = n.key;
  end if;
  if rows ? 'idempotency_key' then
    update idempotency_key k set answer = n.answer, finished_at = n.finished_at, payment_id = coalesce(n.payment_id, k.payment_id), lease_until = n.lease_until
      from jsonb_populate_recordset(null::idempotency_key, rows -> 'idempotency_key') n
     where k.customer_id = who and k.mutation = n.mutation and k.key = n.key;
  end if;
  if rows ? 'audit_event' then
    insert into audit_event (id, customer_id, actor, actor_subject, actor_issuer, client, request_id, event, outcome, detail, happened_at)
    select n.id, n.customer_id, n.actor, n.actor_subject, n.actor_issuer, n.client, n.request_id, n.event, n.outcome, n.detail, n.happened_at
      from jsonb_populate_recordset(null::audit_event, rows -> 'audit_event') n;
  end if;
end $$;
