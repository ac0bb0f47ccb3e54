-- Claim a new idempotency key of the customer, and then lock the customer: the first statement of a mutation. It has no result, so it can be sent together with BEGIN.
-- Raises PO406 where the key is not new: an earlier call has it, or a call with it is running. What that means for this call is decided by claim_key in another transaction.
create function begin_call(wanted_mutation text, wanted_key text, wanted_hash text) returns void language plpgsql as $$
declare
  who constant text := current_setting('app.customer_id');
begin
  if pg_try_advisory_xact_lock(hashtextextended(who || ' ' || wanted_mutation || ' ' || wanted_key, 0)) then
    insert into idempotency_key (customer_id, mutation, key, input_hash, created_at) values (who, wanted_mutation, wanted_key, wanted_hash, operation_now())
        on conflict do nothing;
    if found then
      perform from customer c where c.id = who and check_erased(c.erased_at) for no key update;
      return;
    end if;
  end if;
  raise exception using errcode = 'PO406', message = 'the idempotency key is not new';
end $$;

-- The same for a key of a client, whose call may be about no customer.
create function begin_client_call(wanted_mutation text, wanted_key text, wanted_hash text) returns void language plpgsql as $$
declare
  who constant text := current_setting('app.caller');
  owner constant text := nullif(current_setting('app.customer_id', true), '');
begin
  if pg_try_advisory_xact_lock(hashtextextended('client ' || who || ' ' || wanted_mutation || ' ' || wanted_key, 0)) then
    insert into client_key (caller, mutation, key, owner_id, input_hash, created_at)
    values (who, wanted_mutation, wanted_key, owner, wanted_hash, operation_now())
        on conflict do nothing;
    if found then
      perform from customer c where c.id = owner and check_erased(c.erased_at) for no key update;
      return;
    end if;
  end if;
  raise exception using errcode = 'PO406', message = 'the idempotency key is not new';
end $$;
