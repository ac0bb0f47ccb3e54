-- Who is calling: sessions, the tokens that prolong them, links that prove an address, and the audit trail.
-- Secrets are kept as SHA-256 in hexadecimal. Whoever presents a secret sees its row, and nobody else does: the unit of work sets app.secret to its hash.

create table portal_session (
  customer_id  text collate "C" not null references customer (id),
  id           text collate "C" not null check (id like 'ses\_%'),
  method       text not null check (method in ('PASSWORD', 'PORTAL_LINK')),
  client       text not null default '' check (length(client) <= 200),
  network      text not null default '' check (length(network) <= 64),
  created_at   timestamptz not null,
  last_used_at timestamptz not null,
  expires_at   timestamptz not null check (expires_at > created_at),
  ended_at     timestamptz,
  end_reason   text check (end_reason in ('SIGNED_OUT', 'REUSED_TOKEN', 'PASSWORD_CHANGED')),
  primary key (customer_id, id),
  check ((ended_at is null) = (end_reason is null))
);
create index portal_session_by_age on portal_session (customer_id, created_at, id);

create table refresh_token (
  secret_hash      text collate "C" primary key check (length(secret_hash) = 64),
  customer_id      text collate "C" not null,
  session_id       text collate "C" not null,
  issued_at        timestamptz not null,
  expires_at       timestamptz not null,
  used_at          timestamptz,
  -- The successor, sealed with the token itself: who lost the answer may ask for it again, and this table alone gives it to nobody.
  successor_sealed text,
  foreign key (customer_id, session_id) references portal_session (customer_id, id) on delete cascade,
  check ((used_at is null) = (successor_sealed is null))
);
create index refresh_token_of_session on refresh_token (customer_id, session_id);
-- A session has one token that may be used next.
create unique index refresh_token_current on refresh_token (customer_id, session_id) where used_at is null;

create table identity_link (
  secret_hash text collate "C" primary key check (length(secret_hash) = 64),
  customer_id text collate "C" not null references customer (id),
  kind        text not null check (kind in ('PORTAL', 'EMAIL', 'PASSWORD')),
  email       text check (length(email) between 3 and 320),
  landing     text check (landing ~ '^/[^/\\]'),
  made_by     text not null,
  created_at  timestamptz not null,
  expires_at  timestamptz not null check (expires_at > created_at),
  used_at     timestamptz,
  check ((kind = 'EMAIL') = (email is not null))
);
create index identity_link_of_customer on identity_link (customer_id, created_at);

create table audit_event (
  id          text collate "C" primary key check (id like 'aud\_%'),
  customer_id text collate "C",
  actor       text not null check (actor in ('CUSTOMER', 'STAFF', 'PARTNER', 'SYSTEM', 'ANONYMOUS')),
  client      text not null,
  request_id  text not null,
  event       text not null,
  outcome     text not null,
  detail      text not null default '',
  happened_at timestamptz not null
);
create index audit_event_by_age on audit_event (happened_at, id);
create index audit_event_of_customer on audit_event (customer_id, happened_at, id) where customer_id is not null;

create function audit_is_append_only() returns trigger language plpgsql as $$
begin
  raise exception 'the audit trail is append-only' using errcode = 'insufficient_privilege';
end $$;
create trigger append_only before update or delete on audit_event for each row execute function audit_is_append_only();
create trigger append_only_all before truncate on audit_event for each statement execute function audit_is_append_only();

alter table credential add constraint credential_of_one_customer unique (customer_id);

create view portal_portal_session with (security_invoker = true) as
select id, customer_id, method, client, network, created_at, last_used_at, expires_at
  from portal_session
 where ended_at is null and expires_at > operation_now();

create view portal_audit_event with (security_invoker = true) as
select id, customer_id, actor, client, request_id, event, outcome, detail, happened_at
  from audit_event;

-- Called in the round trip that opens a unit of work for a token with a session: an ended session ends its access tokens at once.
create function assert_session(wanted text) returns void language plpgsql stable as $$
begin
  if not exists (select from portal_session where customer_id = current_setting('app.customer_id', true) and id = wanted
                  and ended_at is null and expires_at > operation_now()) then
    raise exception 'the session has ended' using errcode = 'PO401';
  end if;
end $$;

do $$
declare
  name text;
begin
  foreach name in array array['portal_session', 'refresh_token', 'identity_link', 'audit_event'] loop
    execute format('alter table %I enable row level security', name);
    execute format('alter table %I force row level security', name);
  end loop;
  foreach name in array array['portal_session', 'refresh_token', 'identity_link'] loop
    execute format($p$create policy own_rows on %I to portico_app
                      using (case when customer_id = nullif(current_setting('app.customer_id', true), '') then true else false end)
                      with check (customer_id = nullif(current_setting('app.customer_id', true), ''))$p$, name);
  end loop;
  foreach name in array array['refresh_token', 'identity_link'] loop
    execute format($p$create policy by_secret on %I for select to portico_app using (secret_hash = nullif(current_setting('app.secret', true), ''))$p$, name);
  end loop;
end $$;

-- Signing in begins with an address: it shows the one credential of that address.
create policy by_email on credential for select to portico_app using (email = nullif(current_setting('app.email', true), ''));
-- Staff make links for any customer, and end nobody's session but by a rule.
create policy staff_links on identity_link for insert to portico_app with check (current_setting('app.actor', true) = 'STAFF' and kind = 'PORTAL');
create policy anybody_appends on audit_event for insert to portico_app
  with check (customer_id is null or customer_id = nullif(current_setting('app.customer_id', true), '') or current_setting('app.actor', true) = 'STAFF');
create policy staff_read on audit_event for select to portico_app using (current_setting('app.actor', true) = 'STAFF');

grant select on portal_session, refresh_token, identity_link, audit_event, portal_portal_session, portal_audit_event to portico_app;
grant insert on portal_session, refresh_token, identity_link, audit_event, credential to portico_app;
grant update (last_used_at, ended_at, end_reason) on portal_session to portico_app;
grant update (used_at, successor_sealed) on refresh_token to portico_app;
grant update (used_at) on identity_link to portico_app;
grant update (email, password_hash, changed_at) on credential to portico_app;
grant update (name, email, locale, time_zone, version) on customer to portico_app;
