-- Name the customer whom the open transaction has inserted without events: `app.new_customer` is its id and the transaction. One that deletes a customer names none, because a customer
-- who is deleted and inserted again had answers before.
create function name_new_customer() returns trigger language plpgsql as $$
declare
  this_transaction constant text := cast(pg_current_xact_id() as text);
begin
  if tg_op = 'DELETE' then
    perform set_config('app.new_customer', 'none ' || this_transaction, true);
  elsif current_setting('app.new_customer', true) is distinct from 'none ' || this_transaction then
    perform set_config('app.new_customer', new.id || ' ' || this_transaction, true);
  end if;
  return null;
end $$;
create trigger name_new after insert on customer for each row when (current_setting('app.events', true) = 'off') execute function name_new_customer();
create trigger name_deleted after delete on customer for each row when (current_setting('app.events', true) = 'off') execute function name_new_customer();

-- As before, but rows of such a customer change no revision: nobody has an answer about a customer who did not exist. `all` is one row, whose lock is held until the commit: imports
-- of new customers waited for each other there.
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
           set first_seq = case when c.transaction_id = this_transaction then c.first_seq else c.seq + 1 end, transaction_id = this_transaction, revision = excluded.revision
         where c.xmin <> cast(this_transaction as xid);
    return null;
  end if;
  update event_counter c
     set first_seq = case when c.transaction_id = this_transaction then c.first_seq else c.seq + 1 end, transaction_id = this_transaction, revision = gen_random_uuid()
   where c.owner_id = of_customer;
  if not found and current_setting('app.new_customer', true) is distinct from of_customer || ' ' || this_transaction then
    update shared_revision s set revision = gen_random_uuid() where s.name = 'all' and s.xmin <> cast(this_transaction as xid);
  end if;
  return null;
end $$;
