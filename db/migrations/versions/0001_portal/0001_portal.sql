-- The whole portal. Conventions, once for all tables:
--   * ids are TypeIDs in text collate "C" (sortable by the time they were made);
--   * customer_id leads every primary and foreign key of a customer's table, so the database can be sharded by customer;
--   * money is bigint minor units (`…_minor`) beside an ISO 4217 currency; foreign keys carry the currency along, so currencies never mix;
--   * instants end in _at (timestamptz), calendar days in _on (date, in the customer's time zone).

create table customer (
  id          text collate "C" primary key check (id like 'cus\_%'),
  name        text not null check (length(name) between 1 and 200),
  email       text not null check (length(email) between 3 and 320),
  -- Stored, because under row security an index on lower(…) is not used: lower is not leakproof.
  name_key    text collate "C" generated always as (lower(name)) stored,
  email_key   text collate "C" generated always as (lower(email)) stored,
  locale      text not null default 'en',
  time_zone   text not null default 'UTC',
  currency    text not null check (currency ~ '^[A-Z]{3}$'),
  tax_rate_ppm integer not null default 0 check (tax_rate_ppm between 0 and 1000000),
  version     integer not null default 1,
  created_at  timestamptz not null
);
create index customer_by_name on customer (name_key, id);
create index customer_by_email on customer (email_key);
create index customer_by_age on customer (created_at, id);

create table credential (
  email         text collate "C" primary key check (email = lower(email)),
  customer_id   text collate "C" not null references customer (id),
  password_hash text not null,
  changed_at    timestamptz not null,
  created_at    timestamptz not null
);
create index credential_of_customer on credential (customer_id);

create table plan (
  id          text collate "C" primary key check (id like 'plan\_%'),
  code        text not null unique,
  name        text not null,
  description text not null default '',
  trial_days  integer not null default 0 check (trial_days between 0 and 730),
  is_archived boolean not null default false,
  created_at  timestamptz not null
);

create table price (
  id             text collate "C" primary key check (id like 'price\_%'),
  plan_id        text collate "C" not null references plan (id),
  currency       text not null check (currency ~ '^[A-Z]{3}$'),
  unit_minor     bigint not null check (unit_minor >= 0),
  billing_interval text not null check (billing_interval in ('DAY', 'WEEK', 'MONTH', 'YEAR')),
  interval_count integer not null default 1 check (interval_count between 1 and 36),
  tax_behavior   text not null default 'EXCLUSIVE' check (tax_behavior in ('EXCLUSIVE', 'INCLUSIVE')),
  is_archived    boolean not null default false,
  created_at     timestamptz not null,
  unique (id, currency),
  unique (id, plan_id)
);
create index price_of_plan on price (plan_id, currency, unit_minor, id);

create table coupon (
  id               text collate "C" primary key check (id like 'cpn\_%'),
  code             text not null unique check (length(code) between 1 and 60),
  name             text not null,
  percent_off_ppm  integer check (percent_off_ppm between 1 and 1000000),
  amount_off_minor bigint check (amount_off_minor > 0),
  currency         text check (currency ~ '^[A-Z]{3}$'),
  duration         text not null check (duration in ('ONCE', 'REPEATING', 'FOREVER')),
  duration_periods integer check (duration_periods between 1 and 120),
  redeem_until_on  date,
  max_redemptions  integer check (max_redemptions > 0),
  redeemed_count   integer not null default 0 check (redeemed_count >= 0),
  is_active        boolean not null default true,
  created_at       timestamptz not null,
  check ((percent_off_ppm is null) <> (amount_off_minor is null)),
  check ((amount_off_minor is null) = (currency is null)),
  check ((duration = 'REPEATING') = (duration_periods is not null)),
  check (max_redemptions is null or redeemed_count <= max_redemptions)
);

create table payment_method (
  customer_id  text collate "C" not null references customer (id),
  id           text collate "C" not null check (id like 'pm\_%'),
  kind         text not null check (kind in ('CARD', 'SEPA_DEBIT', 'BANK_ACCOUNT', 'WALLET')),
  brand        text,
  last4        text check (last4 ~ '^[0-9A-Za-z]{4}$'),
  expires_on   date,
  fingerprint  text not null,
  processor    text not null,
  processor_reference text not null,
  is_default   boolean not null default false,
  version      integer not null default 1,
  created_at   timestamptz not null,
  deleted_at   timestamptz,
  primary key (customer_id, id),
  unique (customer_id, fingerprint),
  check (not (is_default and deleted_at is not null))
);
create unique index payment_method_default on payment_method (customer_id) where is_default;
create index payment_method_by_id on payment_method (id);
create index payment_method_by_age on payment_method (customer_id, created_at, id);

create table subscription (
  customer_id        text collate "C" not null references customer (id),
  id                 text collate "C" not null check (id like 'sub\_%'),
  plan_id            text collate "C" not null references plan (id),
  price_id           text collate "C" not null,
  currency           text not null,
  quantity           integer not null check (quantity between 1 and 10000),
  status             text not null check (status in ('SCHEDULED', 'TRIALING', 'ACTIVE', 'PAUSED', 'SUSPENDED', 'CANCELED')),
  suspended_by       text check (suspended_by in ('CUSTOMER', 'MERCHANT', 'DUNNING')),
  started_at         timestamptz not null,
  trial_ends_at      timestamptz,
  period_starts_at   timestamptz,
  period_ends_at     timestamptz,
  anchor_day         integer not null check (anchor_day between 1 and 31),
  renews_at          timestamptz,
  renewal_minor      bigint not null check (renewal_minor >= 0),
  pending_kind       text check (pending_kind in ('PAUSE', 'CANCEL', 'PLAN')),
  pending_at         timestamptz,
  pending_price_id   text collate "C",
  pending_plan_id    text collate "C",
  pending_quantity   integer check (pending_quantity between 1 and 10000),
  pending_resumes_at timestamptz,
  resumes_at         timestamptz,
  paused_at          timestamptz,
  suspended_at       timestamptz,
  canceled_at        timestamptz,
  cancel_reason      text check (cancel_reason in ('TOO_EXPENSIVE', 'MISSING_FEATURES', 'SWITCHED_SERVICE', 'UNUSED', 'CUSTOMER_SERVICE', 'TOO_COMPLEX', 'LOW_QUALITY', 'OTHER')),
  cancel_comment     text check (length(cancel_comment) <= 500),
  payment_method_id  text collate "C",
  version            integer not null default 1,
  created_at         timestamptz not null,
  primary key (customer_id, id),
  foreign key (price_id, currency) references price (id, currency),
  foreign key (price_id, plan_id) references price (id, plan_id),
  foreign key (pending_price_id, currency) references price (id, currency),
  foreign key (pending_price_id, pending_plan_id) references price (id, plan_id),
  foreign key (customer_id, payment_method_id) references payment_method (customer_id, id),
  -- At most one pending change: it is one set of columns, and the set is whole or absent.
  check ((pending_kind is null) = (pending_at is null)),
  check ((pending_kind is not distinct from 'PLAN') = (pending_price_id is not null)),
  check ((pending_price_id is null) = (pending_plan_id is null) and (pending_price_id is null) = (pending_quantity is null)),
  check (pending_resumes_at is null or (pending_kind = 'PAUSE' and pending_resumes_at > pending_at)),
  check (resumes_at is null or status = 'PAUSED'),
  check ((status = 'SUSPENDED') = (suspended_by is not null)),
  check ((status = 'CANCELED') = (canceled_at is not null)),
  check ((period_starts_at is null) = (period_ends_at is null)),
  check (period_ends_at > period_starts_at),
  check (status <> 'TRIALING' or trial_ends_at is not null),
  -- Only what runs renews, and what ends or pauses first does not.
  check (renews_at is null or (status in ('SCHEDULED', 'TRIALING', 'ACTIVE') and pending_kind is distinct from 'CANCEL' and pending_kind is distinct from 'PAUSE'))
);
create index subscription_by_id on subscription (id);
create index subscription_by_start on subscription (customer_id, started_at, id);
create index subscription_by_status on subscription (customer_id, status);
create index subscription_of_method on subscription (customer_id, payment_method_id, id) where payment_method_id is not null;
create index subscription_of_plan on subscription (plan_id);
create index subscription_renewing on subscription (renews_at) where renews_at is not null;
create index subscription_renewal on subscription (customer_id, renews_at) where renews_at is not null;
create index subscription_resume on subscription (customer_id, resumes_at) where resumes_at is not null;

create table subscription_event (
  customer_id     text collate "C" not null references customer (id),
  id              text collate "C" not null check (id like 'evt\_%'),
  subscription_id text collate "C" not null,
  kind            text not null check (kind in ('CREATED', 'TRIAL_STARTED', 'ACTIVATED', 'RENEWED', 'PAUSED', 'SUSPENDED', 'RESUMED', 'CANCELED', 'PLAN_CHANGED',
                    'QUANTITY_CHANGED', 'CHANGE_SCHEDULED', 'CHANGE_WITHDRAWN', 'COUPON_APPLIED', 'COUPON_REMOVED', 'HELD', 'RELEASED')),
  actor           text not null check (actor in ('CUSTOMER', 'STAFF', 'PARTNER', 'SYSTEM')),
  note            text not null default '',
  happened_at     timestamptz not null,
  primary key (customer_id, id),
  foreign key (customer_id, subscription_id) references subscription (customer_id, id)
);
create index subscription_event_by_age on subscription_event (customer_id, subscription_id, happened_at, id);

create table coupon_redemption (
  customer_id     text collate "C" not null references customer (id),
  id              text collate "C" not null check (id like 'red\_%'),
  coupon_id       text collate "C" not null references coupon (id),
  subscription_id text collate "C" not null,
  redeemed_at     timestamptz not null,
  periods_left    integer check (periods_left >= 0),
  ended_at        timestamptz,
  primary key (customer_id, id),
  foreign key (customer_id, subscription_id) references subscription (customer_id, id)
);
create unique index coupon_redemption_running on coupon_redemption (customer_id, subscription_id) where ended_at is null;
create index coupon_redemption_of_coupon on coupon_redemption (coupon_id, customer_id);

create table payment_schedule (
  customer_id     text collate "C" not null references customer (id),
  id              text collate "C" not null check (id like 'sch\_%'),
  name            text not null check (length(name) between 1 and 200),
  currency        text not null check (currency ~ '^[A-Z]{3}$'),
  subscription_id text collate "C",
  invoicing       text not null check (invoicing in ('NONE', 'COLLECTIVE', 'PER_INSTALLMENT')),
  status          text not null check (status in ('ACTIVE', 'FINISHED', 'CANCELED')),
  total_minor     bigint not null check (total_minor > 0),
  paid_minor      bigint not null default 0 check (paid_minor >= 0),
  remaining_minor bigint generated always as (total_minor - paid_minor) stored,
  version         integer not null default 1,
  created_at      timestamptz not null,
  primary key (customer_id, id),
  unique (customer_id, id, currency),
  foreign key (customer_id, subscription_id) references subscription (customer_id, id),
  check (paid_minor <= total_minor),
  check (status <> 'FINISHED' or paid_minor = total_minor)
);
create index payment_schedule_by_id on payment_schedule (id);
create index payment_schedule_by_age on payment_schedule (customer_id, created_at, id);
create index payment_schedule_of_subscription on payment_schedule (customer_id, subscription_id, created_at, id) where subscription_id is not null;

create table invoice (
  customer_id      text collate "C" not null references customer (id),
  id               text collate "C" not null check (id like 'inv\_%'),
  number           text not null,
  reason           text not null check (reason in ('FIRST', 'RENEWAL', 'PLAN_CHANGE', 'SCHEDULE', 'MANUAL')),
  status           text not null check (status in ('OPEN', 'PARTIALLY_PAID', 'PROCESSING', 'PAID', 'VOID', 'REFUNDED')),
  currency         text not null check (currency ~ '^[A-Z]{3}$'),
  subscription_id  text collate "C",
  schedule_id      text collate "C",
  issued_at        timestamptz not null,
  due_on           date not null,
  period_starts_at timestamptz,
  period_ends_at   timestamptz,
  subtotal_minor   bigint not null check (subtotal_minor >= 0),
  discount_minor   bigint not null default 0 check (discount_minor between 0 and subtotal_minor),
  tax_minor        bigint not null default 0 check (tax_minor >= 0),
  total_minor      bigint not null,
  paid_minor       bigint not null default 0 check (paid_minor >= 0),
  credited_minor   bigint not null default 0 check (credited_minor >= 0),
  remaining_minor  bigint generated always as (case when status in ('VOID', 'REFUNDED') then 0 else total_minor - paid_minor - credited_minor end) stored,
  paid_at          timestamptz,
  version          integer not null default 1,
  created_at       timestamptz not null,
  primary key (customer_id, id),
  unique (customer_id, id, currency),
  unique (customer_id, number),
  foreign key (customer_id, subscription_id) references subscription (customer_id, id),
  foreign key (customer_id, schedule_id, currency) references payment_schedule (customer_id, id, currency),
  check (total_minor = subtotal_minor - discount_minor + tax_minor),
  check (paid_minor + credited_minor <= total_minor),
  check ((status = 'PAID') = (paid_minor + credited_minor = total_minor and status not in ('VOID', 'REFUNDED'))),
  check (status <> 'OPEN' or paid_minor = 0),
  check (status <> 'PARTIALLY_PAID' or paid_minor > 0),
  check (period_ends_at > period_starts_at)
);
create index invoice_by_id on invoice (id);
create index invoice_by_issue on invoice (customer_id, issued_at, id);
create index invoice_by_due on invoice (customer_id, due_on, id);
create index invoice_of_subscription on invoice (customer_id, subscription_id, issued_at, id) where subscription_id is not null;
create index invoice_of_schedule on invoice (customer_id, schedule_id, issued_at, id) where schedule_id is not null;
create index invoice_unpaid on invoice (customer_id, subscription_id, due_on) include (currency, remaining_minor) where remaining_minor > 0;
-- Every period of a subscription has one invoice, however often the billing clock runs.
create unique index invoice_per_period on invoice (customer_id, subscription_id, period_starts_at)
  where subscription_id is not null and reason in ('FIRST', 'RENEWAL') and status <> 'VOID';

create table invoice_line (
  customer_id      text collate "C" not null,
  id               text collate "C" not null check (id like 'line\_%'),
  invoice_id       text collate "C" not null,
  currency         text not null,
  position         integer not null check (position >= 1),
  description      text not null,
  quantity         integer not null default 1 check (quantity >= 1),
  unit_minor       bigint not null,
  subtotal_minor   bigint not null,
  discount_minor   bigint not null default 0 check (discount_minor >= 0),
  tax_minor        bigint not null default 0,
  total_minor      bigint not null,
  period_starts_at timestamptz,
  period_ends_at   timestamptz,
  primary key (customer_id, id),
  unique (customer_id, invoice_id, position),
  foreign key (customer_id, invoice_id, currency) references invoice (customer_id, id, currency),
  check (total_minor = subtotal_minor - discount_minor + tax_minor),
  check (period_ends_at > period_starts_at)
);
create index invoice_line_by_id on invoice_line (id);

create table installment (
  customer_id     text collate "C" not null,
  id              text collate "C" not null check (id like 'ins\_%'),
  schedule_id     text collate "C" not null,
  invoice_id      text collate "C",
  currency        text not null,
  position        integer not null check (position >= 1),
  name            text not null check (length(name) between 1 and 200),
  due_on          date not null,
  amount_minor    bigint not null check (amount_minor > 0),
  paid_minor      bigint not null default 0 check (paid_minor >= 0),
  status          text not null check (status in ('DUE', 'PARTIALLY_PAID', 'PROCESSING', 'PAID', 'FAILED', 'CANCELED')),
  remaining_minor bigint generated always as (case when status = 'CANCELED' then 0 else amount_minor - paid_minor end) stored,
  version         integer not null default 1,
  primary key (customer_id, id),
  unique (customer_id, id, currency),
  unique (customer_id, schedule_id, position),
  foreign key (customer_id, schedule_id, currency) references payment_schedule (customer_id, id, currency),
  foreign key (customer_id, invoice_id, currency) references invoice (customer_id, id, currency),
  check (paid_minor <= amount_minor),
  check ((status = 'PAID') = (paid_minor = amount_minor and status <> 'CANCELED')),
  check (status <> 'PARTIALLY_PAID' or paid_minor > 0)
);
create index installment_by_id on installment (id);
create index installment_by_due on installment (customer_id, schedule_id, due_on, id);
create index installment_of_invoice on installment (customer_id, invoice_id, due_on, id) where invoice_id is not null;
create index installment_unpaid on installment (customer_id, due_on, id) where remaining_minor > 0;

-- A schedule is the sum of its installments. Judged at commit, so a schedule and its installments can be written in any order.
create function schedule_is_sum() returns trigger language plpgsql as $$
declare
  schedule payment_schedule;
  amounts record;
begin
  select * into schedule from payment_schedule
   where customer_id = coalesce(new.customer_id, old.customer_id)
     and id = case tg_table_name when 'installment' then coalesce(to_jsonb(new), to_jsonb(old)) ->> 'schedule_id' else coalesce(new.id, old.id) end;
  if schedule.id is null then
    if tg_op = 'DELETE' then
      return null;
    end if;
    raise exception 'who writes a schedule must see it' using errcode = 'check_violation', constraint = 'schedule_is_sum';
  end if;
  select coalesce(sum(amount_minor), 0) as total, coalesce(sum(paid_minor), 0) as paid into amounts
    from installment where customer_id = schedule.customer_id and schedule_id = schedule.id;
  if amounts.total <> schedule.total_minor or amounts.paid <> schedule.paid_minor then
    raise exception 'schedule % is not the sum of its installments', schedule.id using errcode = 'check_violation', constraint = 'schedule_is_sum';
  end if;
  return null;
end $$;
create constraint trigger schedule_is_sum after insert or update on payment_schedule deferrable initially deferred for each row execute function schedule_is_sum();
create constraint trigger schedule_is_sum after insert or update or delete on installment deferrable initially deferred for each row execute function schedule_is_sum();

create table payment (
  customer_id       text collate "C" not null references customer (id),
  id                text collate "C" not null check (id like 'pay\_%'),
  status            text not null check (status in ('PROCESSING', 'REQUIRES_ACTION', 'SUCCEEDED', 'FAILED', 'REFUNDED')),
  currency          text not null check (currency ~ '^[A-Z]{3}$'),
  amount_minor      bigint not null check (amount_minor > 0),
  refunded_minor    bigint not null default 0 check (refunded_minor >= 0),
  payment_method_id text collate "C",
  method_kind       text not null,
  method_brand      text,
  method_last4      text,
  decline_code      text,
  is_retryable      boolean not null default false,
  processor         text not null,
  processor_reference text,
  created_at        timestamptz not null,
  settled_at        timestamptz,
  version           integer not null default 1,
  primary key (customer_id, id),
  unique (customer_id, id, currency),
  foreign key (customer_id, payment_method_id) references payment_method (customer_id, id),
  check (refunded_minor <= amount_minor),
  check ((status in ('SUCCEEDED', 'REFUNDED')) = (settled_at is not null)),
  check (status <> 'REFUNDED' or refunded_minor = amount_minor),
  check ((status = 'FAILED') = (decline_code is not null))
);
create index payment_by_id on payment (id);
create index payment_by_age on payment (customer_id, created_at, id);
create index payment_by_amount on payment (customer_id, currency, amount_minor, id);
create index payment_settled on payment (customer_id, settled_at, id) where status = 'SUCCEEDED';
create index payment_in_flight on payment (customer_id, currency) include (amount_minor) where status in ('PROCESSING', 'REQUIRES_ACTION');
create index payment_of_method on payment (customer_id, payment_method_id, created_at, id) where payment_method_id is not null;

create table payment_allocation (
  customer_id    text collate "C" not null,
  id             text collate "C" not null check (id like 'alo\_%'),
  payment_id     text collate "C" not null,
  invoice_id     text collate "C",
  installment_id text collate "C",
  currency       text not null,
  amount_minor   bigint not null check (amount_minor > 0),
  created_at     timestamptz not null,
  primary key (customer_id, id),
  foreign key (customer_id, payment_id, currency) references payment (customer_id, id, currency),
  foreign key (customer_id, invoice_id, currency) references invoice (customer_id, id, currency),
  foreign key (customer_id, installment_id, currency) references installment (customer_id, id, currency),
  check (invoice_id is not null or installment_id is not null)
);
create index payment_allocation_of_payment on payment_allocation (customer_id, payment_id, id);
create index payment_allocation_of_invoice on payment_allocation (customer_id, invoice_id, payment_id) where invoice_id is not null;
create index payment_allocation_of_installment on payment_allocation (customer_id, installment_id, payment_id) where installment_id is not null;

create table balance_entry (
  customer_id  text collate "C" not null references customer (id),
  id           text collate "C" not null check (id like 'bal\_%'),
  currency     text not null check (currency ~ '^[A-Z]{3}$'),
  amount_minor bigint not null check (amount_minor <> 0),
  kind         text not null check (kind in ('CREDIT_NOTE', 'OVERPAYMENT', 'APPLIED_TO_INVOICE', 'ADJUSTMENT', 'CHARGE', 'REFUND')),
  description  text not null default '',
  invoice_id   text collate "C",
  payment_id   text collate "C",
  created_at   timestamptz not null,
  primary key (customer_id, id),
  foreign key (customer_id, invoice_id, currency) references invoice (customer_id, id, currency),
  foreign key (customer_id, payment_id, currency) references payment (customer_id, id, currency)
);
create index balance_entry_by_age on balance_entry (customer_id, created_at, id);
create index balance_entry_sum on balance_entry (customer_id, currency) include (amount_minor);

create table attachment (
  customer_id  text collate "C" not null references customer (id),
  id           text collate "C" not null check (id like 'att\_%'),
  invoice_id   text collate "C",
  schedule_id  text collate "C",
  group_id     text collate "C" not null,
  file_name    text not null check (length(file_name) between 1 and 255),
  content_type text not null check (content_type in ('application/pdf', 'image/png', 'image/jpeg')),
  size_bytes   integer not null check (size_bytes between 1 and 10485760),
  sha256       text not null check (sha256 ~ '^[0-9a-f]{64}$'),
  object_key   text not null,
  status       text not null check (status in ('PENDING', 'STORED', 'REJECTED')),
  uploaded_by  text not null check (uploaded_by in ('CUSTOMER', 'STAFF')),
  uploader     text not null,
  uploaded_at  timestamptz not null,
  version      integer not null default 1,
  primary key (customer_id, id),
  -- No cascade: what a customer uploaded outlives whatever happens to its parent.
  foreign key (customer_id, invoice_id) references invoice (customer_id, id) on delete restrict,
  foreign key (customer_id, schedule_id) references payment_schedule (customer_id, id) on delete restrict,
  check ((invoice_id is null) <> (schedule_id is null))
);
create index attachment_by_id on attachment (id);
create index attachment_of_invoice on attachment (customer_id, invoice_id, uploaded_at, id) where invoice_id is not null;
create index attachment_of_schedule on attachment (customer_id, schedule_id, uploaded_at, id) where schedule_id is not null;

create table idempotency_key (
  customer_id text collate "C" not null references customer (id),
  mutation    text not null,
  key         text not null check (length(key) between 1 and 255),
  input_hash  text not null,
  answer      json,
  created_at  timestamptz not null,
  finished_at timestamptz,
  primary key (customer_id, mutation, key),
  check ((answer is null) = (finished_at is null))
);
create index idempotency_key_by_age on idempotency_key (created_at);

-- The clock of the operation: the unit of work sets app.now beside app.customer_id, so one answer has one "now".
create function operation_now() returns timestamptz language sql stable parallel safe
  return cast(nullif(current_setting('app.now', true), '') as timestamptz);

create function today_in(zone text) returns date language sql stable parallel safe
  return (cast(nullif(current_setting('app.now', true), '') as timestamptz) at time zone zone)::date;
