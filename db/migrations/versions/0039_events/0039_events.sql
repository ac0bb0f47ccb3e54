-- What happened to a customer, in the order of the commits: `seq` counts from 1 without gaps. Triggers write it in the transaction of its cause, whoever caused it; no program
-- may write it. `changes` names the columns that changed, and no values, so that an event has no personal data. `customer_id` is empty for what belongs to no customer.
-- `position` is the place in the feed of all events, which `announce_events` gives after the commit; it is null until then.
create table event (
  customer_id    text collate "C" not null,
  seq            bigint not null check (seq > 0),
  type           text not null check (type ~ '^[a-z_]+\.[a-z_]+$'),
  object_id      text collate "C" not null,
  object_version integer,
  changes        text[] not null,
  actor          text not null,
  client         text not null,
  request_id     text not null,
  occurred_at    timestamptz not null,
  position       bigint,
  primary key (customer_id, seq, occurred_at)
) partition by range (occurred_at);
create index event_to_announce on event (customer_id, seq) where position is null;
create index event_by_position on event (position) where position is not null;
-- Takes what no partition of a month is there for, so that no change fails for it.
create table event_other partition of event default;

alter table event enable row level security;
alter table event force row level security;
create policy written_by_triggers on event to current_user using (true) with check (true);
create policy own_rows on event for select to portico_app
  using (case when customer_id = nullif(current_setting('app.customer_id', true), '') then true else false end);
create policy any_row_for_staff on event for select to portico_app using (case when current_setting('app.actor', true) in ('STAFF', 'SYSTEM') then true else false end);
grant select on event to portico_app;

-- The last `seq` of each customer, and the first one of the transaction that wrote it. The lock of this row is held from the first event of a transaction to its commit; events are
-- written by deferred triggers, so all other locks of the transaction are taken before it. The application may not read it, and calls `last_event`.
create table event_counter (
  owner_id       text collate "C" primary key,
  seq            bigint not null,
  first_seq      bigint not null,
  transaction_id xid8 not null
) with (fillfactor = 70);

-- The last `seq` of the customer; 0 before the first event.
create function last_event(of_customer text) returns bigint language sql stable security definer set search_path = portico as $$
  select coalesce((select seq from event_counter
                    where owner_id = of_customer
                      and (owner_id = nullif(current_setting('app.customer_id', true), '') or current_setting('app.actor', true) in ('STAFF', 'SYSTEM'))), 0)
$$;
revoke all on function last_event(text) from public;
grant execute on function last_event(text) to portico_app;

-- Return the names of the columns that differ, without internal ones.
create function changed_columns(before jsonb, after jsonb, internal text[]) returns text[] language sql immutable parallel safe as $$
  select coalesce(array_agg(a.key order by a.key), '{}') from jsonb_each(after) a where a.value is distinct from before -> a.key and a.key <> all(internal)
$$;

-- Write events of one object. A transaction writes the events of a versioned object once, and each type of another one, however many of its statements change it: `types` and `changed` are then about the row before the
-- transaction and the row at its end. Called by triggers only.
create function write_events(of_customer text, of_object text, version integer, types text[], changed text[]) returns void
  language plpgsql security definer set search_path = portico as $$
declare
  this_transaction constant xid8 := pg_current_xact_id();
  happened_at constant timestamptz := coalesce(operation_now(), now());
  acting constant text := nullif(current_setting('app.actor', true), '');
  written event_counter;
  last_seq bigint;
begin
  if pg_trigger_depth() = 0 then
    raise insufficient_privilege using message = 'events are written by triggers';
  elsif cardinality(types) = 0 then
    return;
  end if;
  select * into written from event_counter where owner_id = of_customer and transaction_id = this_transaction;
  if found and exists (select from event e
                        where e.customer_id = of_customer and e.seq between written.first_seq and written.seq and e.occurred_at = happened_at and e.object_id = of_object
                          and case when version is null then e.type = types[1]
                                   else e.object_version is not null and split_part(e.type, '.', 1) = split_part(types[1], '.', 1) end) then
    return;
  end if;
  insert into event_counter as c (owner_id, seq, first_seq, transaction_id) values (of_customer, cardinality(types), 1, this_transaction)
      on conflict (owner_id) do update
         set seq = c.seq + cardinality(types), first_seq = case when c.transaction_id = this_transaction then c.first_seq else c.seq + 1 end, transaction_id = this_transaction
      returning c.seq into last_seq;
  insert into event (customer_id, seq, type, object_id, object_version, changes, actor, client, request_id, occurred_at)
  select of_customer, last_seq - cardinality(types) + t.number, t.type, of_object, version, changed, coalesce(acting, 'SYSTEM'),
         coalesce(nullif(current_setting('app.client', true), ''), case when acting is null then 'sql' else '' end),
         coalesce(current_setting('app.request_id', true), ''), happened_at
    from unnest(types) with ordinality t(type, number);
end $$;

-- Whether changes are recorded. The owner of the tables may load rows without events; the application may not.
create function records_events() returns boolean language sql stable
  return current_setting('app.events', true) is distinct from 'off' or current_user = 'portico_app';

-- Make the partitions of this month and of the next ones, and drop those that end before `kept_from`. Returns how many were made or dropped.
create function keep_event_partitions(months_ahead integer, kept_from timestamptz) returns integer language plpgsql security definer
  set search_path = portico set lock_timeout = '500ms' set timezone = 'UTC' as $$
declare
  month date;
  partition text;
  changed integer := 0;
begin
  for month in select generate_series(date_trunc('month', now()), date_trunc('month', now()) + make_interval(months => months_ahead), interval '1 month')::date loop
    partition := 'event_' || to_char(month, 'YYYY_MM');
    if to_regclass('portico.' || partition) is null then
      execute format('create table %I (like event including defaults including constraints)', partition);
      execute format('with late as (delete from event_other where occurred_at >= %L and occurred_at < %L returning *) insert into %I select * from late',
                     month, month + interval '1 month', partition);
      execute format('alter table event attach partition %I for values from (%L) to (%L)', partition, month, month + interval '1 month');
      changed := changed + 1;
    end if;
  end loop;
  for partition in
    select c.relname from pg_inherits h join pg_class c on c.oid = h.inhrelid
     where h.inhparent = 'event'::regclass and c.relname ~ '^event_\d{4}_\d{2}$'
       and to_date(substr(c.relname, 7), 'YYYY_MM') + interval '1 month' <= kept_from
  loop
    execute format('update event_feed set first_kept = greatest(first_kept, (select coalesce(max(position), 0) + 1 from %I))', partition);
    execute format('drop table %I', partition);
    changed := changed + 1;
  end loop;
  with gone as (delete from event_other where occurred_at < kept_from returning position)
  update event_feed set first_kept = greatest(first_kept, (select coalesce(max(position), 0) + 1 from gone));
  return changed;
end $$;
revoke all on function keep_event_partitions(integer, timestamptz) from public;
grant execute on function keep_event_partitions(integer, timestamptz) to portico_app;
