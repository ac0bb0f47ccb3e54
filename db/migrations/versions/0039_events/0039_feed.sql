-- The last position of the feed of all events.
create table event_feed (
  is_only       boolean primary key default true check (is_only),
  last_position bigint not null default 0,
  -- The first one of which no later event was dropped.
  first_kept    bigint not null default 1
);
insert into event_feed default values;

-- Give positions to events that have none, at most `wanted`, and notify the processes that listen: `customer:seq` for each customer, up to 100 in a message. Positions follow the
-- order of `seq` of each customer, and are visible in their own order, because one transaction at a time gives them: a reader who continues after a position misses nothing,
-- however late a transaction commits. Returns how many events got a position; -1 while another process does this. It is called outside of all other transactions, because NOTIFY
-- takes a lock of the whole database at the commit.
create function announce_events(wanted integer) returns integer language plpgsql security definer set search_path = portico as $$
declare
  announced integer;
  messages text[];
  message text;
begin
  if not pg_try_advisory_xact_lock(hashtext('portico.event_feed')) then
    return -1;
  end if;
  with waiting as (
      select customer_id, seq, occurred_at from event where position is null order by customer_id, seq limit wanted),
  placed as (
      update event e
         set position = f.last_position + w.number
        from (select *, row_number() over (order by customer_id, seq) as number from waiting) w, event_feed f
       where e.customer_id = w.customer_id and e.seq = w.seq and e.occurred_at = w.occurred_at
      returning e.customer_id, e.seq),
  latest as (
      select customer_id || ':' || max(seq) as part, row_number() over (order by customer_id) as number, count(*) as events from placed group by customer_id),
  texts as (
      select string_agg(part, ' ') as message, sum(events) as events from latest group by number / 100)
  select coalesce(sum(events), 0), array_agg(t.message) into announced, messages from texts t;
  if announced = 0 then
    return 0;
  end if;
  update event_feed set last_position = last_position + announced;
  foreach message in array messages loop
    perform pg_notify('portico_events', message);
  end loop;
  return announced;
end $$;
revoke all on function announce_events(integer) from public;
grant execute on function announce_events(integer) to portico_app;

-- The last position of the feed, for staff and the system.
create function last_position() returns bigint language sql stable security definer set search_path = portico as $$
  select last_position from event_feed where current_setting('app.actor', true) in ('STAFF', 'SYSTEM')
$$;
revoke all on function last_position() from public;
grant execute on function last_position() to portico_app;

-- A cursor of the feed: the position, if all events after it are kept. Raises PO405 for one that is too old, or of another database.
create function feed_position(wanted bigint) returns bigint language plpgsql stable strict security definer set search_path = portico as $$
begin
  if exists (select from event_feed where wanted between first_kept - 1 and last_position) then
    return wanted;
  end if;
  raise exception using errcode = 'PO405', message = 'the feed has no such position';
end $$;
revoke all on function feed_position(bigint) from public;
grant execute on function feed_position(bigint) to portico_app;

-- The parts of the id of an event; null for another text.
create function event_owner(id text) returns text language sql immutable parallel safe
  return case when id like 'evt\_\_%' then '' when id like 'evt\_%' then 'cus_' || split_part(id, '_', 2) end;
create function event_seq(id text) returns bigint language sql immutable parallel safe
  return cast(substring(id from '_([1-9][0-9]{0,17})$') as bigint);

-- An event as the API has it. The id has the customer and the number of the event, so that it needs no index of its own.
create view portal_event with (security_invoker = true) as
select 'evt_' || substr(e.customer_id, 5) || '_' || e.seq as id, e.customer_id, e.seq, e.type, e.object_id, e.object_version, e.changes, e.actor, e.client, e.request_id,
       e.occurred_at, e.position, upper(replace(e.type, '.', '_')) as event_type
  from event e;
grant select on portal_event to portico_app;

select keep_event_partitions(3, '-infinity');
