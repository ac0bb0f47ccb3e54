-- A pause keeps the day on which it ends while the subscription is suspended, and nothing happens on that day before the suspension is lifted.
do $$
declare
  name text;
begin
  select conname into strict name from pg_constraint
   where conrelid = 'portico.subscription'::regclass and contype = 'c' and pg_get_constraintdef(oid) ~ 'resumes_at IS NULL\) OR \(status = ''PAUSED''';
  execute format('alter table portico.subscription drop constraint %I', name);
end $$;
alter table subscription add constraint subscription_resumes check (resumes_at is null or status in ('PAUSED', 'SUSPENDED'));

-- As before; `resumes_at` is shown only where it resumes by itself on that day.
create or replace view portal_subscription with (security_invoker = true) as
select s.id, s.customer_id, s.plan_id, s.price_id, s.currency, s.quantity, s.status, s.suspended_by, s.started_at, s.trial_ends_at, s.period_starts_at, s.period_ends_at,
       s.renews_at, s.renewal_minor, s.pending_kind, s.pending_at, s.pending_plan_id, s.pending_price_id, s.pending_quantity, s.pending_resumes_at,
       case when s.status = 'PAUSED' then s.resumes_at end as resumes_at, s.paused_at, s.suspended_at, s.canceled_at, s.cancel_reason, s.cancel_comment, s.payment_method_id,
       exists (select from owed_item o where o.customer_id = s.customer_id and o.subscription_id = s.id and o.overdue_minor > 0) as has_overdue,
       s.charging_payment_id is not null as is_charging,
       s.version, s.created_at,
       (select case when r.periods_left = 0 then 'ENDING' else 'LASTING' end
          from coupon_redemption r where r.customer_id = s.customer_id and r.subscription_id = s.id and r.ended_at is null) as running_coupon
  from subscription s;

-- As before. What the billing clock is late with comes today. A pause that ends within the paid period charges nothing: then the renewal at its end is the payment to come.
-- An installment is none whose invoice is in payment, void or refunded.
create or replace view portal_upcoming_payment with (security_invoker = true) as
select c.id as customer_id, coming.due_on, coming.amount_minor, coming.currency, coming.kind, coming.source_id
  from customer c
 cross join lateral (
        (select (greatest(renews_at, operation_now()) at time zone c.time_zone)::date as due_on, renewal_minor as amount_minor, currency, 'RENEWAL' as kind, id as source_id
           from subscription
          where customer_id = c.id and renewal_minor > 0 and renews_at is not null
            and renews_at < (select greatest(min(n.renews_at), operation_now()) + interval '27 hours' from subscription n
                              where n.customer_id = c.id and n.renewal_minor > 0 and n.renews_at is not null)
          order by 1, id limit 1)
         union all
        select (greatest(s.resumes_at, operation_now(), case when paid.is_running then s.period_ends_at end) at time zone c.time_zone)::date, s.renewal_minor, s.currency,
               case when paid.is_running then 'RENEWAL' else 'RESUME' end, s.id
          from subscription s
         cross join lateral (select coalesce(s.period_ends_at > greatest(s.resumes_at, operation_now()), false) as is_running) paid
         where s.customer_id = c.id and s.renewal_minor > 0 and s.resumes_at is not null and s.status = 'PAUSED'
         union all
        select (greatest(collect_at, operation_now()) at time zone c.time_zone)::date, remaining_minor, currency, 'RETRY', id
          from invoice
         where customer_id = c.id and collect_at is not null and remaining_minor > 0 and status in ('OPEN', 'PARTIALLY_PAID') and collection in ('DUE', 'RETRYING')
         union all
        (select due_on, remaining_minor, currency, 'INSTALLMENT', id
           from portal_installment
          where customer_id = c.id and remaining_minor > 0 and status <> 'PROCESSING' and due_on >= today_in(c.time_zone)
            and (invoice_status is null or invoice_status in ('OPEN', 'PARTIALLY_PAID'))
          order by due_on, id limit 1)) coming;
