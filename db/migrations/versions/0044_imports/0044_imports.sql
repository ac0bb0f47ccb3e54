-- An imported subscription is held by the import until it is released. The new values are those that the old ones allow, and one more, so no stored row is checked.
alter table subscription drop constraint subscription_holds_check;
alter table subscription add constraint subscription_holds_check check (holds <@ array['CUSTOMER', 'MERCHANT', 'DUNNING', 'IMPORT']) not valid;
alter table subscription drop constraint subscription_suspended_by_check;
alter table subscription add constraint subscription_suspended_by_check check (suspended_by in ('CUSTOMER', 'MERCHANT', 'DUNNING', 'IMPORT')) not valid;

-- When the row was imported; null for what this portal made. What was closed by then is the record of another system, which nothing here changes.
alter table invoice add column imported_at timestamptz;
alter table payment add column imported_at timestamptz;

-- The import runs as the owner of the tables, who may load rows without events, and writes rows of the customer whom its transaction names. The policies apply while `app.actor`
-- is IMPORT; the application has none for it.
do $$
declare
  written text;
begin
  foreach written in array array['customer', 'payment_method', 'subscription', 'subscription_event', 'subscription_state', 'taken_plan', 'coupon_redemption', 'payment_schedule',
                                 'installment', 'invoice', 'invoice_line', 'payment', 'payment_allocation', 'refund', 'refund_allocation', 'credit_note', 'credit_note_line',
                                 'balance_entry', 'document_snapshot'] loop
    execute format('create policy seen_by_import on %I for select to portico_owner using (current_setting(''app.actor'', true) = ''IMPORT'')', written);
    execute format('create policy inserted_by_import on %1$I for insert to portico_owner
                      with check (current_setting(''app.actor'', true) = ''IMPORT'' and %2$I = nullif(current_setting(''app.customer_id'', true), ''''))',
                   written, case written when 'customer' then 'id' else 'customer_id' end);
    execute format('create policy changed_by_import on %1$I for update to portico_owner
                      using (current_setting(''app.actor'', true) = ''IMPORT'' and %2$I = nullif(current_setting(''app.customer_id'', true), ''''))',
                   written, case written when 'customer' then 'id' else 'customer_id' end);
  end loop;
end $$;
