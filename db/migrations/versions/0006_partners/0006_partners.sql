-- Trusted documents and partner apps.
create table api_client (
  id               text collate "C" primary key check (id ~ '^[a-z0-9][a-z0-9-]{1,62}$'),
  kind             text not null check (kind in ('FIRST_PARTY', 'PARTNER')),
  name             text not null check (length(name) between 1 and 200),
  contact          text not null default '' check (length(contact) <= 320),
  mode             text not null check (mode in ('OPEN', 'LOG', 'PREFER', 'REQUIRED')),
  scopes           text[] not null default '{}',
  units_per_minute integer not null check (units_per_minute between 1 and 1000000),
  created_at       timestamptz not null,
  disabled_at      timestamptz,
  -- A partner can call by document id and do nothing else.
  check (kind = 'FIRST_PARTY' or mode = 'REQUIRED')
);

-- What a client proves itself with: a secret, of which SHA-256 is kept, or a public key (a JWK). There may be two while one takes the other's place.
create table client_credential (
  client_id   text collate "C" not null references api_client (id),
  id          text collate "C" not null,
  secret_hash text check (length(secret_hash) = 64),
  jwk         json,
  created_at  timestamptz not null,
  primary key (client_id, id),
  check ((secret_hash is null) <> (jwk is null))
);

-- Assertions that were used; each is good once.
create table client_assertion (
  client_id  text collate "C" not null references api_client (id),
  jti        text not null check (length(jti) between 1 and 255),
  expires_at timestamptz not null,
  primary key (client_id, jti)
);
create index client_assertion_by_age on client_assertion (expires_at);

create table stored_document (
  client_id    text collate "C" not null references api_client (id),
  id           text collate "C" not null check (id ~ '^sha256:[0-9a-f]{64}$'),
  alias        text collate "C" check (length(alias) <= 200),
  body         text not null,
  names        text[] not null,
  cost         integer not null,
  version      integer not null check (version > 0),
  published_at timestamptz not null,
  retired_at   timestamptz,
  primary key (client_id, id)
);
create unique index stored_document_alias on stored_document (client_id, alias) where alias is not null and retired_at is null;

-- Apart from the documents, because it changes all the time and they do not.
create table document_use (
  client_id     text collate "C" not null,
  document_id   text collate "C" not null,
  first_used_at timestamptz not null,
  last_used_at  timestamptz not null,
  uses          bigint not null,
  primary key (client_id, document_id),
  foreign key (client_id, document_id) references stored_document (client_id, id)
);

-- What a client has left to spend, as of an instant; it fills up at the client's rate.
create table client_budget (
  client_id text collate "C" primary key references api_client (id),
  available double precision not null,
  as_of     timestamptz not null
);

create table partner_grant (
  customer_id text collate "C" not null references customer (id),
  id          text collate "C" not null check (id like 'grant\_%'),
  client_id   text collate "C" not null references api_client (id),
  scopes      text[] not null check (cardinality(scopes) > 0),
  created_at  timestamptz not null,
  revoked_at  timestamptz,
  primary key (customer_id, id)
);
create unique index partner_grant_current on partner_grant (customer_id, client_id) where revoked_at is null;
create index partner_grant_by_age on partner_grant (customer_id, created_at, id);
create index partner_grant_of_client on partner_grant (client_id);

create view portal_partner_grant with (security_invoker = true) as
select g.id, g.customer_id, g.client_id, c.name as client_name, g.scopes, g.created_at
  from partner_grant g join api_client c on c.id = g.client_id
 where g.revoked_at is null;

-- What every process keeps in memory has changed.
create function tell_registry() returns trigger language plpgsql as $$
begin
  perform pg_notify('portico_registry', '');
  return null;
end $$;
create trigger tell_registry after insert or update or delete on api_client for each statement execute function tell_registry();
create trigger tell_registry after insert or update or delete on stored_document for each statement execute function tell_registry();

-- A partner's token names its grant where a customer's names its session, and ends with it in the same way.
create or replace function assert_session(wanted text) returns void language plpgsql stable as $$
declare
  holder constant text := current_setting('app.customer_id', true);
begin
  if wanted like 'grant\_%' then
    if exists (select from partner_grant g join api_client c on c.id = g.client_id
                where g.customer_id = holder and g.id = wanted and g.revoked_at is null and c.disabled_at is null) then
      return;
    end if;
  elsif exists (select from portal_session where customer_id = holder and id = wanted and ended_at is null and expires_at > operation_now()) then
    return;
  end if;
  raise exception 'the session has ended' using errcode = 'PO401';
end $$;

-- Take `price` units from a client's budget, if it has them. A budget holds what comes in a minute.
create function spend_budget(wanted text, price integer, at timestamptz, out is_paid boolean, out available integer, out maximum integer)
language plpgsql as $$
declare
  rate integer;
  left_over double precision;
begin
  select units_per_minute into rate from api_client where id = wanted;
  if rate is null then
    is_paid := false; available := 0; maximum := 0;
    return;
  end if;
  insert into client_budget as b (client_id, available, as_of) values (wanted, rate, at) on conflict (client_id) do nothing;
  select least(rate, b.available + greatest(0, extract(epoch from at - b.as_of)) * rate / 60) into left_over from client_budget b where b.client_id = wanted for update;
  is_paid := left_over >= price;
  if is_paid then
    left_over := left_over - price;
    update client_budget b set available = left_over, as_of = greatest(at, b.as_of) where b.client_id = wanted;
  end if;
  available := floor(left_over);
  maximum := rate;
end $$;

do $$
declare
  name text;
begin
  foreach name in array array['api_client', 'client_credential', 'client_assertion', 'stored_document', 'document_use', 'client_budget', 'partner_grant'] loop
    execute format('alter table %I enable row level security', name);
    execute format('alter table %I force row level security', name);
  end loop;
  -- Staff and the process itself, in no customer's name, keep the registry.
  foreach name in array array['api_client', 'client_credential', 'client_assertion', 'stored_document', 'document_use', 'client_budget'] loop
    execute format($p$create policy registry on %I to portico_app
                      using (current_setting('app.actor', true) in ('STAFF', 'SYSTEM')) with check (current_setting('app.actor', true) in ('STAFF', 'SYSTEM'))$p$, name);
  end loop;
end $$;

create policy own_rows on partner_grant to portico_app
  using (case when customer_id = nullif(current_setting('app.customer_id', true), '') then true else false end)
  with check (customer_id = nullif(current_setting('app.customer_id', true), ''));
create policy any_row_for_staff on partner_grant for select to portico_app using (case when current_setting('app.actor', true) = 'STAFF' then true else false end);
-- Whom a customer lets in is no secret to them.
create policy names_for_all on api_client for select to portico_app using (true);

grant select on api_client, client_credential, client_assertion, stored_document, document_use, client_budget, partner_grant, portal_partner_grant to portico_app;
grant insert on api_client, client_credential, client_assertion, stored_document, document_use, client_budget, partner_grant to portico_app;
grant update (name, contact, mode, scopes, units_per_minute, disabled_at) on api_client to portico_app;
grant update (alias, names, cost, version, published_at, retired_at) on stored_document to portico_app;
grant update (last_used_at, uses) on document_use to portico_app;
grant update (available, as_of) on client_budget to portico_app;
grant update (revoked_at) on partner_grant to portico_app;
grant delete on client_assertion, client_credential to portico_app;
