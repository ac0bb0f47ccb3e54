-- Where events are sent. `position` is how far the endpoint has read the feed of all events (event.position). `types` is empty for all types. `sealed` has the keys that sign,
-- `previous_sealed` those of before the last rotation, which sign too until `previous_until`. `failing_since` is the first failed attempt after the last success.
create table webhook_endpoint (
  id              text collate "C" primary key check (id like 'whe\_%'),
  url             text not null check (length(url) between 1 and 2000),
  description     text not null default '',
  contact_email   text,
  types           text[] not null default '{}',
  payload         text not null check (payload in ('THIN', 'DOCUMENT')),
  document_id     text,
  scopes          text[] not null default '{}',
  signs_ed25519   boolean not null default false,
  public_key      text not null,
  sealed          bytea not null,
  previous_sealed bytea,
  previous_until  timestamptz,
  status          text not null default 'ENABLED' check (status in ('ENABLED', 'DISABLED')),
  disabled_reason text check (disabled_reason in ('GONE', 'FAILING', 'STAFF')),
  disabled_at     timestamptz,
  failing_since   timestamptz,
  position        bigint not null,
  version         integer not null default 1,
  created_at      timestamptz not null,
  check ((payload = 'DOCUMENT') = (document_id is not null)),
  check ((status = 'DISABLED') = (disabled_at is not null) and (status = 'DISABLED') = (disabled_reason is not null)),
  check ((previous_sealed is null) = (previous_until is null))
);
create unique index webhook_endpoint_by_url on webhook_endpoint (url);

-- An event that is sent to an endpoint, with what is sent of it, because events are deleted sooner. The id follows from the endpoint and the event. `owner_id` is the customer, or
-- empty for an event of the deployment. `next_at` is when it may be sent next: whoever sends it moves that ahead, so that it is sent again if the process ends. `step` is the place
-- in the schedule of attempts, `attempts` counts all. `is_waiting`: an earlier event of the same object is under way; `queued_at` limits how long later ones wait for this one.
create table webhook_delivery (
  id             text collate "C" primary key,
  endpoint_id    text collate "C" not null references webhook_endpoint (id) on delete cascade,
  event_id       text collate "C" not null,
  owner_id       text collate "C" not null,
  seq            bigint not null,
  type           text not null,
  object_id      text collate "C" not null,
  object_version integer,
  changes        text[] not null,
  occurred_at    timestamptz not null,
  status         text not null default 'PENDING' check (status in ('PENDING', 'DELIVERED', 'FAILED')),
  step           integer not null default 0,
  attempts       integer not null default 0,
  is_waiting     boolean not null default false,
  queued_at      timestamptz not null,
  next_at        timestamptz not null,
  created_at     timestamptz not null,
  finished_at    timestamptz,
  check ((status = 'PENDING') = (finished_at is null))
) with (fillfactor = 80);
create index webhook_delivery_due on webhook_delivery (endpoint_id, next_at, id) where status = 'PENDING';
create index webhook_delivery_under_way on webhook_delivery (endpoint_id, object_id, seq) where status = 'PENDING';
create index webhook_delivery_of_endpoint on webhook_delivery (endpoint_id, created_at, id);
create index webhook_delivery_past on webhook_delivery (finished_at) where finished_at is not null;
create index webhook_delivery_of_owner on webhook_delivery (owner_id);

-- `answer` is the beginning of what the endpoint answered.
create table webhook_attempt (
  delivery_id  text collate "C" not null references webhook_delivery (id) on delete cascade,
  number       integer not null,
  started_at   timestamptz not null,
  milliseconds integer not null,
  status_code  integer,
  error        text not null default '',
  answer       text not null default '' check (length(answer) <= 2048),
  primary key (delivery_id, number)
);

-- Endpoints belong to no customer: staff with the scope read and write them, and the worker.
do $$
declare
  named text;
begin
  foreach named in array array['webhook_endpoint', 'webhook_delivery', 'webhook_attempt'] loop
    execute format('alter table %I enable row level security', named);
    execute format('alter table %I force row level security', named);
    execute format('create policy managed_by_staff on %I to portico_app using (staff_may(''webhooks:manage''))', named);
    execute format('create policy sent_by_system on %I to portico_app using (case when current_setting(''app.actor'', true) = ''SYSTEM'' then true else false end)', named);
    execute format('call guard_staff_writes(%L)', named);
    execute format('grant select, insert, update, delete on %I to portico_app', named);
  end loop;
end $$;
insert into staff_write (relation, scope) select relation, 'webhooks:manage' from unnest(array['webhook_endpoint', 'webhook_delivery', 'webhook_attempt']) relation;

create view portal_webhook_endpoint with (security_invoker = true) as
select id, url, description, contact_email, types, payload, document_id, scopes, signs_ed25519, public_key, previous_until, status, disabled_reason, disabled_at, failing_since,
       version, created_at
  from webhook_endpoint;
create view portal_webhook_delivery with (security_invoker = true) as
select id, endpoint_id, event_id, nullif(owner_id, '') as about_customer_id, type, object_id, object_version, status, attempts as attempt_count,
       case when status = 'PENDING' then next_at end as next_attempt_at, occurred_at, created_at, finished_at
  from webhook_delivery;
create view portal_webhook_attempt with (security_invoker = true) as
select delivery_id, number, started_at, milliseconds, status_code, error, answer
  from webhook_attempt;
grant select on portal_webhook_endpoint, portal_webhook_delivery, portal_webhook_attempt to portico_app;

-- An endpoint that is disabled, by whatever cause, is an event of the deployment.
create function record_webhook_endpoint() returns trigger language plpgsql set search_path = portico as $$
begin
  perform write_events('', new.id, new.version, array['webhook_endpoint.disabled'], '{}');
  return null;
end $$;
create constraint trigger record_disabled after update on webhook_endpoint deferrable initially deferred for each row
  when (old.status = 'ENABLED' and new.status = 'DISABLED' and records_events()) execute function record_webhook_endpoint();

-- A letter to the merchant belongs to no customer.
alter table letter alter column customer_id drop not null;

-- Deliveries have ids only; of the merchant's answers none is stored beyond 30 days after the end of its delivery.
insert into column_erasure (relation, attribute, treatment, is_exported)
select relation, attname, case relation when 'webhook_endpoint' then 'NONE' else 'KEPT' end, false
  from unnest(array['webhook_endpoint', 'webhook_delivery', 'webhook_attempt']) relation
 cross join lateral (select attname from pg_attribute where attrelid = relation::regclass and attnum > 0 and not attisdropped) a;
