-- What actions depend on beside the row itself. (This script runs before the one that shows payments to come.)

-- As before, and two columns for the actions: an invoice is in payment while a charge for it is under way, or one that decides what becomes of its subscription and may take
-- unused time off it; and its files that count against what one thing may have.
create or replace view portal_invoice with (security_invoker = true) as
select i.id, i.customer_id, i.number, i.reason, i.status, i.currency, i.subscription_id, i.schedule_id, i.issued_at, i.due_on, i.period_starts_at, i.period_ends_at,
       i.subtotal_minor, i.discount_minor, i.tax_minor, i.total_minor, i.paid_minor, i.credited_minor, i.remaining_minor, i.paid_at,
       i.remaining_minor > 0 and i.due_on < (select today_in(c.time_zone) from customer c where c.id = i.customer_id) as is_overdue,
       case when i.remaining_minor > 0 then greatest((select today_in(c.time_zone) from customer c where c.id = i.customer_id) - i.due_on, 0) else 0 end as days_overdue,
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
           and (a.status <> 'PENDING' or a.uploaded_at > operation_now() - interval '1 hour')) as file_count
  from invoice i;

-- As before, and the state of the invoice that covers it, which is paid along: null without one, PROCESSING while it is in payment.
create or replace view portal_installment with (security_invoker = true) as
select i.id, i.customer_id, i.schedule_id, i.invoice_id, i.currency, i.position, i.name, i.due_on, i.amount_minor, i.paid_minor, i.remaining_minor, i.status,
       i.remaining_minor > 0 and i.due_on < (select today_in(c.time_zone) from customer c where c.id = i.customer_id) as is_overdue,
       case when i.remaining_minor > 0 then greatest((select today_in(c.time_zone) from customer c where c.id = i.customer_id) - i.due_on, 0) else 0 end as days_overdue,
       i.version, i.refunded_minor,
       (select case when v.is_in_payment then 'PROCESSING' else v.status end
          from portal_invoice v where v.customer_id = i.customer_id and v.id = i.invoice_id) as invoice_status,
       (select v.remaining_minor from invoice v where v.customer_id = i.customer_id and v.id = i.invoice_id) as invoice_remaining_minor
  from installment i;

-- As before, and its files that count against what one thing may have.
create or replace view portal_payment_schedule with (security_invoker = true) as
select s.id, s.customer_id, s.name, s.currency, s.subscription_id, s.invoicing, s.status, s.total_minor, s.paid_minor, s.remaining_minor,
       exists (select from installment i join customer c on c.id = i.customer_id
                where i.customer_id = s.customer_id and i.schedule_id = s.id and i.remaining_minor > 0 and i.due_on < today_in(c.time_zone)) as is_overdue,
       s.version, s.created_at, s.refunded_minor,
       (select cast(count(*) as integer) from attachment a
         where a.customer_id = s.customer_id and a.schedule_id = s.id
           and (a.status <> 'PENDING' or a.uploaded_at > operation_now() - interval '1 hour')) as file_count
  from payment_schedule s;

-- What may be offered to who wants to cancel is what would be accepted now: where the action is allowed, nothing is being charged, and the price or the coupon can be had.
create or replace view portal_cancellation_option with (security_invoker = true) as
select o.id, s.customer_id, s.id as subscription_id, o.rank, o.kind, o.headline, p.id as price_id, c.code as coupon_code, c.name as coupon_name
  from portal_subscription s
 cross join retention_offer o
  left join price now_at on now_at.id = s.price_id
  left join price p on p.plan_id = o.plan_id and p.currency = s.currency and p.billing_interval = now_at.billing_interval
                   and p.interval_count = now_at.interval_count and not p.is_archived and p.unit_minor < now_at.unit_minor
                   and not exists (select from plan l where l.id = p.plan_id and l.is_archived)
  left join coupon c on c.id = o.coupon_id
 where o.is_active and s.status in ('ACTIVE', 'TRIALING') and s.pending_kind is distinct from 'CANCEL' and not s.is_charging
   and (o.kind <> 'PAUSE' or (s.status = 'ACTIVE' and s.pending_kind is null and not s.has_overdue))
   and (o.kind <> 'DOWNGRADE' or (p.id is not null and not s.has_overdue))
   and (o.kind <> 'COUPON' or (s.running_coupon is distinct from 'LASTING' and c.is_active and (c.currency is null or c.currency = s.currency)
        and (c.max_redemptions is null or c.redeemed_count < c.max_redemptions)
        and (c.redeem_until_on is null or c.redeem_until_on >= (select today_in(k.time_zone) from customer k where k.id = s.customer_id))
        and not exists (select from coupon_redemption r where r.customer_id = s.customer_id and r.coupon_id = c.id)
        and not exists (select from charge h where h.customer_id = s.customer_id and h.coupon_id = c.id and h.settled_at is null)));
