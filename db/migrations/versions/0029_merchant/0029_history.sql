-- The program by which an action was taken, beside who took it. Customers see the apps to which they gave access.
alter table subscription_event add column client text not null default '';

create or replace view portal_subscription_event with (security_invoker = true) as
select id, customer_id, subscription_id, kind, actor, note, happened_at,
       case when actor = 'PARTNER' or current_setting('app.actor', true) in ('STAFF', 'SYSTEM') then nullif(client, '') end as client
  from subscription_event;
