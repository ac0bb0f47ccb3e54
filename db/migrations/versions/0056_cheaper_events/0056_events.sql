-- The columns whose changes no event names: what the program counts, or computes of other columns.
alter table column_erasure add column is_in_events boolean not null default true;
update column_erasure e set is_in_events = false
  from (values
        ('customer', array['version', 'created_at', 'name_key', 'email_key']),
        ('subscription', array['version', 'created_at', 'due_at', 'anchor_at', 'billing_zone']),
        ('invoice', array['version', 'created_at', 'collect_at', 'sequence', 'failed_attempts', 'retry_began_on', 'retry_last_on', 'retry_method_id', 'is_hold_paused']),
        ('installment', array['version']),
        ('payment_schedule', array['version', 'created_at']),
        ('payment', array['version', 'created_at', 'processor_reference']),
        ('refund', array['version', 'created_at', 'reference', 'is_awaiting']),
        ('payment_method', array['version', 'created_at', 'fingerprint', 'processor_reference'])) r (relation, attributes)
 where e.relation = r.relation and e.attribute = any(r.attributes);

-- Write the functions that compare two rows of a table column by column, where its columns have changed: `changed_in_TABLE(before, after)` returns the names of the columns that
-- differ. Expressions of named columns take a fifth of the time of a comparison as JSON. `migrate` calls it after each revision.
create function write_comparisons() returns void language plpgsql set search_path = portico as $$
declare
  noun text;
  comparisons text;
begin
  foreach noun in array array['customer', 'subscription', 'invoice', 'installment', 'payment', 'payment_schedule', 'refund', 'payment_method'] loop
    select string_agg(format('case when before.%1$I is distinct from after.%1$I then %1$L end', a.attname), ', ' order by cast(a.attname as text)) into comparisons
      from pg_attribute a
     where a.attrelid = to_regclass('portico.' || noun) and a.attnum > 0 and not a.attisdropped
       and not exists (select from column_erasure e where e.relation = noun and e.attribute = a.attname and not e.is_in_events);
    comparisons := format('select array_remove(cast(array[%s] as text[]), null)', comparisons);
    if comparisons is distinct from (select prosrc from pg_proc where oid = to_regproc('portico.changed_in_' || noun)) then
      execute format('create or replace function changed_in_%1$s(before %1$I, after %1$I) returns text[] language sql immutable parallel safe as %2$L', noun, comparisons);
    end if;
  end loop;
end $$;
revoke all on function write_comparisons() from public;
select write_comparisons();

-- The objects of which the transaction `transaction_id` has written events, up to 200 of them: the type up to the dot, or the whole type of an object without a version, the id, and
-- when the transaction began, since another cluster gives the same number to another transaction.
alter table event_counter add column objects text[] not null default '{}';
insert into column_erasure (relation, attribute, treatment, is_exported) values ('event_counter', 'objects', 'KEPT', false);

-- Rows are written by triggers only, and their types are those of the enumeration of the schema (tests/lifecycle/events). A check is read and planned anew in each statement.
alter table event drop constraint event_seq_check, drop constraint event_type_check;

-- As before, in one statement for the counter: it changes nothing where the transaction has written events of the object. Beyond 200 objects the events themselves say so, as before:
-- a longer list would be written again and again.
create or replace function write_events(of_customer text, of_object text, version integer, types text[], changed text[]) returns void
  language plpgsql security definer set search_path = portico as $$
declare
  this_transaction constant xid8 := pg_current_xact_id();
  acting constant text := nullif(current_setting('app.actor', true), '');
  happened_at constant timestamptz := coalesce(operation_now(), now());
  noun constant text := case when version is null then types[1] else split_part(types[1], '.', 1) end;
  object constant text[] := array[concat_ws(' ', noun, of_object, extract(epoch from now()))];
  last_seq bigint;
begin
  if pg_trigger_depth() = 0 then
    raise insufficient_privilege using message = 'events are written by triggers';
  elsif cardinality(types) = 0 then
    return;
  end if;
  insert into event_counter as c (owner_id, seq, first_seq, transaction_id, revision, objects)
  values (of_customer, cardinality(types), 1, this_transaction, gen_random_uuid(), object)
      on conflict (owner_id) do update
         set seq = c.seq + cardinality(types), first_seq = case when c.transaction_id = this_transaction then c.first_seq else c.seq + 1 end,
             transaction_id = this_transaction, revision = excluded.revision,
             objects = case when c.transaction_id = this_transaction then c.objects || object else object end
       where c.transaction_id <> this_transaction or cardinality(c.objects) < 200 and not c.objects @> object
      returning c.seq into last_seq;
  if last_seq is null then
    update event_counter c set seq = c.seq + cardinality(types)
     where c.owner_id = of_customer and cardinality(c.objects) >= 200 and not c.objects @> object
       and not exists (select from event e
                        where e.customer_id = of_customer and e.seq between c.first_seq and c.seq and e.occurred_at = happened_at and e.object_id = of_object
                          and case when version is null then e.type = types[1] else e.object_version is not null and split_part(e.type, '.', 1) = noun end)
    returning c.seq into last_seq;
  end if;
  for number in 1 .. case when last_seq is null then 0 else cardinality(types) end loop
    insert into event (customer_id, seq, type, object_id, object_version, changes, actor, client, request_id, occurred_at)
    values (of_customer, last_seq - cardinality(types) + number, types[number], of_object, version, changed, coalesce(acting, 'SYSTEM'),
            coalesce(nullif(current_setting('app.client', true), ''), case when acting is null then 'sql' else '' end),
            coalesce(current_setting('app.request_id', true), ''), happened_at);
  end loop;
end $$;

-- As before; the objects of an earlier transaction are forgotten.
create or replace function revise_customer() returns trigger language plpgsql security definer set search_path = portico as $$
declare
  this_transaction constant xid8 := pg_current_xact_id();
  is_recorded constant boolean := current_setting('app.events', true) is distinct from 'off';
  of_customer text;
begin
  if tg_relid = 'customer'::regclass then
    if tg_op = 'DELETE' then
      of_customer := old.id;
    else
      of_customer := new.id;
    end if;
  elsif tg_op = 'DELETE' then
    of_customer := old.customer_id;
  else
    of_customer := new.customer_id;
  end if;
  if is_recorded then
    insert into event_counter as c (owner_id, seq, first_seq, transaction_id, revision) values (of_customer, 0, 1, this_transaction, gen_random_uuid())
        on conflict (owner_id) do update
           set first_seq = case when c.transaction_id = this_transaction then c.first_seq else c.seq + 1 end, transaction_id = this_transaction,
               objects = case when c.transaction_id = this_transaction then c.objects else '{}' end, revision = excluded.revision
         where c.xmin <> cast(this_transaction as xid);
    return null;
  end if;
  update event_counter c
     set first_seq = case when c.transaction_id = this_transaction then c.first_seq else c.seq + 1 end, transaction_id = this_transaction,
         objects = case when c.transaction_id = this_transaction then c.objects else '{}' end, revision = gen_random_uuid()
   where c.owner_id = of_customer;
  if not found and current_setting('app.new_customer', true) is distinct from of_customer || ' ' || this_transaction then
    update shared_revision s set revision = gen_random_uuid() where s.name = 'all' and s.xmin <> cast(this_transaction as xid);
  end if;
  return null;
end $$;
