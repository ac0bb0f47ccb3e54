-- The installments of an invoice ask for no more than the invoice does. Where a credit note lowers it below their sum, they are lowered too, the last due first, as `items_of` in
-- billing/money/allocation.py has always spread payments over them: their amounts, and with them the total of the schedule. One of which nothing is left, paid or given back is CANCELED.
-- After the statement that lowers the invoice: where that changes the installments as well, as a change of the schedule does, there is nothing left to lower.
create function lower_installments() returns trigger language plpgsql set search_path = portico as $$
declare
  schedule_ids text[];
begin
  with covered as (
      select p.id, p.remaining_minor - least(greatest(new.remaining_minor - sum(p.remaining_minor) over (order by p.due_on, p.id) + p.remaining_minor, 0), p.remaining_minor) as minor
        from installment p
       where p.customer_id = new.customer_id and p.invoice_id = new.id and p.remaining_minor > 0),
  lowered as (
      update installment p
         set status = case when c.minor = p.amount_minor then 'CANCELED' else p.status end, version = p.version + 1,
             amount_minor = case when c.minor = p.amount_minor then p.amount_minor else p.amount_minor - cast(c.minor as bigint) end
        from covered c
       where p.customer_id = new.customer_id and p.id = c.id and c.minor > 0
      returning p.schedule_id)
  select array_agg(distinct schedule_id) into schedule_ids from lowered;
  if schedule_ids is not null then
    update payment_schedule s
       set total_minor = sums.total_minor, canceled_minor = sums.canceled_minor, version = s.version + 1
      from (select p.schedule_id, sum(p.amount_minor) as total_minor,
                   coalesce(sum(p.amount_minor - p.paid_minor - p.refunded_minor) filter (where p.status = 'CANCELED'), 0) as canceled_minor
              from installment p
             where p.customer_id = new.customer_id and p.schedule_id = any(schedule_ids)
             group by p.schedule_id) sums
     where s.customer_id = new.customer_id and s.id = sums.schedule_id;
  end if;
  return null;
end $$;
create trigger lower_installments after update of credited_minor on invoice for each row
  when (new.credited_minor > old.credited_minor and new.remaining_minor < old.remaining_minor and new.noted_minor > 0) execute function lower_installments();

-- As before, but not for what the trigger above writes, which no statement of the application does itself.
create or replace function refuse_other_terms() returns trigger language plpgsql set search_path = portico as $$
begin
  if current_user = 'portico_app' and not staff_agree() and pg_trigger_depth() = 1 then
    raise exception 'what is agreed in a payment schedule is changed by staff' using errcode = 'insufficient_privilege';
  end if;
  return new;
end $$;

-- Whoever issues credit notes lowers installments.
insert into staff_write (relation, scope) select relation, 'invoices:write' from unnest(array['installment', 'payment_schedule']) relation on conflict do nothing;
