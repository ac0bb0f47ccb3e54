-- name: live.events
-- returns: EventRow
-- Select the events of one customer after a number, in their order, at most 100.
select * from portal_event where customer_id = :customer_id and seq > cast(:after as bigint) order by seq limit 100

-- name: live.last_seqs
-- returns: LastSeq
-- Select the number of the last event of each of these customers.
select c.id as customer_id, last_event(c.id) as seq from unnest(cast(:ids as text[])) c (id)

-- name: live.announce
-- returns: Announcement
-- Announce events that are committed, at most `wanted`.
select announce_events(cast(:wanted as integer)) as announced

-- name: live.lead
-- returns: RelayLead
-- Try to become the process that announces events. The lock is the connection's, not the transaction's.
select pg_try_advisory_lock(hashtext('portico.event_relay')) as is_leading

-- name: live.probe
-- returns: nothing
-- Send a notification that names no customer, so that this process can check whether it receives notifications.
select pg_notify('portico_events', :text)
