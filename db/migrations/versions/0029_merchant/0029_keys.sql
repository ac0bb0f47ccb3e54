-- Idempotency keys of staff and of the merchant's programs: a key belongs to the client that sent it (app.caller), whomever the call is about.
-- `owner_id` is the customer for whom the call acts, if any.
create table client_key (
  caller      text collate "C" not null check (length(caller) between 1 and 1000),
  mutation    text not null,
  key         text not null check (length(key) between 1 and 255),
  owner_id    text collate "C" references customer (id),
  input_hash  text not null,
  answer      json,
  payment_id  text collate "C",
  lease_until timestamptz,
  created_at  timestamptz not null,
  finished_at timestamptz,
  primary key (caller, mutation, key),
  check ((answer is null) = (finished_at is null))
);
create index client_key_finished on client_key (finished_at) where finished_at is not null;
create index client_key_of_owner on client_key (owner_id, payment_id) where owner_id is not null;

alter table client_key enable row level security;
alter table client_key force row level security;
create policy own_keys on client_key to portico_app
  using (current_setting('app.actor', true) = 'STAFF' and caller = nullif(current_setting('app.caller', true), ''))
  with check (current_setting('app.actor', true) = 'STAFF' and caller = nullif(current_setting('app.caller', true), ''));
-- The worker and events of processors settle a charge, and so answer the call that began it.
create policy settled_by_system on client_key to portico_app
  using (current_setting('app.actor', true) = 'SYSTEM' and owner_id = nullif(current_setting('app.customer_id', true), ''));
create policy past_found_by_system on client_key for select to portico_app
  using (current_setting('app.actor', true) = 'SYSTEM' and finished_at < operation_now() - interval '1 day');
create policy past_forgotten_by_system on client_key for delete to portico_app
  using (current_setting('app.actor', true) = 'SYSTEM' and finished_at < operation_now() - interval '1 day');
grant select, insert, delete on client_key to portico_app;
grant update (answer, finished_at, payment_id, lease_until) on client_key to portico_app;

-- The client whose key a charge belongs to; null for a key of the customer.
alter table charge add column caller text;

-- As claim_key, for the key of a client.
create function claim_client_key(wanted_mutation text, wanted_key text, wanted_hash text) returns table (state text, answer json, payment_id text) language plpgsql as $$
declare
  who text := current_setting('app.caller');
  stored client_key;
begin
  if not pg_try_advisory_xact_lock(hashtextextended('client ' || who || ' ' || wanted_mutation || ' ' || wanted_key, 0)) then
    return query select 'IN_PROGRESS', null::json, null::text;
    return;
  end if;
  insert into client_key (caller, mutation, key, owner_id, input_hash, created_at)
  values (who, wanted_mutation, wanted_key, nullif(current_setting('app.customer_id', true), ''), wanted_hash, operation_now())
      on conflict do nothing;
  select * into stored from client_key k where k.caller = who and k.mutation = wanted_mutation and k.key = wanted_key for update;
  if stored.input_hash <> wanted_hash then
    return query select 'CONFLICT', null::json, null::text;
  elsif stored.answer is not null then
    return query select 'DONE', stored.answer, stored.payment_id;
  elsif stored.payment_id is null then
    return query select 'NEW', null::json, null::text;
  elsif stored.lease_until > operation_now() then
    return query select 'IN_PROGRESS', null::json, stored.payment_id;
  else
    update client_key k set lease_until = operation_now() + interval '20 seconds' where k.caller = who and k.mutation = wanted_mutation and k.key = wanted_key;
    return query select 'TAKEN_OVER', null::json, stored.payment_id;
  end if;
end $$;
grant execute on function claim_client_key(text, text, text) to portico_app;
