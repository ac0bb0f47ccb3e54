-- How long later events of an object wait for an earlier one that could not be delivered yet.
create function webhook_object_wait() returns interval language sql immutable parallel safe return interval '60 seconds';

-- Add deliveries of events of the feed to an endpoint, of those after `after_position` up to `to_position`. An event that has a delivery already keeps it.
-- A later event of an object waits while an earlier one is under way, at most so long as `webhook_object_wait` says. The earlier ones are locked, so that whoever ends one sees those
-- that wait for it.
create function add_webhook_deliveries(endpoint webhook_endpoint, after_position bigint, to_position bigint) returns integer language plpgsql set search_path = portico as $$
declare
  added integer;
begin
  perform from webhook_delivery d
    where d.endpoint_id = endpoint.id and d.status = 'PENDING'
      and d.object_id in (select e.object_id from event e where e.position > after_position and e.position <= to_position)
    order by d.id for share;
  insert into webhook_delivery (id, endpoint_id, event_id, owner_id, seq, type, object_id, object_version, changes, occurred_at, is_waiting, queued_at, next_at, created_at)
  select 'whd_' || substr(endpoint.id, 5) || '_' || substr(e.id, 5), endpoint.id, e.id, e.customer_id, e.seq, e.type, e.object_id, e.object_version, e.changes, e.occurred_at,
         coalesce(e.waits_until > operation_now(), false), operation_now(), greatest(e.waits_until, operation_now()), operation_now()
    from (select p.*,
                 case when row_number() over (partition by p.object_id order by p.position) > 1 then operation_now() + webhook_object_wait()
                      else (select max(d.queued_at) + webhook_object_wait()
                              from webhook_delivery d where d.endpoint_id = endpoint.id and d.object_id = p.object_id and d.status = 'PENDING') end as waits_until
            from portal_event p
           where p.position > after_position and p.position <= to_position and (endpoint.types = '{}' or p.type = any(endpoint.types))) e
      on conflict (id) do nothing;
  get diagnostics added = row_count;
  return added;
end $$;

-- Read the feed on for an endpoint, at most `wanted` events. Returns how many events were read; 0 at the end of the feed, or while another process does this.
-- Each endpoint is read in a transaction of its own: deliveries are locked before endpoints everywhere, so that no two transactions wait for each other.
create function fan_out_webhooks(wanted_endpoint text, wanted integer) returns integer language plpgsql set search_path = portico as $$
declare
  endpoint webhook_endpoint;
  last bigint;
  events integer;
begin
  if not pg_try_advisory_xact_lock(hashtextextended('webhook ' || wanted_endpoint, 0)) then
    return 0;
  end if;
  select * into endpoint from webhook_endpoint where id = wanted_endpoint and status = 'ENABLED';
  select max(e.position), count(*) into last, events
    from (select position from event where position > endpoint.position order by position limit wanted) e;
  if last is null then
    return 0;
  end if;
  perform add_webhook_deliveries(endpoint, endpoint.position, last);
  update webhook_endpoint set position = last where id = endpoint.id;
  return events;
end $$;

-- Record attempts of deliveries, given as JSON: `id`, `started_at`, `milliseconds`, `status_code`, `error`, `answer`, `outcome` (DELIVERED, RETRY, FAILED, GONE) and `next_at`.
-- Later events of an object go on when the earlier one has ended. An endpoint that answered 410, or has only failed for so long as `failing_for` says, is disabled; returns those.
create function finish_webhooks(results jsonb, failing_for interval) returns setof webhook_endpoint language plpgsql set search_path = portico as $$
declare
  ids constant text[] := array(select r ->> 'id' from jsonb_array_elements(results) r);
