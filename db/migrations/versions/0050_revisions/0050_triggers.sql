-- Give the customer's rows a new revision, unless this transaction has done so. It is deferred, so that the lock of the counter is taken after all other locks of the transaction. A
-- load of rows without events adds no counter, which would say that somebody may have read events of the customer: there `all` changes.
create function revise_customer() returns trigger language plpgsql security definer set search_path = portico as $$
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
  if not found then
    update shared_revision s set revision = gen_random_uuid() where s.name = 'all' and s.xmin <> cast(this_transaction as xid);
  end if;
  return null;
end $$;

create function revise_shared() returns trigger language plpgsql security definer set search_path = portico as $$
begin
  update shared_revision set revision = gen_random_uuid() where name = tg_argv[0];
  return null;
end $$;

-- Of several rows of a customer that a transaction changes one after the other, only the first one calls the trigger: `app.revised` names the customer and the transaction. A
-- savepoint that is rolled back takes back both, the setting and the call.
do $$
declare
  once constant text := $w$case when current_setting('app.revised', true) is distinct from %1$s || ' ' || pg_current_xact_id()
                                then set_config('app.revised', %1$s || ' ' || pg_current_xact_id(), true) is not null else false end$w$;
  noun text;
  owner text;
begin
  foreach noun in array array['attachment', 'balance_entry', 'charge', 'coupon_redemption', 'credit_note', 'credit_note_line', 'customer', 'data_export', 'document_snapshot',
                              'installment', 'invoice', 'invoice_line', 'payment', 'payment_allocation', 'payment_method', 'payment_schedule', 'refund', 'refund_request',
                              'subscription', 'subscription_event'] loop
    owner := case noun when 'customer' then 'id' else 'customer_id' end;
    execute format('create constraint trigger revise after insert or update on %I deferrable initially deferred for each row when (%s) execute function revise_customer()',
                   noun, format(once, 'new.' || owner));
    execute format('create constraint trigger revise_deleted after delete on %I deferrable initially deferred for each row when (%s) execute function revise_customer()',
                   noun, format(once, 'old.' || owner));
    execute format('create trigger revise_truncated after truncate on %I for each statement execute function revise_shared(''all'')', noun);
  end loop;
  foreach noun in array array['plan', 'price', 'retention_offer'] loop
    execute format('create constraint trigger revise after insert or update or delete on %I deferrable initially deferred for each row execute function revise_shared(''catalog'')',
                   noun);
    execute format('create trigger revise_truncated after truncate on %I for each statement execute function revise_shared(''catalog'')', noun);
  end loop;
end $$;

-- How often a coupon was redeemed is no part of an answer to a customer, but whether it was redeemed as often as it may be.
create constraint trigger revise after update on coupon deferrable initially deferred for each row
  when (to_jsonb(old) - 'redeemed_count' is distinct from to_jsonb(new) - 'redeemed_count'
        or (old.redeemed_count < old.max_redemptions) is distinct from (new.redeemed_count < new.max_redemptions)) execute function revise_shared('catalog');
create constraint trigger revise_set after insert or delete on coupon deferrable initially deferred for each row execute function revise_shared('catalog');
create trigger revise_truncated after truncate on coupon for each statement execute function revise_shared('catalog');
