-- The rows as the portal sees them: one view per noun, its columns equal to the row type of the same name in billing/rows.
-- Every view runs with the rights of who asks (security_invoker), so row security holds behind it.
-- Columns that nobody asks for cost nothing: Postgres pulls the views up and drops what is not used.

-- How much one minor unit is of a major one, for currencies that are not written with two decimals after ISO 4217.
create function minor_unit(currency text) returns numeric language plpgsql immutable parallel safe as $$
begin
  return case
    when currency in ('BIF', 'CLP', 'DJF', 'GNF', 'ISK', 'JPY', 'KMF', 'KRW', 'PYG', 'RWF', 'UGX', 'UYI', 'VND', 'VUV', 'XAF', 'XOF', 'XPF') then 1
    when currency in ('BHD', 'IQD', 'JOD', 'KWD', 'LYD', 'OMR', 'TND') then 0.001
    when currency in ('CLF', 'UYW') then 0.0001
    else 0.01 end;
end $$;

-- The twin of billing.money.decimal_text: an amount in major units with all its decimals. A bigint times 0.01 is exact and keeps two decimals.
-- Postgres writes this function into the statement once for every amount that it shows, so the long list of currencies is kept out of it.
create function decimal_text(minor bigint, currency text) returns text language sql immutable parallel safe
  return cast(minor * case when currency in ('USD', 'EUR', 'GBP', 'CHF') then 0.01 else minor_unit(currency) end as text);

create view portal_customer with (security_invoker = true) as
select id, id as customer_id, name, email, locale, time_zone, currency, version, created_at
  from customer;

create view portal_plan with (security_invoker = true) as
select id, code, name, description, trial_days, is_archived
  from plan;

create view portal_price with (security_invoker = true) as
select id, plan_id, currency, unit_minor, billing_interval, interval_count, tax_behavior, is_archived
  from price;

create view portal_coupon with (security_invoker = true) as
select id, code, name, percent_off_ppm, amount_off_minor, currency, duration, duration_periods
  from coupon;

-- Overdue is derived from the due day and today where the customer lives, here and nowhere else.
create view portal_invoice with (security_invoker = true) as
select i.id, i.customer_id, i.number, i.reason, i.status, i.currency, i.subscription_id, i.schedule_id, i.issued_at, i.due_on, i.period_starts_at, i.period_ends_at,
       i.subtotal_minor, i.discount_minor, i.tax_minor, i.total_minor, i.paid_minor, i.credited_minor, i.remaining_minor, i.paid_at,
       i.remaining_minor > 0 and i.due_on < (select today_in(c.time_zone) from customer c where c.id = i.customer_id) as is_overdue,
       case when i.remaining_minor > 0 then greatest((select today_in(c.time_zone) from customer c where c.id = i.customer_id) - i.due_on, 0) else 0 end as days_overdue,
       i.version
  from invoice i;

create view portal_installment with (security_invoker = true) as
select i.id, i.customer_id, i.schedule_id, i.invoice_id, i.currency, i.position, i.name, i.due_on, i.amount_minor, i.paid_minor, i.remaining_minor, i.status,
       i.remaining_minor > 0 and i.due_on < (select today_in(c.time_zone) from customer c where c.id = i.customer_id) as is_overdue,
       case when i.remaining_minor > 0 then greatest((select today_in(c.time_zone) from customer c where c.id = i.customer_id) - i.due_on, 0) else 0 end as days_overdue,
       i.version
  from installment i;

create view portal_invoice_line with (security_invoker = true) as
select id, customer_id, invoice_id, currency, position, description, quantity, unit_minor, subtotal_minor, discount_minor, tax_minor, total_minor, period_starts_at, period_ends_at
  from invoice_line;

create view portal_subscription with (security_invoker = true) as
select s.id, s.customer_id, s.plan_id, s.price_id, s.currency, s.quantity, s.status, s.suspended_by, s.started_at, s.trial_ends_at, s.period_starts_at, s.period_ends_at,
       s.renews_at, s.renewal_minor, s.pending_kind, s.pending_at, s.pending_plan_id, s.pending_price_id, s.pending_quantity, s.pending_resumes_at,
       s.resumes_at, s.paused_at, s.suspended_at, s.canceled_at, s.cancel_reason, s.cancel_comment, s.payment_method_id,
       exists (select from invoice i join customer c on c.id = i.customer_id
                where i.customer_id = s.customer_id and i.subscription_id = s.id and i.remaining_minor > 0 and i.due_on < today_in(c.time_zone)) as has_overdue,
       s.version, s.created_at
  from subscription s;

create view portal_subscription_event with (security_invoker = true) as
select id, customer_id, subscription_id, kind, actor, note, happened_at
  from subscription_event;

create view portal_coupon_redemption with (security_invoker = true) as
select id, customer_id, subscription_id, coupon_id, redeemed_at, periods_left
  from coupon_redemption
 where ended_at is null;

create view portal_payment_schedule with (security_invoker = true) as
select s.id, s.customer_id, s.name, s.currency, s.subscription_id, s.invoicing, s.status, s.total_minor, s.paid_minor, s.remaining_minor,
       exists (select from installment i join customer c on c.id = i.customer_id
                where i.customer_id = s.customer_id and i.schedule_id = s.id and i.remaining_minor > 0 and i.due_on < today_in(c.time_zone)) as is_overdue,
       s.version, s.created_at
  from payment_schedule s;

