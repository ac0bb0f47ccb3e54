-- As before, but an import, which row security lets write as IMPORT, is SYSTEM: the API has no other actor without a token. `client` says that it was an import.
create or replace view portal_event with (security_invoker = true) as
select 'evt_' || substr(e.customer_id, 5) || '_' || e.seq as id, e.customer_id, e.seq, e.type, e.object_id, e.object_version, e.changes,
       case when e.actor = 'IMPORT' then 'SYSTEM' else e.actor end as actor, e.client, e.request_id,
       e.occurred_at, e.position, upper(replace(e.type, '.', '_')) as event_type
  from event e;
