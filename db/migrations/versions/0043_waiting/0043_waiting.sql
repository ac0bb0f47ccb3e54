-- As before, but the deliveries under way are found for each object by their index, also while the table has no statistics: else a pass reads all that wait.
create or replace function add_webhook_deliveries(endpoint webhook_endpoint, after_position bigint, to_position bigint) returns integer language plpgsql set search_path = portico as $$
declare
  under_way constant text[] := array(
      select d.id
        from (select distinct e.object_id from event e where e.position > after_position and e.position <= to_position) o
       cross join lateral (select w.id from webhook_delivery w where w.endpoint_id = endpoint.id and w.object_id = o.object_id and w.status = 'PENDING' offset 0) d);
  added integer;
begin
  perform from webhook_delivery where id = any(under_way) and status = 'PENDING' order by id for share;
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
