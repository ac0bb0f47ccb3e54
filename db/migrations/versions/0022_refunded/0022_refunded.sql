-- What was given back of invoices, installments and schedules, and one place for their statuses.

-- `refunded_minor` of an invoice is what its payments gave back (refunds that succeeded); of an installment and a schedule what the merchant gave back, which is not asked for again.
-- `noted_minor` is the sum of an invoice's credit notes.
alter table invoice
  add column refunded_minor bigint not null default 0 check (refunded_minor >= 0),
  add column noted_minor bigint not null default 0 check (noted_minor >= 0),
  add check (noted_minor = 0 or noted_minor <= total_minor);
alter table installment add column refunded_minor bigint not null default 0 check (refunded_minor >= 0);
alter table payment_schedule add column refunded_minor bigint not null default 0 check (refunded_minor >= 0);

-- `is_awaiting`: the processor has carried it out, and it is applied when its payment has settled.
alter table refund
  add column is_awaiting boolean not null default false,
  add check (not is_awaiting or status = 'PENDING');

-- Processors tell of refunds and disputes by their own reference of the payment.
create index payment_by_reference on payment (processor, processor_reference) where processor_reference is not null;

-- What remains of an installment or a schedule is set with its status, below.
alter table installment
  alter column remaining_minor drop expression,
  alter column remaining_minor set not null,
  drop constraint installment_check,
  drop constraint installment_check1,
  drop constraint installment_check2,
  drop constraint installment_status_check,
  add check (status in ('DUE', 'PARTIALLY_PAID', 'PROCESSING', 'PAID', 'FAILED', 'CANCELED', 'REFUNDED')),
  add check (paid_minor + refunded_minor <= amount_minor);
alter table payment_schedule
  alter column remaining_minor drop expression,
  alter column remaining_minor set not null,
  drop constraint payment_schedule_check,
  drop constraint payment_schedule_check1,
  add check (paid_minor + refunded_minor <= total_minor);

-- The status of everything that is paid follows from its amounts. What is written as a status counts only for what amounts cannot tell: VOID and CANCELED are decisions,
-- PROCESSING says that a payment is in flight, FAILED that the last one was declined; any other says that none of these is so. The twins are in billing/standing.py.
create function invoice_status(fact text, total_minor bigint, paid_minor bigint, credited_minor bigint, refunded_minor bigint, noted_minor bigint) returns text
  language sql immutable parallel safe
  return case when fact = 'VOID' then 'VOID'
              when paid_minor + credited_minor >= total_minor
                then case when paid_minor = 0 and refunded_minor > 0 and noted_minor = total_minor then 'REFUNDED' else 'PAID' end
              when fact = 'PROCESSING' then 'PROCESSING'
              when paid_minor > 0 then 'PARTIALLY_PAID'
              else 'OPEN' end;

create function installment_status(fact text, amount_minor bigint, paid_minor bigint, refunded_minor bigint) returns text
  language sql immutable parallel safe
  return case when fact = 'CANCELED' then 'CANCELED'
              when paid_minor + refunded_minor >= amount_minor then case when paid_minor = 0 then 'REFUNDED' else 'PAID' end
              when fact = 'PROCESSING' then 'PROCESSING'
              when paid_minor > 0 then 'PARTIALLY_PAID'
              when fact = 'FAILED' then 'FAILED'
              else 'DUE' end;

create function schedule_status(fact text, remaining_minor bigint) returns text language sql immutable parallel safe
  return case when fact = 'CANCELED' then 'CANCELED' when remaining_minor > 0 then 'ACTIVE' else 'FINISHED' end;

create function payment_status(fact text, amount_minor bigint, refunded_minor bigint) returns text language sql immutable parallel safe
  return case when fact not in ('SUCCEEDED', 'REFUNDED') then fact when refunded_minor = amount_minor then 'REFUNDED' else 'SUCCEEDED' end;

create function derive_invoice() returns trigger language plpgsql set search_path = portico as $$
begin
  new.status := invoice_status(new.status, new.total_minor, new.paid_minor, new.credited_minor, new.refunded_minor, new.noted_minor);
  if new.status not in ('PAID', 'REFUNDED') then
    new.paid_at := null;
  end if;
  return new;
end $$;

create function derive_installment() returns trigger language plpgsql set search_path = portico as $$
begin
  new.status := installment_status(new.status, new.amount_minor, new.paid_minor, new.refunded_minor);
  new.remaining_minor := case when new.status = 'CANCELED' then 0 else new.amount_minor - new.paid_minor - new.refunded_minor end;
  return new;
end $$;

create function derive_schedule() returns trigger language plpgsql set search_path = portico as $$
begin
  new.remaining_minor := new.total_minor - new.paid_minor - new.refunded_minor;
  new.status := schedule_status(new.status, new.remaining_minor);
  return new;
