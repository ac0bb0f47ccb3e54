-- What time brings and no change of a row: an invoice is overdue, a trial is about to end. The worker adds a row for each occurrence, and a trigger writes the event; the primary key
-- is why there are no duplicates.
create table timed_event (
  customer_id text collate "C" not null references customer (id),
  type        text not null,
  object_id   text collate "C" not null,
  occurrence  text collate "C" not null,
  written_at  timestamptz not null,
  primary key (customer_id, type, object_id, occurrence)
);
create index timed_event_past on timed_event (written_at);
alter table timed_event enable row level security;
alter table timed_event force row level security;
create policy own_rows on timed_event to portico_app
  using (case when customer_id = nullif(current_setting('app.customer_id', true), '') then true else false end)
  with check (customer_id = nullif(current_setting('app.customer_id', true), ''));
create policy any_row_for_system on timed_event for select to portico_app using (case when current_setting('app.actor', true) = 'SYSTEM' then true else false end);
create policy past_forgotten_by_system on timed_event for delete to portico_app
  using (current_setting('app.actor', true) = 'SYSTEM' and written_at < operation_now() - interval '60 days');
call guard_staff_writes('timed_event');
grant select, insert, delete on timed_event to portico_app;

create function record_timed() returns trigger language plpgsql set search_path = portico as $$
begin
  perform write_events(new.customer_id, new.object_id, null, array[new.type], '{}');
  return null;
end $$;
create constraint trigger record_new after insert on timed_event deferrable initially deferred for each row when (records_events()) execute function record_timed();

insert into column_erasure (relation, attribute, treatment, is_exported)
select relation, attname, 'KEPT', attname not in ('client', 'request_id', 'position')
  from unnest(array['event', 'timed_event']) relation
 cross join lateral (select attname from pg_attribute where attrelid = relation::regclass and attnum > 0 and not attisdropped) a;
insert into column_erasure (relation, attribute, treatment, is_exported)
select 'event_counter', attname, 'KEPT', false from pg_attribute where attrelid = 'event_counter'::regclass and attnum > 0 and not attisdropped;