create view portal_payment with (security_invoker = true) as
select id, customer_id, status, currency, amount_minor, refunded_minor, payment_method_id, method_kind, method_brand, method_last4, decline_code, is_retryable,
       created_at, settled_at, version
  from payment;

create view portal_payment_allocation with (security_invoker = true) as
select id, customer_id, payment_id, invoice_id, installment_id, currency, amount_minor
  from payment_allocation;

create view portal_payment_method with (security_invoker = true) as
select m.id, m.customer_id, m.kind, m.brand, m.last4, m.expires_on, m.is_default,
       coalesce(m.expires_on < (select today_in(c.time_zone) from customer c where c.id = m.customer_id), false) as is_expired,
       exists (select from subscription s
                where s.customer_id = m.customer_id and s.status <> 'CANCELED'
                  and (s.payment_method_id = m.id or (s.payment_method_id is null and m.is_default))) as is_in_use,
       exists (select from payment p
                where p.customer_id = m.customer_id and p.payment_method_id = m.id and p.status in ('PROCESSING', 'REQUIRES_ACTION')) as has_payment_in_flight,
       m.version, m.created_at
  from payment_method m
 where m.deleted_at is null;

create view portal_balance_entry with (security_invoker = true) as
select id, customer_id, currency, amount_minor, kind, description, invoice_id, payment_id, created_at
  from balance_entry;

create view portal_attachment with (security_invoker = true) as
select id, customer_id, coalesce(invoice_id, schedule_id) as parent_id, invoice_id, schedule_id, file_name, content_type, size_bytes, sha256, status, uploaded_by, uploaded_at, version
  from attachment;

-- The four totals of the Summary page, one row per currency in which the customer has or had any of them.
-- What is owed is defined here, once: the remainder of every unpaid invoice, and of every installment that no invoice covers and whose day has come.
-- Overdue is the part whose day has passed; of an invoice that is not due yet, that is what its installments (COLLECTIVE) should have paid by now.
-- (`offset 0` has today computed once for a customer instead of once for a row.)
create view portal_total with (security_invoker = true) as
select c.id as customer_id, part.currency,
       cast(sum(balance_minor) as bigint) as balance_minor, cast(sum(due_minor) as bigint) as due_minor,
       cast(sum(overdue_minor) as bigint) as overdue_minor, cast(sum(processing_minor) as bigint) as processing_minor
  from customer c
 cross join lateral (select today_in(c.time_zone) as today_on offset 0) t
 cross join lateral (
        select currency, amount_minor as balance_minor, 0 as due_minor, 0 as overdue_minor, 0 as processing_minor
          from balance_entry
         where customer_id = c.id
         union all
        select currency, 0, remaining_minor,
               case when due_on < t.today_on then remaining_minor
                    else coalesce((select sum(p.remaining_minor) from installment p
                                    where p.customer_id = c.id and p.invoice_id = i.id and p.remaining_minor > 0 and p.due_on < t.today_on), 0)
               end, 0
          from invoice i
         where customer_id = c.id and remaining_minor > 0
         union all
        select currency, 0, remaining_minor, case when due_on < t.today_on then remaining_minor else 0 end, 0
          from installment
         where customer_id = c.id and remaining_minor > 0 and invoice_id is null and due_on <= t.today_on
         union all
        select currency, 0, 0, 0, amount_minor
          from payment
         where customer_id = c.id and status in ('PROCESSING', 'REQUIRES_ACTION')) part
 group by c.id, part.currency;

create view portal_summary with (security_invoker = true) as
select c.id as customer_id,
       (select count(*)::integer from subscription s where s.customer_id = c.id and s.status in ('TRIALING', 'ACTIVE')) as active_subscriptions,
       (select count(*)::integer from payment_schedule s where s.customer_id = c.id and s.status = 'ACTIVE') as active_schedules
  from customer c;

-- What will be charged next: the earliest renewal, the earliest of the unpaid installments from today on, and the automatic resumes, which are few.
-- Days are the customer's, and of several renewals on one day the first id counts. An index knows only instants, so it gives all renewals from the first
-- until one that must be of a later day, however a time zone is changed meanwhile, and no more of a customer who has hundreds.
create view portal_upcoming_payment with (security_invoker = true) as
select c.id as customer_id, coming.due_on, coming.amount_minor, coming.currency, coming.kind, coming.source_id
  from customer c
 cross join lateral (
        (select (renews_at at time zone c.time_zone)::date as due_on, renewal_minor as amount_minor, currency, 'RENEWAL' as kind, id as source_id
           from subscription
          where customer_id = c.id and renews_at >= operation_now()
            and renews_at < (select min(n.renews_at) + interval '27 hours' from subscription n where n.customer_id = c.id and n.renews_at >= operation_now())
          order by 1, id limit 1)
         union all
        select (resumes_at at time zone c.time_zone)::date, renewal_minor, currency, 'RESUME', id
          from subscription
         where customer_id = c.id and resumes_at >= operation_now()
         union all
        (select due_on, remaining_minor, currency, 'INSTALLMENT', id
           from installment
          where customer_id = c.id and remaining_minor > 0 and status <> 'PROCESSING' and due_on >= today_in(c.time_zone)
          order by due_on, id limit 1)) coming;
