-- The worker forgets what nobody can use any more. The shortest times stand here as well: no later mistake forgets a key within the day that clients may count on,
-- nor a token or a link that still opens something.
create index idempotency_key_finished on idempotency_key (finished_at) where finished_at is not null;
create index portal_session_past on portal_session (expires_at);
create index refresh_token_past on refresh_token (expires_at);
create index identity_link_past on identity_link (expires_at);
create index webhook_event_past on webhook_event (processed_at) where processed_at is not null;

do $$
declare
  past record;
  condition text;
begin
  for past in
    select * from (values
      ('idempotency_key', 'finished_at < operation_now() - interval ''1 day'''),
      ('portal_session', 'expires_at < operation_now()'),
      ('refresh_token', 'expires_at < operation_now()'),
      ('identity_link', 'expires_at < operation_now()')
    ) p (name, condition)
  loop
    condition := format($c$current_setting('app.actor', true) = 'SYSTEM' and %s$c$, past.condition);
    execute format('create policy past_found_by_system on %I for select to portico_app using (%s)', past.name, condition);
    execute format('create policy past_forgotten_by_system on %I for delete to portico_app using (%s)', past.name, condition);
  end loop;
end $$;

grant delete on portal_session, refresh_token, identity_link, webhook_event to portico_app;