end $$;

create function derive_payment() returns trigger language plpgsql set search_path = portico as $$
begin
  new.status := payment_status(new.status, new.amount_minor, new.refunded_minor);
  return new;
end $$;

create trigger derive_status before insert or update on invoice for each row execute function derive_invoice();
create trigger derive_status before insert or update on installment for each row execute function derive_installment();
create trigger derive_status before insert or update on payment_schedule for each row execute function derive_schedule();
create trigger derive_status before insert or update on payment for each row execute function derive_payment();

-- An invoice knows the sum of its credit notes, whose amounts never change.
create function count_notes() returns trigger language plpgsql set search_path = portico as $$
begin
  update invoice
     set noted_minor = (select coalesce(sum(n.total_minor), 0) from credit_note n where n.customer_id = new.customer_id and n.invoice_id = new.invoice_id)
   where customer_id = new.customer_id and id = new.invoice_id;
  return null;
end $$;
create trigger count_notes after insert on credit_note for each row execute function count_notes();

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
  select coalesce(sum(amount_minor), 0) as total, coalesce(sum(paid_minor), 0) as paid, coalesce(sum(refunded_minor), 0) as refunded into amounts
    from installment where customer_id = schedule.customer_id and schedule_id = schedule.id;
  if amounts.total <> schedule.total_minor or amounts.paid <> schedule.paid_minor or amounts.refunded <> schedule.refunded_minor then
    raise exception 'schedule % is not the sum of its installments', schedule.id using errcode = 'check_violation', constraint = 'schedule_is_sum';
  end if;
  return null;
end $$;

create or replace view portal_invoice with (security_invoker = true) as
select i.id, i.customer_id, i.number, i.reason, i.status, i.currency, i.subscription_id, i.schedule_id, i.issued_at, i.due_on, i.period_starts_at, i.period_ends_at,
       i.subtotal_minor, i.discount_minor, i.tax_minor, i.total_minor, i.paid_minor, i.credited_minor, i.remaining_minor, i.paid_at,
       i.remaining_minor > 0 and i.due_on < (select today_in(c.time_zone) from customer c where c.id = i.customer_id) as is_overdue,
       case when i.remaining_minor > 0 then greatest((select today_in(c.time_zone) from customer c where c.id = i.customer_id) - i.due_on, 0) else 0 end as days_overdue,
       i.version,
       case when i.remaining_minor > 0 then i.collection else 'NONE' end as collection,
       case when i.remaining_minor > 0 then i.retry_count else 0 end as retry_count,
       case when i.remaining_minor > 0 and i.status <> 'PROCESSING' and i.collection in ('DUE', 'RETRYING') then i.collect_at end as next_attempt_at,
       case when i.remaining_minor > 0 and i.status <> 'PROCESSING' and i.collection in ('DUE', 'RETRYING')
            then (select (i.collect_at at time zone c.time_zone)::date from customer c where c.id = i.customer_id) end as next_attempt_on,
       i.refunded_minor
  from invoice i;

create or replace view portal_installment with (security_invoker = true) as
select i.id, i.customer_id, i.schedule_id, i.invoice_id, i.currency, i.position, i.name, i.due_on, i.amount_minor, i.paid_minor, i.remaining_minor, i.status,
       i.remaining_minor > 0 and i.due_on < (select today_in(c.time_zone) from customer c where c.id = i.customer_id) as is_overdue,
       case when i.remaining_minor > 0 then greatest((select today_in(c.time_zone) from customer c where c.id = i.customer_id) - i.due_on, 0) else 0 end as days_overdue,
       i.version, i.refunded_minor
  from installment i;

create or replace view portal_payment_schedule with (security_invoker = true) as
select s.id, s.customer_id, s.name, s.currency, s.subscription_id, s.invoicing, s.status, s.total_minor, s.paid_minor, s.remaining_minor,
       exists (select from installment i join customer c on c.id = i.customer_id
                where i.customer_id = s.customer_id and i.schedule_id = s.id and i.remaining_minor > 0 and i.due_on < today_in(c.time_zone)) as is_overdue,
       s.version, s.created_at, s.refunded_minor
  from payment_schedule s;

create view portal_refund with (security_invoker = true) as
select id, customer_id, payment_id, currency, amount_minor, status, reason, created_at, settled_at, version
  from refund;

grant select on portal_refund to portico_app;
grant update (refunded_minor, noted_minor) on invoice to portico_app;
grant update (refunded_minor) on installment, payment_schedule to portico_app;
grant update (amount_minor, reference, is_awaiting) on refund to portico_app;
grant update (refunded_minor, granted_minor) on credit_note to portico_app;
create index refund_by_id on refund (id);
