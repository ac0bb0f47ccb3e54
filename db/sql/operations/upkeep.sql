-- name: upkeep.keys
-- returns: DeletedCount
with past as (select ctid from idempotency_key where finished_at < :before limit :wanted),
     gone as (delete from idempotency_key where ctid in (select ctid from past) returning 1)
select count(*) as rows from gone

-- name: upkeep.client_keys
-- returns: DeletedCount
with past as (select ctid from client_key where finished_at < :before limit :wanted),
     gone as (delete from client_key where ctid in (select ctid from past) returning 1)
select count(*) as rows from gone

-- name: upkeep.tokens
-- returns: DeletedCount
with past as (select ctid from refresh_token where expires_at < :before limit :wanted),
     gone as (delete from refresh_token where ctid in (select ctid from past) returning 1)
select count(*) as rows from gone

-- name: upkeep.sessions
-- returns: DeletedCount
-- Delete expired sessions and, by cascade, their tokens.
with past as (select ctid from portal_session where expires_at < :before limit :wanted),
     gone as (delete from portal_session where ctid in (select ctid from past) returning 1)
select count(*) as rows from gone

-- name: upkeep.links
-- returns: DeletedCount
with past as (select ctid from identity_link where expires_at < :before limit :wanted),
     gone as (delete from identity_link where ctid in (select ctid from past) returning 1)
select count(*) as rows from gone

-- name: upkeep.events
-- returns: DeletedCount
with past as (select ctid from webhook_event where processed_at < :before limit :wanted),
     gone as (delete from webhook_event where ctid in (select ctid from past) returning 1)
select count(*) as rows from gone

-- name: upkeep.data_exports
-- returns: DeletedCount
-- Delete exports that expired or failed. Their objects went when they expired.
with past as (select ctid from data_export where requested_at < :before and make_at is null and object_key is null limit :wanted),
     gone as (delete from data_export where ctid in (select ctid from past) returning 1)
select count(*) as rows from gone

-- name: upkeep.letter_causes
-- returns: DeletedCount
with past as (select ctid from letter_cause where written_at < :before and compose_at is null limit :wanted),
     gone as (delete from letter_cause where ctid in (select ctid from past) returning 1)
select count(*) as rows from gone

-- name: upkeep.timed_events
-- returns: DeletedCount
with past as (select ctid from timed_event where written_at < :before limit :wanted),
     gone as (delete from timed_event where ctid in (select ctid from past) returning 1)
select count(*) as rows from gone

-- name: upkeep.event_partitions
-- returns: DeletedCount
-- Make and drop partitions of events. The rows are partitions.
select cast(keep_event_partitions(:months, :oldest) as bigint) as rows

-- name: upkeep.webhook_deliveries
-- returns: DeletedCount
-- Delete deliveries that ended, with their attempts, and those that an endpoint still waited for when it was disabled.
with past as ((select id from webhook_delivery where finished_at < :before limit :wanted)
               union all
              (select d.id from webhook_endpoint e join webhook_delivery d on d.endpoint_id = e.id
                where e.disabled_at < :before and d.status = 'PENDING' and d.created_at < :before limit :wanted)
               limit :wanted),
     gone as (delete from webhook_delivery where id in (select id from past) returning 1)
select count(*) as rows from gone
