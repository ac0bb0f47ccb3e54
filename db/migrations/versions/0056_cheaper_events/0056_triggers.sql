-- The functions of triggers as in 0039, but columns are compared one by one and not as JSON (`changed_in_…`).

create or replace function record_customer() returns trigger language plpgsql set search_path = portico as $$
declare
  after customer;
  changed text[] := '{}';
  types text[];
begin
  select * into after from customer where id = new.id;
  if tg_op = 'INSERT' then
    types := array['customer.created'];
  else
    changed := changed_in_customer(old, after);
    types := case
      when after.erased_at is not null and old.erased_at is null then array['customer.erased']
      else array_remove(array[
        case when after.closed_at is not null and old.closed_at is null then 'customer.closed' end,
        case when after.email <> old.email then 'customer.email_changed' end,
        case when exists (select from unnest(changed) c where c <> all(array['email', 'closed_at', 'shares_email'])) then 'customer.updated' end], null) end;
    if types = '{}' and (changed <> '{}' or after.version <> old.version) then
      types := array['customer.updated'];
    end if;
  end if;
  perform write_events(new.id, new.id, after.version, types, changed);
  return null;
end $$;
create or replace function record_subscription() returns trigger language plpgsql set search_path = portico as $$
declare
  after subscription;
  changed text[] := '{}';
  types text[];
  is_begun boolean;
  is_changed boolean;
begin
  select * into after from subscription where customer_id = new.customer_id and id = new.id;
  if after.id is null then
    return null;
  elsif tg_op = 'INSERT' then
    types := array_remove(array['subscription.created', case when after.status in ('TRIALING', 'ACTIVE') then 'subscription.activated' end], null);
  else
    changed := changed_in_subscription(old, after);
    is_begun := after.status in ('TRIALING', 'ACTIVE') and old.status in ('PENDING', 'SCHEDULED') or after.status = 'ACTIVE' and old.status = 'TRIALING';
    is_changed := (after.plan_id, after.price_id, after.quantity) is distinct from (old.plan_id, old.price_id, old.quantity);
    types := array_remove(array[
      case when after.status <> old.status then
        case after.status
          when 'PAUSED' then 'subscription.paused'
          when 'SUSPENDED' then case when after.suspended_by = 'DUNNING' then 'subscription.past_due' else 'subscription.suspended' end
          when 'CANCELED' then 'subscription.canceled'
          else case when is_begun then 'subscription.activated'
                    when old.status = 'SUSPENDED' and old.suspended_by = 'DUNNING' then 'subscription.recovered'
                    when old.status in ('PAUSED', 'SUSPENDED') then 'subscription.resumed' end
        end
      end,
      case when after.status = 'ACTIVE' and not is_begun and not is_changed and after.period_starts_at > old.period_starts_at
             or after.status = 'ACTIVE' and old.status = 'ACTIVE' and is_changed and after.period_starts_at >= old.period_ends_at then 'subscription.renewed' end,
      case when is_changed then 'subscription.changed' end,
      case when after.pending_kind is null and old.pending_kind is not null and not is_changed and (after.status = old.status or after.status = 'ACTIVE') then
             'subscription.change_withdrawn'
           when after.pending_kind = 'CANCEL' and old.pending_kind is distinct from 'CANCEL' then 'subscription.cancellation_scheduled'
           when after.pending_kind is not null
            and (after.pending_kind, after.pending_at, after.pending_price_id, after.pending_quantity, after.pending_resumes_at)
                is distinct from (old.pending_kind, old.pending_at, old.pending_price_id, old.pending_quantity, old.pending_resumes_at) then 'subscription.change_scheduled'
      end], null);
    if types = '{}' and (changed <> '{}' or after.version <> old.version) then
      types := array['subscription.updated'];
    end if;
  end if;
  perform write_events(new.customer_id, new.id, after.version, types, changed);
  return null;
end $$;
create or replace function record_invoice() returns trigger language plpgsql set search_path = portico as $$
declare
  after invoice;
  changed text[] := '{}';
  types text[];
begin
  select * into after from invoice where customer_id = new.customer_id and id = new.id;
  if after.id is null then
    return null;
  elsif tg_op = 'INSERT' then
    types := array_remove(array['invoice.issued', case when after.status = 'PAID' then 'invoice.paid' end], null);
  else
    changed := changed_in_invoice(old, after);
    types := array_remove(array[
      case when after.noted_minor > old.noted_minor then 'invoice.credited' end,
      case when after.status = 'PAID' and old.status <> 'PAID' then 'invoice.paid'
           when after.status = 'VOID' and old.status <> 'VOID' then 'invoice.voided'
           when after.paid_minor > old.paid_minor then 'invoice.partially_paid' end,
      case when after.written_off_at is not null and old.written_off_at is null then 'invoice.written_off' end], null);
    if types = '{}' and (changed <> '{}' or after.version <> old.version) then
      types := array['invoice.updated'];
    end if;
  end if;
  perform write_events(new.customer_id, new.id, after.version, types, changed);
  return null;
end $$;
create or replace function record_installment() returns trigger language plpgsql set search_path = portico as $$
declare
  after installment;
  changed text[];
  types text[];
