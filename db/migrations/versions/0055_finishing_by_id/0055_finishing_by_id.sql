-- As before, but a delivery that has no result yet is recognised by `finished_at`. By `status = 'PENDING'` Postgres reads the index of all waiting deliveries where its statistics are of
-- a time when none waited: it takes that index to be empty until the next ANALYZE.
create or replace function finish_webhooks(results jsonb, failing_for interval) returns setof webhook_endpoint language plpgsql
  set search_path = portico set plan_cache_mode = force_custom_plan as $$
declare
  ids constant text[] := array(select r ->> 'id' from jsonb_array_elements(results) r);
  next_ids text[];
begin
  perform from webhook_delivery where id = any(ids) order by id for update;
  insert into webhook_attempt (delivery_id, number, started_at, milliseconds, status_code, error, answer)
  select d.id, d.attempts + 1, r.started_at, r.milliseconds, r.status_code, r.error, r.answer
    from jsonb_to_recordset(results) r (id text, started_at timestamptz, milliseconds integer, status_code integer, error text, answer text)
    join webhook_delivery d on d.id = r.id
   where d.id = any(ids);
  update webhook_delivery d
     set attempts = d.attempts + 1, step = d.step + 1, next_at = coalesce(r.next_at, d.next_at),
         status = case r.outcome when 'DELIVERED' then 'DELIVERED' when 'FAILED' then 'FAILED' else d.status end,
         finished_at = case when d.status = 'PENDING' and r.outcome in ('DELIVERED', 'FAILED') then operation_now() else d.finished_at end
    from jsonb_to_recordset(results) r (id text, outcome text, next_at timestamptz)
   where d.id = r.id and d.id = any(ids) and d.finished_at is null;
  -- Of each object whose earlier event has ended, the next one.
  next_ids := array(
      select next.id
        from (select distinct d.endpoint_id, d.object_id from webhook_delivery d where d.id = any(ids) and d.status <> 'PENDING') ended
       cross join lateral (select n.id from webhook_delivery n
                            where n.endpoint_id = ended.endpoint_id and n.object_id = ended.object_id and n.status = 'PENDING' order by n.seq limit 1) next);
  update webhook_delivery set is_waiting = false, next_at = operation_now() where id = any(next_ids) and is_waiting;
  return query
  with ended as (
      select d.endpoint_id, bool_or(r.outcome = 'DELIVERED') as is_delivered, bool_or(r.outcome = 'GONE') as is_gone
        from jsonb_to_recordset(results) r (id text, outcome text)
        join webhook_delivery d on d.id = r.id
       where d.id = any(ids)
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
