-- As before, in forms that are also right in a database that is distributed by customer (`./portico migrate --distribute`). There the plan of a statement names the shard of
-- its customer, so each statement takes the customer as a parameter, for which it is planned anew; and a trigger on a shard has the name of the shard as its table.

create or replace function lock_customer() returns void language plpgsql as $$
declare
  who constant text := nullif(current_setting('app.customer_id', true), '');
begin
  perform from customer c where c.id = who and check_erased(c.erased_at) for no key update;
end $$;

create or replace function assert_customer() returns void language plpgsql stable as $$
declare
  who constant text := current_setting('app.customer_id', true);
begin
  if not exists (select from customer where id = who and closed_at is null) then
    raise exception 'the token names no customer' using errcode = 'PO402';
  end if;
end $$;

create or replace function assert_not_erased() returns void language plpgsql stable as $$
declare
  who constant text := nullif(current_setting('app.customer_id', true), '');
begin
  perform check_erased(c.erased_at) from customer c where c.id = who;
end $$;

create or replace function name_who_made_the_link() returns trigger language plpgsql set search_path = portico as $$
declare
  who constant text := nullif(current_setting('app.customer_id', true), '');
  session_id constant text := nullif(current_setting('app.session_id', true), '');
  session portal_session;
begin
  if session_id is null then
    return new;
  end if;
  select * into session from portal_session s where s.customer_id = who and s.id = session_id and s.needs_sign_in;
  if found then
    new.acting_client := coalesce(new.acting_client, session.made_by, '');
    new.acting_subject := coalesce(new.acting_subject, session.made_by_subject);
    new.acting_issuer := coalesce(new.acting_issuer, session.made_by_issuer);
  end if;
  return new;
end $$;

create or replace function schedule_is_sum() returns trigger language plpgsql as $$
declare
  schedule payment_schedule;
  amounts record;
begin
  select * into schedule from payment_schedule
   where customer_id = coalesce(new.customer_id, old.customer_id)
     and id = case when tg_table_name like 'installment%' then coalesce(to_jsonb(new), to_jsonb(old)) ->> 'schedule_id' else coalesce(new.id, old.id) end;
  if schedule.id is null then
    if tg_op = 'DELETE' then
      return null;
    end if;
    raise exception 'who writes a schedule must see it' using errcode = 'check_violation', constraint = 'schedule_is_sum';
  end if;
  select coalesce(sum(amount_minor), 0) as total, coalesce(sum(paid_minor), 0) as paid, coalesce(sum(refunded_minor), 0) as refunded,
         coalesce(sum(amount_minor - paid_minor - refunded_minor) filter (where status = 'CANCELED'), 0) as canceled into amounts
    from installment where customer_id = schedule.customer_id and schedule_id = schedule.id;
  if amounts.total <> schedule.total_minor or amounts.paid <> schedule.paid_minor or amounts.refunded <> schedule.refunded_minor then
    raise exception 'schedule % is not the sum of its installments', schedule.id using errcode = 'check_violation', constraint = 'schedule_is_sum';
  end if;
  if amounts.canceled <> schedule.canceled_minor then
    update payment_schedule set canceled_minor = amounts.canceled where customer_id = schedule.customer_id and id = schedule.id;
  end if;
  return null;
end $$;

-- Whether the customer signed in from the network that the unit of work set (app.network) since an instant. Row security shows the sessions of the address that it set.
create function has_signed_in(owner text, from_network text, since timestamptz) returns boolean language plpgsql as $$
begin
  return exists (select from portal_session s where s.customer_id = owner and s.throttle_network = from_network and s.last_used_at >= since);
end $$;
