-- `collection` says whether the clock charges the installments on their days. `canceled_minor` is the sum of what CANCELED installments would have cost beside what was
-- paid of them; total = paid + refunded + canceled + remaining.
-- `invoice_at`: when the clock issues the invoice of an installment; null for one that has its invoice, or gets none of its own.
alter table payment_schedule
  add column collection text not null default 'MANUAL' check (collection in ('AUTOMATIC', 'MANUAL')),
  add column canceled_minor bigint not null default 0 check (canceled_minor >= 0);
alter table installment add column invoice_at timestamptz;

-- As before, less what was canceled.
create or replace function derive_schedule() returns trigger language plpgsql set search_path = portico as $$
begin
  new.remaining_minor := new.total_minor - new.paid_minor - new.refunded_minor - new.canceled_minor;
  new.status := schedule_status(new.status, new.remaining_minor);
  return new;
end $$;

-- As before. What is canceled follows from the installments, whoever writes them: a program of the version before does not know the column.
create or replace function schedule_is_sum() returns trigger language plpgsql as $$
declare
  schedule payment_schedule;
  amounts record;
begin
  select * into schedule from payment_schedule
   where customer_id = coalesce(new.customer_id, old.customer_id)
     and id = case tg_table_name when 'installment' then coalesce(to_jsonb(new), to_jsonb(old)) ->> 'schedule_id' else coalesce(new.id, old.id) end;
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

-- Row security is forced on the owner too, so it is set aside to read and write the rows of all customers.
alter table installment no force row level security;
alter table payment_schedule no force row level security;

update payment_schedule s
   set canceled_minor = i.canceled_minor
  from (select customer_id, schedule_id, sum(amount_minor - paid_minor - refunded_minor) as canceled_minor
          from installment where status = 'CANCELED' group by customer_id, schedule_id) i
 where i.customer_id = s.customer_id and i.schedule_id = s.id and i.canceled_minor > 0;

set constraints all immediate;
set constraints all deferred;
alter table installment force row level security;
alter table payment_schedule force row level security;
