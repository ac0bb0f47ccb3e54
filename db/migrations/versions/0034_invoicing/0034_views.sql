-- As before; what is written off is not overdue.
create or replace view owed_item with (security_invoker = true) as
select c.id as customer_id, item.kind, item.invoice_id, item.installment_id, item.subscription_id, item.currency, item.due_on, item.remaining_minor, item.overdue_minor
  from customer c
 cross join lateral (select today_in(c.time_zone) as today_on offset 0) t
 cross join lateral (
        select 'INVOICE' as kind, i.id as invoice_id, cast(null as text) as installment_id, i.subscription_id, i.currency, i.due_on, i.remaining_minor,
               case when i.written_off_at is not null then 0
                    when i.due_on < t.today_on then i.remaining_minor
                    else least(i.remaining_minor,
                               coalesce((select cast(sum(p.remaining_minor) as bigint) from installment p
                                          where p.customer_id = c.id and p.invoice_id = i.id and p.remaining_minor > 0 and p.due_on < t.today_on), 0))
               end as overdue_minor
          from invoice i
         where i.customer_id = c.id and i.remaining_minor > 0
         union all
        select 'INSTALLMENT', null, p.id, null, p.currency, p.due_on, p.remaining_minor, case when p.due_on < t.today_on then p.remaining_minor else 0 end
          from installment p
         where p.customer_id = c.id and p.invoice_id is null and p.remaining_minor > 0 and p.due_on <= t.today_on) item;

-- As before, and what the merchant wrote on it, who collects it, and on what staff's actions depend. That it is written off is for the merchant alone.
-- `is_voidable`: nothing of it was paid or credited. `is_expected`: something remains that is not written off. What belongs to a payment schedule is voided with that.
create or replace view portal_invoice with (security_invoker = true) as
select i.id, i.customer_id, i.number, i.reason, i.status, i.currency, i.subscription_id, i.schedule_id, i.issued_at, i.due_on, i.period_starts_at, i.period_ends_at,
       i.subtotal_minor, i.discount_minor, i.tax_minor, i.total_minor, i.paid_minor, i.credited_minor, i.remaining_minor, i.paid_at,
       i.remaining_minor > 0 and i.written_off_at is null and i.due_on < (select today_in(c.time_zone) from customer c where c.id = i.customer_id) as is_overdue,
       case when i.remaining_minor > 0 and i.written_off_at is null
            then greatest((select today_in(c.time_zone) from customer c where c.id = i.customer_id) - i.due_on, 0) else 0 end as days_overdue,
       i.version,
       case when i.remaining_minor > 0 then i.collection else 'NONE' end as collection,
       case when i.remaining_minor > 0 then i.retry_count else 0 end as retry_count,
       case when i.remaining_minor > 0 and i.status <> 'PROCESSING' and i.collection in ('DUE', 'RETRYING') then i.collect_at end as next_attempt_at,
       case when i.remaining_minor > 0 and i.status <> 'PROCESSING' and i.collection in ('DUE', 'RETRYING')
            then (select (i.collect_at at time zone c.time_zone)::date from customer c where c.id = i.customer_id) end as next_attempt_on,
       i.refunded_minor,
       i.status = 'PROCESSING'
         or i.status in ('OPEN', 'PARTIALLY_PAID') and exists (select from subscription s
             where s.customer_id = i.customer_id and s.id = i.subscription_id and s.charging_payment_id is not null) as is_in_payment,
       (select cast(count(*) as integer) from attachment a
         where a.customer_id = i.customer_id and a.invoice_id = i.id
           and (a.status <> 'PENDING' or a.uploaded_at > operation_now() - interval '1 hour')) as file_count,
       visible_external_id(i.external_id) as external_id, visible_metadata(i.metadata) as metadata,
       i.memo,
       case when i.is_automatic or (i.subscription_id is not null and i.schedule_id is null) then 'AUTOMATIC' else 'MANUAL' end as collection_method,
       case when current_setting('app.actor', true) in ('STAFF', 'SYSTEM') then i.written_off_at end as written_off_at,
       i.status = 'OPEN' and i.paid_minor = 0 and i.credited_minor = 0 and i.refunded_minor = 0 and i.noted_minor = 0 and not is_scheduled as is_voidable,
       i.remaining_minor > 0 and i.written_off_at is null and not is_scheduled as is_expected,
       case when i.status = 'VOID' then 0 else i.total_minor - i.noted_minor end as creditable_minor,
       exists (select from refund_request q where q.customer_id = i.customer_id and q.invoice_id = i.id and q.settled_at is null) as is_being_credited
  from invoice i
 cross join lateral (
        select i.schedule_id is not null or exists (select from installment p where p.customer_id = i.customer_id and p.invoice_id = i.id) as is_scheduled) schedule;

-- As before, and what staff recorded of it. `refundable_minor` is what can be given back of it now: not what was given back, nor what a refund under way gives back.
create or replace view portal_payment with (security_invoker = true) as
select p.id, p.customer_id, p.status, p.currency, p.amount_minor, p.refunded_minor, p.payment_method_id, p.method_kind, p.method_brand, p.method_last4, p.decline_code,
       p.is_retryable, p.created_at, p.settled_at, p.version,
       visible_external_id(p.external_id) as external_id, visible_metadata(p.metadata) as metadata,
       p.received_on, p.reference,
       case when p.status = 'SUCCEEDED'
            then p.amount_minor - cast(coalesce((select sum(r.amount_minor) from refund r
                                                  where r.customer_id = p.customer_id and r.payment_id = p.id and r.status in ('PENDING', 'SUCCEEDED')), 0) as bigint)
            else 0 end as refundable_minor
  from payment p;

create or replace view portal_credit_note with (security_invoker = true) as
select id, customer_id, number, reason, currency, invoice_id, refund_id, issued_at, subtotal_minor, tax_minor, total_minor, released_minor, granted_minor, refunded_minor, memo
  from credit_note;
