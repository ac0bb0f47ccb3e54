-- An export of everything that is stored about a customer, which the worker makes. At most one is under way for a customer. While it is made, `make_at` is when another
-- worker may begin it again. `missing` names the files and documents that could not be added.
create table data_export (
  customer_id  text collate "C" not null references customer (id),
  id           text collate "C" not null check (id like 'exp\_%'),
  status       text not null check (status in ('REQUESTED', 'MAKING', 'READY', 'FAILED', 'EXPIRED')),
  requested_by text not null check (requested_by in ('CUSTOMER', 'STAFF')),
  requested_at timestamptz not null,
  tries        integer not null default 0,
  make_at      timestamptz,
  ready_at     timestamptz,
  expires_at   timestamptz,
  object_key   text collate "C",
  size_bytes   bigint check (size_bytes > 0),
  sha256       text check (sha256 ~ '^[0-9a-f]{64}$'),
  missing      text[] not null default '{}',
  primary key (customer_id, id),
  check ((status = 'READY') = (object_key is not null)),
  check ((status in ('REQUESTED', 'MAKING')) = (make_at is not null))
);
create unique index data_export_under_way on data_export (customer_id) where make_at is not null;
create index data_export_to_make on data_export (make_at, customer_id) where make_at is not null;
create index data_export_to_expire on data_export (expires_at) where status = 'READY';
create index data_export_past on data_export (requested_at) where make_at is null;

alter table data_export enable row level security;
alter table data_export force row level security;
create policy own_rows on data_export to portico_app
  using (case when customer_id = nullif(current_setting('app.customer_id', true), '') then true else false end)
  with check (customer_id = nullif(current_setting('app.customer_id', true), ''));
create policy any_row_for_staff on data_export for select to portico_app using (case when current_setting('app.actor', true) = 'STAFF' then true else false end);
create policy any_row_for_system on data_export for select to portico_app using (case when current_setting('app.actor', true) = 'SYSTEM' then true else false end);
create policy past_forgotten_by_system on data_export for delete to portico_app
  using (current_setting('app.actor', true) = 'SYSTEM' and make_at is null and object_key is null and requested_at < operation_now() - interval '7 days');
call guard_staff_writes('data_export');

grant select, insert, delete on data_export to portico_app;
grant update (status, tries, make_at, ready_at, expires_at, object_key, size_bytes, sha256, missing) on data_export to portico_app;

create view portal_data_export with (security_invoker = true) as
select id, customer_id, status, requested_by, requested_at, ready_at, expires_at, size_bytes, sha256, missing,
       -- Not in a session that began with a portal link which staff had seen, nor by a partner's app: it does not prove that its user is the customer.
       status = 'READY' and expires_at > operation_now() and not is_acted_for() as is_downloadable
  from data_export;
grant select on portal_data_export to portico_app;

-- An object of an export is loose until the export is ready, like that of an attachment.
create or replace function loose_object_is_loose() returns trigger language plpgsql set search_path = portico as $$
begin
  if split_part(new.object_key, '/', 2) not in (new.customer_id, '')
     or exists (select from attachment a where a.customer_id = new.customer_id and a.object_key = new.object_key and a.status = 'STORED')
     or exists (select from data_export e where e.customer_id = new.customer_id and e.object_key = new.object_key) then
    raise exception 'an object that an attachment or an export owns is not loose' using errcode = 'restrict_violation';
  end if;
  return new;
end $$;

-- The worker writes the events about a customer into the customer's export.
create policy exported_by_system on audit_event for select to portico_app
  using (current_setting('app.actor', true) = 'SYSTEM' and customer_id = nullif(current_setting('app.customer_id', true), ''));
