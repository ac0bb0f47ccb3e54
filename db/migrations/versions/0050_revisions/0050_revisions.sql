-- The revision of a customer's rows: another one after each transaction that has changed one of them, by whatever program, with or without events. It is random, so that a database
-- that was restored, or a standby that was promoted without the last transactions, never has an earlier one again with other rows. Null: unchanged since this column exists.
alter table event_counter add column revision uuid;
insert into column_erasure (relation, attribute, treatment, is_exported) values ('event_counter', 'revision', 'KEPT', false);

-- What the answers of all customers depend on: `catalog` are plans, prices, coupons and cancellation options, and `all` changes where a table of customers is truncated.
create table shared_revision (
  name     text primary key check (name in ('all', 'catalog')),
  revision uuid not null default gen_random_uuid()
);
insert into shared_revision (name) values ('all'), ('catalog');
insert into column_erasure (relation, attribute, treatment, is_exported)
values ('shared_revision', 'name', 'NONE', false), ('shared_revision', 'revision', 'NONE', false);

-- As before, and with a new revision of the customer's rows.
create or replace function write_events(of_customer text, of_object text, version integer, types text[], changed text[]) returns void
  language plpgsql security definer set search_path = portico as $$
declare
  this_transaction constant xid8 := pg_current_xact_id();
  happened_at constant timestamptz := coalesce(operation_now(), now());
  acting constant text := nullif(current_setting('app.actor', true), '');
  written event_counter;
  last_seq bigint;
begin
  if pg_trigger_depth() = 0 then
    raise insufficient_privilege using message = 'events are written by triggers';
  elsif cardinality(types) = 0 then
    return;
  end if;
  select * into written from event_counter where owner_id = of_customer and transaction_id = this_transaction;
  if found and exists (select from event e
                        where e.customer_id = of_customer and e.seq between written.first_seq and written.seq and e.occurred_at = happened_at and e.object_id = of_object
                          and case when version is null then e.type = types[1]
                                   else e.object_version is not null and split_part(e.type, '.', 1) = split_part(types[1], '.', 1) end) then
    return;
  end if;
  insert into event_counter as c (owner_id, seq, first_seq, transaction_id, revision)
  values (of_customer, cardinality(types), 1, this_transaction, gen_random_uuid())
      on conflict (owner_id) do update
         set seq = c.seq + cardinality(types), first_seq = case when c.transaction_id = this_transaction then c.first_seq else c.seq + 1 end,
             transaction_id = this_transaction, revision = excluded.revision
      returning c.seq into last_seq;
  insert into event (customer_id, seq, type, object_id, object_version, changes, actor, client, request_id, occurred_at)
  select of_customer, last_seq - cardinality(types) + t.number, t.type, of_object, version, changed, coalesce(acting, 'SYSTEM'),
         coalesce(nullif(current_setting('app.client', true), ''), case when acting is null then 'sql' else '' end),
         coalesce(current_setting('app.request_id', true), ''), happened_at
    from unnest(types) with ordinality t(type, number);
end $$;

-- The revision of everything on which an answer to the customer of the transaction depends, beside time: the schema, what all customers share, and the customer's own rows. The caller
-- must be allowed to be that customer: `app.customer_id` decides.
create function customer_revision(with_catalog boolean) returns text language sql stable security definer set search_path = portico as $$
  select concat_ws(' ', (select max(version_num) from alembic_version),
                   (select string_agg(cast(s.revision as text), ' ' order by s.name) from shared_revision s where s.name = 'all' or with_catalog),
                   coalesce((select coalesce(cast(c.revision as text), cast(c.seq as text)) from event_counter c
                              where c.owner_id = nullif(current_setting('app.customer_id', true), '')), '0'))
$$;
revoke all on function customer_revision(boolean) from public;
grant execute on function customer_revision(boolean) to portico_app;

-- The same for a caller who is checked first, in one statement without an explicit transaction. The settings are those of such a statement's own transaction.
create function confirmed_revision(of_customer text, acting_as text, at timestamptz, session text, acting_party text, app text, is_known boolean, with_catalog boolean)
  returns text language plpgsql as $$
begin
  perform set_config('app.customer_id', of_customer, true), set_config('app.actor', acting_as, true), set_config('app.now', cast(at as text), true),
          set_config('app.session_id', coalesce(session, ''), true), set_config('app.acting_party', coalesce(acting_party, ''), true);
  if session is not null then
    perform assert_session(session);
  else
    if app is not null then
      perform assert_client(app);
    end if;
    if not is_known then
      perform assert_customer();
    end if;
  end if;
  return customer_revision(with_catalog);
end $$;
revoke all on function confirmed_revision(text, text, timestamptz, text, text, text, boolean, boolean) from public;
grant execute on function confirmed_revision(text, text, timestamptz, text, text, text, boolean, boolean) to portico_app;