begin
  select * into after from installment where customer_id = new.customer_id and id = new.id;
  if after.id is null then
    return null;
  end if;
  changed := changed_in_installment(old, after);
  types := case when after.status = 'PAID' and old.status <> 'PAID' then array['installment.paid']
                when after.status = 'FAILED' and old.status <> 'FAILED' then array['installment.failed']
                when changed <> '{}' or after.version <> old.version then array['installment.updated']
                else '{}' end;
  perform write_events(new.customer_id, new.id, after.version, types, changed);
  return null;
end $$;
create or replace function record_schedule() returns trigger language plpgsql set search_path = portico as $$
declare
  after payment_schedule;
  changed text[] := '{}';
  types text[];
begin
  select * into after from payment_schedule where customer_id = new.customer_id and id = new.id;
  if after.id is null then
    return null;
  elsif tg_op = 'INSERT' then
    types := array['schedule.created'];
  else
    changed := changed_in_payment_schedule(old, after);
    types := case when after.status = 'FINISHED' and old.status <> 'FINISHED' then array['schedule.finished']
                  when after.status = 'CANCELED' and old.status <> 'CANCELED' then array['schedule.canceled']
                  when changed <> '{}' or after.version <> old.version then array['schedule.updated']
                  else '{}' end;
  end if;
  perform write_events(new.customer_id, new.id, after.version, types, changed);
  return null;
end $$;
create or replace function record_payment() returns trigger language plpgsql set search_path = portico as $$
declare
  after payment;
  changed text[] := '{}';
  types text[];
begin
  select * into after from payment where customer_id = new.customer_id and id = new.id;
  if after.id is null then
    return null;
  elsif tg_op = 'INSERT' then
    types := array_remove(array['payment.created',
      case after.status when 'SUCCEEDED' then 'payment.succeeded' when 'FAILED' then 'payment.failed' when 'REQUIRES_ACTION' then 'payment.requires_action' end], null);
  else
    changed := changed_in_payment(old, after);
    types := array_remove(array[
      case when after.status <> old.status and old.status in ('PROCESSING', 'REQUIRES_ACTION', 'FAILED') then
        case after.status when 'SUCCEEDED' then 'payment.succeeded' when 'REFUNDED' then 'payment.succeeded' when 'FAILED' then 'payment.failed'
                          when 'REQUIRES_ACTION' then 'payment.requires_action' end end,
      case when after.refunded_minor > old.refunded_minor then 'payment.refunded' end], null);
    if types = '{}' and (changed <> '{}' or after.version <> old.version) then
      types := array['payment.updated'];
    end if;
  end if;
  perform write_events(new.customer_id, new.id, after.version, types, changed);
  return null;
end $$;
create or replace function record_refund() returns trigger language plpgsql set search_path = portico as $$
declare
  after refund;
  changed text[] := '{}';
  types text[];
begin
  select * into after from refund where customer_id = new.customer_id and id = new.id;
  if after.id is null then
    return null;
  elsif tg_op = 'INSERT' then
    types := array['refund.created'];
  else
    changed := changed_in_refund(old, after);
    types := case when changed <> '{}' or after.version <> old.version then array['refund.updated'] else '{}' end;
  end if;
  perform write_events(new.customer_id, new.id, after.version, types, changed);
  return null;
end $$;
create or replace function record_payment_method() returns trigger language plpgsql set search_path = portico as $$
declare
  after payment_method;
  changed text[] := '{}';
  types text[];
begin
  select * into after from payment_method where customer_id = new.customer_id and id = new.id;
  if after.id is null then
    return null;
  elsif tg_op = 'INSERT' then
    types := array_remove(array['payment_method.added', case when after.is_default then 'payment_method.default_changed' end], null);
  else
    changed := changed_in_payment_method(old, after);
    types := array_remove(array[
      case when after.deleted_at is not null and old.deleted_at is null then 'payment_method.removed' end,
      case when after.is_default and not old.is_default then 'payment_method.default_changed' end], null);
    if types = '{}' and (changed <> '{}' or after.version <> old.version) then
      types := array['payment_method.updated'];
    end if;
  end if;
  perform write_events(new.customer_id, new.id, after.version, types, changed);
  return null;
end $$;
-- The condition of a trigger is read and planned anew in each statement: without the function `records_events`, whose body would be, too, it takes less time.
do $$
declare
  trigger_row record;
  records constant text := $w$current_setting('app.events', true) is distinct from 'off' or current_user = 'portico_app'$w$;
begin
  for trigger_row in
    select c.relname, t.tgname, pg_get_triggerdef(t.oid) as definition
      from pg_trigger t join pg_class c on c.oid = t.tgrelid join pg_proc p on p.oid = t.tgfoid
     where c.relnamespace = 'portico'::regnamespace and p.proname like 'record\_%' and not t.tgisinternal and t.tgparentid = 0
  loop
    execute format('drop trigger %I on %I', trigger_row.tgname, trigger_row.relname);
    execute regexp_replace(trigger_row.definition, '(portico\.)?records_events\(\)', format('(%s)', records));
  end loop;
end $$;

-- Nothing calls them any more.
drop function records_events();
drop function changed_columns(jsonb, jsonb, text[]);
