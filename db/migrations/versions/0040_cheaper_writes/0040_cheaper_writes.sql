-- Lock the customer of the transaction, as the first statement of a write for that customer. Fails for an erased customer, also one that was erased while it waited.
create function lock_customer() returns void language plpgsql as $$
begin
  perform from customer c where c.id = nullif(current_setting('app.customer_id', true), '') and check_erased(c.erased_at) for no key update;
end $$;

-- As before. A key that this call has inserted is new, so it is not read again: the advisory lock keeps other calls with the key away.
create or replace function claim_client_key(wanted_mutation text, wanted_key text, wanted_hash text) returns table (state text, answer json, payment_id text)
  language plpgsql as $$
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
  if found then
    state := 'NEW';
    return next;
    return;
  end if;
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

-- As before, and in a language whose calls are planned once in a connection: the checks of all tables with metadata call it for each row.
create or replace function is_metadata(value jsonb) returns boolean language plpgsql immutable parallel safe as $$
begin
  if value = '{}' then
    return true;
  elsif jsonb_typeof(value) <> 'object' then
    return false;
  end if;
  return (select count(*) <= 50 and bool_and(length(pair.key) between 1 and 40 and jsonb_typeof(pair.value) = 'string' and length(pair.value #>> '{}') <= 500)
            from jsonb_each(value) pair);
end $$;

-- As before. Only a transaction of a session reads sessions.
create or replace function name_who_made_the_link() returns trigger language plpgsql set search_path = portico as $$
declare
  session portal_session;
begin
  if coalesce(current_setting('app.session_id', true), '') = '' then
    return new;
  end if;
  select * into session from portal_session s
   where s.customer_id = nullif(current_setting('app.customer_id', true), '') and s.id = nullif(current_setting('app.session_id', true), '') and s.needs_sign_in;
  if found then
    new.acting_client := coalesce(new.acting_client, session.made_by, '');
    new.acting_subject := coalesce(new.acting_subject, session.made_by_subject);
    new.acting_issuer := coalesce(new.acting_issuer, session.made_by_issuer);
  end if;
  return new;
end $$;

-- As before. It runs at the commit, while other issuers wait for the lock of the series, so it begins with what nearly always ends it.
create or replace function keep_document_snapshot() returns trigger language plpgsql set search_path = portico as $$
begin
  if exists (select from document_snapshot s where s.customer_id = new.customer_id and s.document_id = new.id) then
    return null;
  end if;
  insert into document_snapshot (customer_id, document_id, name, company_name, email, address_line1, address_line2, address_city, address_region,
         address_postal_code, address_country, tax_ids, tax_exemption, tax_name, locale, time_zone)
  select c.id, new.id, c.name, c.company_name, c.email, c.address_line1, c.address_line2, c.address_city, c.address_region, c.address_postal_code,
         c.address_country, c.tax_ids, c.tax_exemption, c.tax_name, c.locale, c.time_zone
    from customer c
   where c.id = new.customer_id
      on conflict do nothing;
  return null;
end $$;

-- As before. Only the rows of the part become JSON, and not those that are skipped, so a customer may have very many rows.
create or replace function exported_rows(owner text, wanted text, skipped integer, most integer) returns setof jsonb language plpgsql stable set search_path = portico as $$
declare
  owned_by constant text := case wanted when 'customer' then 'id' else 'customer_id' end;
  hidden text[];
  ordered text;
begin
  if not exists (select from column_erasure where relation = wanted and is_exported) then
    raise exception 'no rows of % are exported', wanted using errcode = 'invalid_parameter_value';
  end if;
  select coalesce(array_agg(attribute), '{}') into hidden from column_erasure where relation = wanted and not is_exported;
  select string_agg(quote_ident(a.attname), ', ' order by array_position(i.indkey::smallint[], a.attnum)) into ordered
    from pg_index i
    join pg_attribute a on a.attrelid = i.indrelid and a.attnum = any(i.indkey)
   where i.indrelid = format('portico.%I', wanted)::regclass and i.indisprimary;
  return query execute format('select to_jsonb(t) - $1 from %1$I t where t.%2$I = $2
       and t.ctid = any(array(select p.ctid from %1$I p where p.%2$I = $2 order by %3$s offset $3 limit $4)) order by %3$s', wanted, owned_by, ordered)
    using hidden, owner, skipped, most;
end $$;
