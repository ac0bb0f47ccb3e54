-- name: monitoring.queues
-- returns: QueueRow
-- Count what waits, and select since when. A letter whose cause is not made into one yet waits too.
select e.count as events, e.since as oldest_events_at, d.count as webhook_deliveries, d.since as oldest_webhook_deliveries_at,
       (select cast(count(*) as integer) from webhook_endpoint where status = 'DISABLED' and disabled_reason <> 'STAFF') as disabled_endpoints,
       l.count + c.count as letters, least(l.since, c.since) as oldest_letters_at, p.count + r.count as unknown_charges, now() as read_at
  from (select cast(count(*) as integer) as count, min(occurred_at) as since from event where position is null) e
 cross join (select cast(count(*) as integer) as count, min(queued_at) as since
               from webhook_delivery where status = 'PENDING' and endpoint_id in (select id from webhook_endpoint where status = 'ENABLED')) d
 cross join (select cast(count(*) as integer) as count, min(written_at) as since from letter) l
 cross join (select cast(count(*) as integer) as count, min(written_at) as since from letter_cause where compose_at <= :now) c
 cross join (select cast(count(*) as integer) as count from charge where settled_at is null and started_at < :started_before) p
 cross join (select cast(count(*) as integer) as count from refund_request where settled_at is null and started_at < :started_before) r

-- name: monitoring.jobs
-- returns: JobStateRow
-- Select the schedule and the last pass of each job.
select job, registered_at, due_at, started_at, finished_at, succeeded_at, coalesce(leased_until > now(), false) as is_running, now() as read_at from job_pass order by job
