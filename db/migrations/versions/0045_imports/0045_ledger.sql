-- A run of `./portico import`: one that was not finished was interrupted, and the next one of its source goes on.
create table import_run (
  id          text collate "C" primary key check (id like 'imp\_%'),
  source      text not null check (length(source) between 1 and 100),
  started_at  timestamptz not null,
  finished_at timestamptz
);

-- The ledger: the last outcome of each line that named itself. `customer_key` is the external id of the line's customer in the source, and `owner_id` our customer; `target_id` is
-- the row that was written. `input_hash` tells whether the line was changed since. `on_release` are the columns that the release sets of an invoice or of installments, which
-- the billing clock must not see before.
create table import_record (
  source       text not null,
  kind         text not null,
  external_id  text collate "C" not null check (is_external_id(external_id)),
  customer_key text collate "C",
  owner_id     text collate "C",
  target_id    text collate "C",
  input_hash   text not null,
  outcome      text not null check (outcome in ('IMPORTED', 'SKIPPED')),
  reason       text check (reason ~ '^[A-Z_]+$'),
  file         text not null,
  line         integer not null,
  run_id       text collate "C" not null,
  written_at   timestamptz not null,
  on_release   jsonb,
  primary key (source, kind, external_id),
  check ((outcome = 'SKIPPED') = (reason is not null)),
  check (outcome = 'SKIPPED' or target_id is not null and owner_id is not null)
);
create index import_record_of_owner on import_record (owner_id, kind) where owner_id is not null;
create index import_record_skipped on import_record (source, reason, kind, external_id) where outcome = 'SKIPPED';

-- The original PDF of an imported invoice, as an object of the bucket.
create table imported_document (
  customer_id  text collate "C" not null,
  invoice_id   text collate "C" not null,
  object_key   text not null check (length(object_key) between 1 and 500),
  size_bytes   bigint not null check (size_bytes > 0),
  sha256       text not null check (length(sha256) = 64),
  primary key (customer_id, invoice_id),
  foreign key (customer_id, invoice_id) references invoice (customer_id, id)
);

alter table import_run enable row level security;
alter table import_run force row level security;
alter table import_record enable row level security;
alter table import_record force row level security;
alter table imported_document enable row level security;
alter table imported_document force row level security;

create policy written_by_import on import_run to portico_owner using (current_setting('app.actor', true) = 'IMPORT') with check (current_setting('app.actor', true) = 'IMPORT');
create policy written_by_import on import_record to portico_owner using (current_setting('app.actor', true) = 'IMPORT') with check (current_setting('app.actor', true) = 'IMPORT');
create policy seen_by_staff on import_run for select to portico_app using (case when current_setting('app.actor', true) = 'STAFF' then staff_may('imports:run') else false end);
-- The system releases what was imported, by the command line.
create policy seen_by_staff on import_record for select to portico_app
  using (case when current_setting('app.actor', true) = 'STAFF' then staff_may('imports:run') when current_setting('app.actor', true) = 'SYSTEM' then true else false end);
create policy released_by_staff on import_record for update to portico_app
  using (case when current_setting('app.actor', true) = 'STAFF' then staff_may('imports:run') when current_setting('app.actor', true) = 'SYSTEM' then true else false end);
create policy audited on import_run for select to portico_owner using (current_setting('app.actor', true) = 'AUDIT');
create policy audited on import_record for select to portico_owner using (current_setting('app.actor', true) = 'AUDIT');

create policy own_rows on imported_document to portico_app
  using (case when customer_id = nullif(current_setting('app.customer_id', true), '') then true else false end)
  with check (customer_id = nullif(current_setting('app.customer_id', true), ''));
call guard_staff_writes('imported_document');
create policy any_row_for_staff on imported_document for select to portico_app using (case when current_setting('app.actor', true) = 'STAFF' then true else false end);
create policy audited on imported_document for select to portico_owner using (current_setting('app.actor', true) = 'AUDIT');
create policy written_by_import on imported_document to portico_owner
  using (current_setting('app.actor', true) = 'IMPORT' and customer_id = nullif(current_setting('app.customer_id', true), ''))
  with check (current_setting('app.actor', true) = 'IMPORT' and customer_id = nullif(current_setting('app.customer_id', true), ''));

grant select on import_run, import_record, imported_document to portico_app;
grant update (on_release) on import_record to portico_app;

-- A run that has ended is an event of the deployment. It is written also while the rows of the import are not.
create function record_import_run() returns trigger language plpgsql set search_path = portico as $$
begin
  perform write_events('', new.id, null, array['import.finished'], '{}');
  return null;
end $$;
create constraint trigger record_finished after update on import_run deferrable initially deferred for each row
  when (old.finished_at is null and new.finished_at is not null) execute function record_import_run();

-- What the release of a customer's imported subscriptions writes.
insert into staff_write (relation, scope)
select relation, 'imports:run' from unnest(array['subscription', 'subscription_event', 'subscription_state', 'invoice', 'installment', 'letter_cause']) relation;

-- The ledger stays when a customer is erased, or the next import would bring the data back. It has ids of the source and hashes.
insert into column_erasure (relation, attribute, treatment, is_exported)
select c.relname, a.attname, case c.relname when 'import_run' then 'NONE' else 'KEPT' end, c.relname = 'imported_document' and a.attname <> 'object_key'
  from pg_class c
  join pg_attribute a on a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped
 where c.oid in ('import_run'::regclass, 'import_record'::regclass, 'imported_document'::regclass);
insert into column_erasure (relation, attribute, treatment, is_exported) values ('invoice', 'imported_at', 'KEPT', true), ('payment', 'imported_at', 'KEPT', true);
create index import_record_to_release on import_record (owner_id) where on_release is not null;
