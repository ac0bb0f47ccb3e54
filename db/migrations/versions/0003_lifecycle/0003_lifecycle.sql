-- Subscription actions and the billing clock.

-- Periods are counted from an anchor, in the time zone the contract was made in: a customer who moves does not move what was agreed.
alter table subscription
  add column anchor_at timestamptz,
  add column billing_zone text,
  add column holds text[] not null default '{}' check (holds <@ array['CUSTOMER', 'MERCHANT', 'DUNNING']),
  add column charging_payment_id text collate "C";
update subscription s
   set anchor_at = coalesce(s.trial_ends_at, s.started_at), billing_zone = c.time_zone, holds = case when s.suspended_by is null then '{}' else array[s.suspended_by] end
  from customer c where c.id = s.customer_id;
alter table subscription
  alter column anchor_at set not null,
  alter column billing_zone set not null,
  drop column anchor_day,
  add check ((suspended_by is null) = (holds = '{}')),
  add check (suspended_by is null or suspended_by = any(holds)),
  -- When time does something to it next; the twin of due_at in billing/lifecycle/clock.py.
  add column due_at timestamptz generated always as (
    case when charging_payment_id is not null then null
         when status = 'SCHEDULED' then started_at
         when status = 'PAUSED' then resumes_at
         when status = 'SUSPENDED' then pending_at
         when status = 'CANCELED' then null
         else least(pending_at, renews_at) end) stored;
create index subscription_due on subscription (due_at, customer_id, id) where due_at is not null;
drop index subscription_renewing;

-- A coupon discounts every bill of the period that it was used for; `used_until` is where that period ends.
alter table coupon_redemption add column used_until timestamptz;
update coupon_redemption r set used_until = s.period_ends_at
  from subscription s join coupon c on true
 where s.customer_id = r.customer_id and s.id = r.subscription_id and c.id = r.coupon_id and r.ended_at is null
   and (r.periods_left < coalesce(c.duration_periods, 1) or (c.duration = 'FOREVER' and s.period_starts_at > r.redeemed_at));

-- When an unpaid invoice is charged next, and how often that failed.
alter table invoice
  add column collect_at timestamptz,
  add column failed_attempts integer not null default 0 check (failed_attempts >= 0);
create index invoice_collecting on invoice (collect_at, customer_id, id) where collect_at is not null;

-- A call that waits for the processor holds its key until `lease_until`; after that whoever retries takes over, with the same payment.
alter table idempotency_key
  add column payment_id text collate "C",
  add column lease_until timestamptz;

-- A charge that is under way, and what is to be written when the processor says yes. It stays as the record of what was decided.
create table charge (
  customer_id     text collate "C" not null,
  payment_id      text collate "C" not null,
  subscription_id text collate "C",
  invoice_id      text collate "C",
  mutation        text,
  key             text,
  request         json not null,
  changes         json not null,
  on_failure      json,
  answer          json not null,
  -- What it will use up when it succeeds: nobody else may spend this credit or redeem this coupon meanwhile.
  currency        text not null,
  reserved_minor  bigint not null default 0 check (reserved_minor >= 0),
  coupon_id       text collate "C" references coupon (id),
  started_at      timestamptz not null,
  sent_at         timestamptz not null,
  settled_at      timestamptz,
  primary key (customer_id, payment_id),
  foreign key (customer_id, payment_id) references payment (customer_id, id),
  check ((mutation is null) = (key is null))
);
create index charge_open on charge (started_at) where settled_at is null;
create index charge_reserving on charge (customer_id, currency) where settled_at is null;
create index charge_by_payment on charge (payment_id);
-- One payment at a time for an invoice.
create unique index charge_of_invoice on charge (customer_id, invoice_id) where settled_at is null and invoice_id is not null;

-- What the merchant offers to who wants to cancel, the first in rank first.
create table retention_offer (
  id        text collate "C" primary key check (id like 'off\_%'),
  rank      integer not null unique check (rank >= 1),
  kind      text not null check (kind in ('PAUSE', 'DOWNGRADE', 'COUPON')),
  headline  text not null check (length(headline) between 1 and 200),
  plan_id   text collate "C" references plan (id),
  coupon_id text collate "C" references coupon (id),
  is_active boolean not null default true,
  check ((kind = 'DOWNGRADE') = (plan_id is not null)),
  check ((kind = 'COUPON') = (coupon_id is not null))
);

alter table subscription_event drop constraint subscription_event_kind_check;
alter table subscription_event add constraint subscription_event_kind_check check (kind in ('CREATED', 'TRIAL_STARTED', 'ACTIVATED', 'RENEWED', 'PAUSED', 'SUSPENDED', 'RESUMED',
  'CANCELED', 'PLAN_CHANGED', 'QUANTITY_CHANGED', 'CHANGE_SCHEDULED', 'CHANGE_WITHDRAWN', 'COUPON_APPLIED', 'COUPON_REMOVED', 'HELD', 'RELEASED', 'RESUME_FAILED'));

drop view portal_subscription;
create view portal_subscription with (security_invoker = true) as
select s.id, s.customer_id, s.plan_id, s.price_id, s.currency, s.quantity, s.status, s.suspended_by, s.started_at, s.trial_ends_at, s.period_starts_at, s.period_ends_at,
       s.renews_at, s.renewal_minor, s.pending_kind, s.pending_at, s.pending_plan_id, s.pending_price_id, s.pending_quantity, s.pending_resumes_at,
       s.resumes_at, s.paused_at, s.suspended_at, s.canceled_at, s.cancel_reason, s.cancel_comment, s.payment_method_id,
       exists (select from invoice i join customer c on c.id = i.customer_id
                where i.customer_id = s.customer_id and i.subscription_id = s.id and i.remaining_minor > 0 and i.due_on < today_in(c.time_zone)) as has_overdue,
       s.charging_payment_id is not null as is_charging,
       s.version, s.created_at
  from subscription s;

