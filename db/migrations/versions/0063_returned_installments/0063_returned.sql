-- As before. Of an installment that is CANCELED, what was paid stays and the rest is not owed. When a bank takes back what was paid, that is owed again and the rest is not: its
-- amount becomes what had been paid and given back, and it is no longer CANCELED. What the merchant gives back moves from `paid_minor` to `refunded_minor` and changes nothing here.
create or replace function derive_installment() returns trigger language plpgsql set search_path = portico as $$
begin
  if tg_op = 'UPDATE' and old.status = 'CANCELED' and new.paid_minor + new.refunded_minor < old.paid_minor + old.refunded_minor then
    new.amount_minor := old.paid_minor + old.refunded_minor;
    new.status := case when new.status = 'CANCELED' then 'DUE' else new.status end;
  end if;
  new.status := installment_status(new.status, new.amount_minor, new.paid_minor, new.refunded_minor);
  new.remaining_minor := case when new.status = 'CANCELED' then 0 else new.amount_minor - new.paid_minor - new.refunded_minor end;
  return new;
end $$;

-- The schedule falls with the installment, by what was canceled of it. Banks are no staff, so no statement of the application may write its total (refuse_other_terms).
create function lower_schedule() returns trigger language plpgsql set search_path = portico as $$
begin
  update payment_schedule
     set total_minor = total_minor - (old.amount_minor - new.amount_minor), canceled_minor = canceled_minor - (old.amount_minor - new.amount_minor)
   where customer_id = new.customer_id and id = new.schedule_id;
  return null;
end $$;
create trigger lower_schedule after update on installment for each row
  when (old.status = 'CANCELED' and new.status <> 'CANCELED' and new.amount_minor < old.amount_minor) execute function lower_schedule();
