-- What is agreed is written by staff with the scope `schedules:write`, or by an import; the rows of payments and of the clock are written by everybody who could before.
create function staff_agree() returns boolean language sql stable set search_path = portico
  return staff_may('schedules:write') or staff_may('imports:run');
grant execute on function staff_agree() to portico_app;

do $$
declare
  written text;
begin
  foreach written in array array['payment_schedule', 'installment'] loop
    execute format('create policy agreed_by_staff on %I as restrictive for insert to portico_app with check (staff_agree())', written);
    execute format('create policy removed_by_staff on %I as restrictive for delete to portico_app using (staff_agree())', written);
  end loop;
end $$;

-- Policies see rows and not columns, so what is agreed of an existing row is guarded by triggers.
create function refuse_other_terms() returns trigger language plpgsql set search_path = portico as $$
begin
  if current_user = 'portico_app' and not staff_agree() then
    raise exception 'what is agreed in a payment schedule is changed by staff' using errcode = 'insufficient_privilege';
  end if;
  return new;
end $$;
create trigger refuse_other_terms before update of name, currency, subscription_id, invoicing, collection, total_minor on payment_schedule for each row
  when ((old.name, old.currency, old.subscription_id, old.invoicing, old.collection, old.total_minor)
        is distinct from (new.name, new.currency, new.subscription_id, new.invoicing, new.collection, new.total_minor))
  execute function refuse_other_terms();
create trigger refuse_other_terms before update of schedule_id, currency, position, name, due_on, amount_minor on installment for each row
  when ((old.schedule_id, old.currency, old.position, old.name, old.due_on, old.amount_minor)
        is distinct from (new.schedule_id, new.currency, new.position, new.name, new.due_on, new.amount_minor))
  execute function refuse_other_terms();
create trigger refuse_cancellation before update of status on payment_schedule for each row
  when (new.status = 'CANCELED' and old.status <> 'CANCELED') execute function refuse_other_terms();
create trigger refuse_cancellation before update of status on installment for each row
  when (new.status = 'CANCELED' and old.status <> 'CANCELED') execute function refuse_other_terms();

-- Who changes a schedule voids or credits invoices of it and issues others, with the customer's credit, and may thereby lift a hold, with which a period may begin.
insert into staff_write (relation, scope)
select relation, 'schedules:write'
  from unnest(array['invoice', 'invoice_line', 'credit_note', 'credit_note_line', 'document_snapshot', 'balance_entry', 'subscription', 'subscription_event', 'coupon',
         'coupon_redemption', 'taken_plan']) relation
    on conflict do nothing;

-- The clock finds the installments that are to be invoiced, of all customers.
create policy any_row_for_system on installment for select to portico_app using (case when current_setting('app.actor', true) = 'SYSTEM' then true else false end);

grant insert, delete on installment to portico_app;
grant insert on payment_schedule to portico_app;
grant update (name, due_on, amount_minor, invoice_id, invoice_at) on installment to portico_app;
grant update (total_minor, canceled_minor) on payment_schedule to portico_app;