-- What may be offered to who wants to cancel a subscription: no pause of what cannot be paused, no downgrade that is none, no coupon beside a coupon.
create view portal_cancellation_option with (security_invoker = true) as
select o.id, s.customer_id, s.id as subscription_id, o.rank, o.kind, o.headline, p.id as price_id, c.code as coupon_code, c.name as coupon_name
  from subscription s
 cross join retention_offer o
  left join price now_at on now_at.id = s.price_id
  left join price p on p.plan_id = o.plan_id and p.currency = s.currency and p.billing_interval = now_at.billing_interval
                   and p.interval_count = now_at.interval_count and not p.is_archived and p.unit_minor < now_at.unit_minor
  left join coupon c on c.id = o.coupon_id
 where o.is_active
   and (o.kind <> 'PAUSE' or (s.status = 'ACTIVE' and s.pending_kind is null))
   and (o.kind <> 'DOWNGRADE' or (s.status in ('ACTIVE', 'TRIALING') and p.id is not null))
   and (o.kind <> 'COUPON' or (s.status in ('ACTIVE', 'TRIALING') and c.is_active and (c.currency is null or c.currency = s.currency)
        and (c.max_redemptions is null or c.redeemed_count < c.max_redemptions)
        and not exists (select from coupon_redemption r where r.customer_id = s.customer_id and (r.coupon_id = c.id or (r.subscription_id = s.id and r.ended_at is null)))));

create view portal_operation with (security_invoker = true) as
select k.customer_id, k.key, k.mutation, k.created_at as started_at, k.finished_at, k.answer, k.payment_id
  from idempotency_key k;

-- The first thing in the transaction of an idempotent mutation. Gives NEW, IN_PROGRESS, CONFLICT, DONE with the kept answer, or TAKEN_OVER with the payment
-- of a call that stopped half-way. The lock is the transaction's own: who dies gives it back.
create function claim_key(wanted_mutation text, wanted_key text, wanted_hash text) returns table (state text, answer json, payment_id text) language plpgsql as $$
declare
  who text := current_setting('app.customer_id');
  found idempotency_key;
begin
  if not pg_try_advisory_xact_lock(hashtextextended(who || ' ' || wanted_mutation || ' ' || wanted_key, 0)) then
    return query select 'IN_PROGRESS', null::json, null::text;
    return;
  end if;
  insert into idempotency_key (customer_id, mutation, key, input_hash, created_at) values (who, wanted_mutation, wanted_key, wanted_hash, operation_now())
      on conflict do nothing;
  select * into found from idempotency_key k where k.customer_id = who and k.mutation = wanted_mutation and k.key = wanted_key for update;
  if found.input_hash <> wanted_hash then
    return query select 'CONFLICT', null::json, null::text;
  elsif found.answer is not null then
    return query select 'DONE', found.answer, found.payment_id;
  elsif found.payment_id is null then
    return query select 'NEW', null::json, null::text;
  elsif found.lease_until > operation_now() then
    return query select 'IN_PROGRESS', null::json, found.payment_id;
  else
    update idempotency_key k set lease_until = operation_now() + interval '20 seconds' where k.customer_id = who and k.mutation = wanted_mutation and k.key = wanted_key;
    return query select 'TAKEN_OVER', null::json, found.payment_id;
  end if;
end $$;

alter table charge enable row level security;
alter table charge force row level security;
create policy own_rows on charge to portico_app
  using (case when customer_id = nullif(current_setting('app.customer_id', true), '') then true else false end)
  with check (customer_id = nullif(current_setting('app.customer_id', true), ''));
-- The billing clock looks for what is due across customers, and then acts as one customer at a time.
create policy any_row_for_system on subscription for select to portico_app using (case when current_setting('app.actor', true) = 'SYSTEM' then true else false end);
create policy any_row_for_system on invoice for select to portico_app using (case when current_setting('app.actor', true) = 'SYSTEM' then true else false end);
create policy any_row_for_system on charge for select to portico_app using (case when current_setting('app.actor', true) = 'SYSTEM' then true else false end);

grant select on charge, retention_offer, portal_subscription, portal_cancellation_option, portal_operation to portico_app;
grant insert on subscription, subscription_event, coupon_redemption, invoice, invoice_line, payment, payment_allocation, balance_entry, idempotency_key, charge to portico_app;
grant update (plan_id, price_id, quantity, status, holds, suspended_by, started_at, trial_ends_at, period_starts_at, period_ends_at, anchor_at, billing_zone, renews_at,
  renewal_minor, pending_kind, pending_at, pending_price_id, pending_plan_id, pending_quantity, pending_resumes_at, resumes_at, paused_at, suspended_at, canceled_at,
  cancel_reason, cancel_comment, payment_method_id, charging_payment_id, version) on subscription to portico_app;
grant update (periods_left, used_until, ended_at) on coupon_redemption to portico_app;
grant update (status, paid_minor, credited_minor, paid_at, collect_at, failed_attempts, version) on invoice to portico_app;
grant update (status, decline_code, is_retryable, processor_reference, settled_at, refunded_minor, version) on payment to portico_app;
grant update (redeemed_count) on coupon to portico_app;
grant update (answer, finished_at, payment_id, lease_until) on idempotency_key to portico_app;
grant update (settled_at, sent_at) on charge to portico_app;
grant delete on coupon_redemption, idempotency_key to portico_app;