begin
  perform from webhook_delivery where id = any(ids) order by id for update;
  insert into webhook_attempt (delivery_id, number, started_at, milliseconds, status_code, error, answer)
  select d.id, d.attempts + 1, r.started_at, r.milliseconds, r.status_code, r.error, r.answer
    from jsonb_to_recordset(results) r (id text, started_at timestamptz, milliseconds integer, status_code integer, error text, answer text)
    join webhook_delivery d on d.id = r.id;
  update webhook_delivery d
     set attempts = d.attempts + 1, step = d.step + 1, next_at = coalesce(r.next_at, d.next_at),
         status = case r.outcome when 'DELIVERED' then 'DELIVERED' when 'FAILED' then 'FAILED' else d.status end,
         finished_at = case when d.status = 'PENDING' and r.outcome in ('DELIVERED', 'FAILED') then operation_now() else d.finished_at end
    from jsonb_to_recordset(results) r (id text, outcome text, next_at timestamptz)
   where d.id = r.id and d.status = 'PENDING';
  update webhook_delivery w
     set is_waiting = false, next_at = operation_now()
   where w.is_waiting
     and w.id in (select (select n.id from webhook_delivery n
                           where n.endpoint_id = d.endpoint_id and n.object_id = d.object_id and n.status = 'PENDING' order by n.seq limit 1)
                    from webhook_delivery d where d.id = any(ids) and d.status <> 'PENDING');
  return query
  with ended as (
      select d.endpoint_id, bool_or(r.outcome = 'DELIVERED') as is_delivered, bool_or(r.outcome = 'GONE') as is_gone
        from jsonb_to_recordset(results) r (id text, outcome text)
        join webhook_delivery d on d.id = r.id
       group by d.endpoint_id),
  judged as (
      select e.id, ended.is_delivered,
             case when e.status = 'DISABLED' or ended.is_delivered then null
                  when ended.is_gone then 'GONE'
                  when e.failing_since <= operation_now() - failing_for then 'FAILING' end as reason
        from ended join webhook_endpoint e on e.id = ended.endpoint_id),
  changed as (
      update webhook_endpoint e
         set failing_since = case when j.is_delivered then null else coalesce(e.failing_since, operation_now()) end,
             status = case when j.reason is null then e.status else 'DISABLED' end,
             disabled_reason = coalesce(j.reason, e.disabled_reason),
             disabled_at = case when j.reason is null then e.disabled_at else operation_now() end,
             version = e.version + case when j.reason is null then 0 else 1 end
        from judged j
       where e.id = j.id and ((e.failing_since is null) <> j.is_delivered or j.reason is not null)
      returning e.*)
  select c.* from changed c join judged j on j.id = c.id where j.reason is not null;
end $$;

-- Send events that an endpoint has read once more, the oldest `wanted` since an instant. Returns how many, and the last of them where there are more.
create function replay_webhooks(wanted_endpoint text, since timestamptz, wanted_types text[], wanted integer) returns table (queued integer, continues_at timestamptz)
  language plpgsql set search_path = portico as $$
declare
  endpoint webhook_endpoint;
begin
  select * into endpoint from webhook_endpoint where id = wanted_endpoint;
  return query
  with chosen as materialized (
      select p.*, row_number() over (order by p.position) as number
        from portal_event p
       where p.position <= endpoint.position and p.occurred_at >= since
         and (endpoint.types = '{}' or p.type = any(endpoint.types)) and (wanted_types = '{}' or p.type = any(wanted_types))
       order by p.position limit wanted + 1),
  written as (
      insert into webhook_delivery as d
             (id, endpoint_id, event_id, owner_id, seq, type, object_id, object_version, changes, occurred_at, is_waiting, queued_at, next_at, created_at)
      select 'whd_' || substr(endpoint.id, 5) || '_' || substr(c.id, 5), endpoint.id, c.id, c.customer_id, c.seq, c.type, c.object_id, c.object_version, c.changes, c.occurred_at,
             c.rank > 1, operation_now(), operation_now() + case when c.rank > 1 then webhook_object_wait() else interval '0' end, operation_now()
        from (select chosen.*, row_number() over (partition by object_id order by number) as rank from chosen where number <= wanted) c
          on conflict (id) do update
             set status = 'PENDING', step = 0, is_waiting = excluded.is_waiting, queued_at = excluded.queued_at, next_at = excluded.next_at, finished_at = null
      returning 1)
  select (select count(*)::integer from written), (select max(c.occurred_at) from chosen c where c.number = wanted and exists (select from chosen n where n.number > wanted));
end $$;
grant execute on function fan_out_webhooks(text, integer), finish_webhooks(jsonb, interval), replay_webhooks(text, timestamptz, text[], integer) to portico_app;
