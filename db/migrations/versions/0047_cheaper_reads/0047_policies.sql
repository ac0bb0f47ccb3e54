-- A statement prepares every policy of a table for every scan of it, so the policies of those who read are one, which lets the same callers read the same rows.
-- Postgres checks the first condition first, and most rows pass it. (Written as a case: see 0001_security.sql.)
-- No customer's id is empty, as the setting is after the transaction: each of these tables refers to `customer`, whose ids begin with `cus_`.
-- `own_rows` was for all commands, and would be prepared for reads too; each command that writes has one of its own now, with the condition of before.
do $$
declare
  item record;
  own text;
begin
  for item in
    select c.relname as name, case c.relname when 'customer' then 'id' else 'customer_id' end as key,
           exists (select from pg_policy p where p.polrelid = c.oid and p.polname = 'any_row_for_system') as is_for_system
      from unnest(array['customer', 'subscription', 'subscription_event', 'coupon_redemption', 'payment_schedule', 'installment', 'invoice', 'invoice_line', 'payment',
                        'payment_allocation', 'payment_method', 'balance_entry', 'refund', 'refund_allocation', 'credit_note', 'credit_note_line', 'attachment']) name
      join pg_class c on c.oid = to_regclass(name)
  loop
    own := format($q$%I = nullif(current_setting('app.customer_id', true), '')$q$, item.key);
    execute format('drop policy own_rows on %I', item.name);
    execute format('drop policy any_row_for_staff on %I', item.name);
    execute format('drop policy if exists any_row_for_system on %I', item.name);
    execute format($p$create policy readable_rows on %I for select to portico_app
                      using (case when %I = current_setting('app.customer_id', true) then true else current_setting('app.actor', true) %s end)$p$,
                   item.name, item.key, case when item.is_for_system then $q$in ('STAFF', 'SYSTEM')$q$ else $q$= 'STAFF'$q$ end);
    execute format('create policy own_rows on %I for insert to portico_app with check (%s)', item.name, own);
    execute format('create policy own_rows_changed on %I for update to portico_app using (%s) with check (%2$s)', item.name, own);
    execute format('create policy own_rows_deleted on %I for delete to portico_app using (%s)', item.name, own);
  end loop;
end $$;
