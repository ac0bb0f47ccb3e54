-- name: endpoints.listed
-- returns: WebhookEndpointRow
-- order newest: created_at desc, id desc
-- order oldest: created_at asc, id asc
-- Select the endpoints of outgoing webhooks, for staff.
select * from portal_webhook_endpoint

-- name: endpoints.by_id
-- returns: WebhookEndpointRow
select * from portal_webhook_endpoint where id = :key

-- name: endpoints.sealed
-- returns: EndpointKeysRow
-- Select what signs deliveries to an endpoint, and lock the endpoint.
select id, url, payload, document_id, scopes, signs_ed25519, sealed, previous_sealed, previous_until from webhook_endpoint where id = :key for update

-- name: endpoints.count
-- returns: WebhookCount
select cast(count(*) as integer) as rows from webhook_endpoint

-- name: endpoints.add
-- returns: nothing
-- Add an endpoint, which is sent what happens from now on.
insert into webhook_endpoint (id, url, description, contact_email, types, payload, document_id, scopes, signs_ed25519, public_key, sealed, position, created_at)
values (:key, :url, :description, :contact_email, cast(:types as text[]), :payload, :document_id, cast(:scopes as text[]), :signs_ed25519, :public_key, :sealed,
        coalesce(last_position(), 0), :now)

-- name: endpoints.change
-- returns: nothing
-- Change an endpoint. One that is enabled again goes on where it stopped.
update webhook_endpoint
   set url = :url, description = :description, contact_email = :contact_email, types = cast(:types as text[]), payload = :payload, document_id = :document_id,
       scopes = cast(:scopes as text[]), signs_ed25519 = :signs_ed25519, version = version + 1,
       status = case when cast(:is_enabled as boolean) then 'ENABLED' else 'DISABLED' end,
       disabled_reason = case when not cast(:is_enabled as boolean) then coalesce(disabled_reason, 'STAFF') end,
       disabled_at = case when not cast(:is_enabled as boolean) then coalesce(disabled_at, :now) end,
       failing_since = case when status = 'DISABLED' and cast(:is_enabled as boolean) then null else failing_since end
 where id = :key

-- name: endpoints.delete
-- returns: WebhookId
delete from webhook_endpoint where id = :key returning id

-- name: endpoints.rotate
-- returns: nothing
-- Replace what signs; the keys of before sign too until then.
update webhook_endpoint
   set previous_sealed = sealed, previous_until = :previous_until, sealed = :sealed, public_key = :public_key, version = version + 1
 where id = :key

-- name: endpoints.enabled
-- returns: EnabledEndpoint
-- Select the enabled endpoints, and whether each has not read the whole feed.
select id, position < last_position() as is_behind from webhook_endpoint where status = 'ENABLED'

-- name: deliveries.of_endpoint
-- returns: WebhookDeliveryRow
-- order newest: created_at desc, id desc
-- order oldest: created_at asc, id asc
-- Select the deliveries to an endpoint, for staff.
select * from portal_webhook_delivery where endpoint_id = :key and (cast(:status as text[]) is null or status = any(:status))

-- name: deliveries.attempts
-- returns: WebhookAttemptRow
-- Select the attempts of a delivery, the newest first.
select * from portal_webhook_attempt where delivery_id = :key order by started_at desc, number desc limit 50

-- name: deliveries.fan_out
-- returns: WebhookCount
-- Read the feed on for an endpoint.
select fan_out_webhooks(:key, :wanted) as rows

-- name: deliveries.ping
-- returns: WebhookId
-- Add an event of its own for an endpoint, to try it.
insert into webhook_delivery (id, endpoint_id, event_id, owner_id, seq, type, object_id, object_version, changes, occurred_at, queued_at, next_at, created_at)
select 'whd_' || substr(e.id, 5) || '_' || cast(:nonce as text), e.id, 'evt_ping_' || :nonce, '', 0, 'webhook_endpoint.ping', e.id, e.version, '{}', :now, :now, :now, :now
  from webhook_endpoint e where e.id = :key
returning id

-- name: deliveries.again
-- returns: WebhookId
-- Send deliveries once more, at once. They are locked in the order in which `finish_webhooks` locks them, so that the two do not wait for each other.
update webhook_delivery
   set status = 'PENDING', step = 0, is_waiting = false, queued_at = :now, next_at = :now, finished_at = null
 where id in (select id from webhook_delivery where id = any(cast(:ids as text[])) order by id for update)
returning id

-- name: deliveries.by_ids
-- returns: WebhookDeliveryRow
select * from portal_webhook_delivery where id = any(cast(:ids as text[])) order by id

-- name: deliveries.replay
-- returns: ReplayCount
select * from replay_webhooks(:key, :since, cast(:types as text[]), :wanted)

-- name: deliveries.claim
-- returns: ClaimedDelivery
-- Take deliveries that are due, at most so many of each endpoint as it has places, and in all. They are due again after the lease, if no result is recorded.
with taken as (
    select due.id
      from (select e.id, :places - coalesce(b.count, 0) as places
              from webhook_endpoint e
              left join unnest(cast(:busy as text[]), cast(:counts as integer[])) b (id, count) on b.id = e.id
             where e.status = 'ENABLED' order by random()) e
     cross join lateral (
            select d.id from webhook_delivery d
             where d.endpoint_id = e.id and d.status = 'PENDING' and d.next_at <= :now
             order by d.next_at, d.id limit greatest(e.places, 0) for update skip locked) due
     limit :wanted)
update webhook_delivery d
   set next_at = cast(:now as timestamptz) + cast(:lease as interval), is_waiting = false
  from taken, webhook_endpoint e
 where d.id = taken.id and e.id = d.endpoint_id
returning d.id, d.endpoint_id, d.event_id, d.owner_id, d.type, d.object_id, d.object_version, d.changes, d.occurred_at, d.step,
          e.url, e.payload, e.document_id, e.scopes, e.signs_ed25519, e.sealed, e.previous_sealed, e.previous_until

-- name: deliveries.finish
-- returns: DisabledEndpoint
-- Record attempts. Returns the endpoints that were disabled by their results.
select id, url, contact_email, disabled_reason from finish_webhooks(cast(:results as jsonb), cast(:failing_for as interval))

-- name: deliveries.event
-- returns: WebhookEventRow
-- Select an event to show what an endpoint would be sent of it.
select id, customer_id as owner_id, type, object_id, object_version, changes, occurred_at from portal_event where customer_id = :owner and seq = :seq

-- name: deliveries.newest_event
-- returns: WebhookEventRow
-- Select the last event of the feed.
select id, customer_id as owner_id, type, object_id, object_version, changes, occurred_at from portal_event where position is not null order by position desc limit 1

-- name: trusted.text
-- returns: TrustedText
-- Select the text of a document that staff or programs of the merchant may send.
select d.body from stored_document d join api_client c on c.id = d.client_id
 where d.id = :key and d.retired_at is null and c.kind <> 'PARTNER' and c.disabled_at is null limit 1

-- name: events.announce
-- returns: WebhookCount
-- Give positions to events that have none.
select announce_events(:wanted) as rows
