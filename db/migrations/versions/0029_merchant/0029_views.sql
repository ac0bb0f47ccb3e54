-- What callers read of an external id and of metadata: staff and the system everything, all others only pairs whose key begins with `public:`.
create function visible_external_id(value text) returns text language sql stable parallel safe
  return case when current_setting('app.actor', true) in ('STAFF', 'SYSTEM') then value end;

create function visible_metadata(value jsonb) returns jsonb language sql stable parallel safe
  return case when value = '{}' or current_setting('app.actor', true) in ('STAFF', 'SYSTEM') then value
              else (select coalesce(jsonb_object_agg(pair.key, pair.value), '{}') from jsonb_each(value) pair where starts_with(pair.key, 'public:')) end;

grant execute on function visible_external_id(text), visible_metadata(jsonb) to portico_app;

-- The views as before, and the two columns at their end.
create or replace view portal_customer with (security_invoker = true) as
select id, id as customer_id, name, email, locale, time_zone, currency, version, created_at,
       company_name, address_line1, address_line2, address_city, address_region, address_postal_code, address_country, tax_ids, tax_exemption,
       visible_external_id(external_id) as external_id, visible_metadata(metadata) as metadata
  from customer;

create or replace view portal_subscription with (security_invoker = true) as
select s.id, s.customer_id, s.plan_id, s.price_id, s.currency, s.quantity, s.status, s.suspended_by, s.started_at, s.trial_ends_at, s.period_starts_at, s.period_ends_at,
       s.renews_at, s.renewal_minor, s.pending_kind, s.pending_at, s.pending_plan_id, s.pending_price_id, s.pending_quantity, s.pending_resumes_at,
       case when s.status = 'PAUSED' then s.resumes_at end as resumes_at, s.paused_at, s.suspended_at, s.canceled_at, s.cancel_reason, s.cancel_comment, s.payment_method_id,
       exists (select from owed_item o where o.customer_id = s.customer_id and o.subscription_id = s.id and o.overdue_minor > 0) as has_overdue,
       s.charging_payment_id is not null as is_charging,
       s.version, s.created_at,
       (select case when r.periods_left = 0 then 'ENDING' else 'LASTING' end
          from coupon_redemption r where r.customer_id = s.customer_id and r.subscription_id = s.id and r.ended_at is null) as running_coupon,
       visible_external_id(s.external_id) as external_id, visible_metadata(s.metadata) as metadata
  from subscription s;

create or replace view portal_payment_schedule with (security_invoker = true) as
select s.id, s.customer_id, s.name, s.currency, s.subscription_id, s.invoicing, s.status, s.total_minor, s.paid_minor, s.remaining_minor,
       exists (select from installment i join customer c on c.id = i.customer_id
                where i.customer_id = s.customer_id and i.schedule_id = s.id and i.remaining_minor > 0 and i.due_on < today_in(c.time_zone)) as is_overdue,
       s.version, s.created_at, s.refunded_minor,
       (select cast(count(*) as integer) from attachment a
         where a.customer_id = s.customer_id and a.schedule_id = s.id
           and (a.status <> 'PENDING' or a.uploaded_at > operation_now() - interval '1 hour')) as file_count,
       visible_external_id(s.external_id) as external_id, visible_metadata(s.metadata) as metadata
  from payment_schedule s;

create or replace view portal_installment with (security_invoker = true) as
select i.id, i.customer_id, i.schedule_id, i.invoice_id, i.currency, i.position, i.name, i.due_on, i.amount_minor, i.paid_minor, i.remaining_minor, i.status,
       i.remaining_minor > 0 and i.due_on < (select today_in(c.time_zone) from customer c where c.id = i.customer_id) as is_overdue,
       case when i.remaining_minor > 0 then greatest((select today_in(c.time_zone) from customer c where c.id = i.customer_id) - i.due_on, 0) else 0 end as days_overdue,
       i.version, i.refunded_minor,
       (select case when v.is_in_payment then 'PROCESSING' else v.status end
          from portal_invoice v where v.customer_id = i.customer_id and v.id = i.invoice_id) as invoice_status,
       (select v.remaining_minor from invoice v where v.customer_id = i.customer_id and v.id = i.invoice_id) as invoice_remaining_minor,
       visible_external_id(i.external_id) as external_id, visible_metadata(i.metadata) as metadata
  from installment i;

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
           and (a.status <> 'PENDING' or a.uploaded_at > operation_now() - interval '1 hour')) as file_count,
       visible_external_id(i.external_id) as external_id, visible_metadata(i.metadata) as metadata
  from invoice i;

create or replace view portal_payment with (security_invoker = true) as
select id, customer_id, status, currency, amount_minor, refunded_minor, payment_method_id, method_kind, method_brand, method_last4, decline_code, is_retryable,
       created_at, settled_at, version,
       visible_external_id(external_id) as external_id, visible_metadata(metadata) as metadata
  from payment;

create or replace view portal_payment_method with (security_invoker = true) as
select m.id, m.customer_id, m.kind, m.brand, m.last4, m.expires_on, m.is_default,
       coalesce(m.expires_on < (select today_in(c.time_zone) from customer c where c.id = m.customer_id), false) as is_expired,
       exists (select from subscription s
                where s.customer_id = m.customer_id and s.status <> 'CANCELED'
                  and (s.payment_method_id = m.id or (s.payment_method_id is null and m.is_default))
                  and (s.renewal_minor > 0
                       or exists (select from coupon_redemption r
                                    join price p on p.id = coalesce(s.pending_price_id, s.price_id)
                                   where r.customer_id = s.customer_id and r.subscription_id = s.id and r.ended_at is null
                                     and r.periods_left is not null and p.unit_minor > 0))) as is_in_use,
       exists (select from payment p
                where p.customer_id = m.customer_id and p.payment_method_id = m.id and p.status in ('PROCESSING', 'REQUIRES_ACTION')) as has_payment_in_flight,
       m.version, m.created_at,
       visible_external_id(m.external_id) as external_id, visible_metadata(m.metadata) as metadata
  from payment_method m
 where m.deleted_at is null;
