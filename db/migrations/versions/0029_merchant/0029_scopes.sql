-- The scopes of a staff caller, as the unit of work sets them (app.scopes, separated by spaces; `-` for none). A program of the version before sets none: its staff
-- may write what they could write then. A later revision removes that.
create function staff_may(scope text) returns boolean language sql stable
  return coalesce(current_setting('app.actor', true) = 'STAFF', false)
     and case when coalesce(current_setting('app.scopes', true), '') = ''
              then scope in ('subscriptions:hold', 'links:create', 'attachments:write', 'documents:publish')
              else string_to_array(current_setting('app.scopes', true), ' ') && array[scope, 'staff'] end;

-- Which scopes write a table. A later migration adds rows for what its mutations write.
create table staff_write (
  relation text not null,
  scope    text not null check (scope ~ '^[a-z]+:[a-z]+$'),
  primary key (relation, scope)
);
grant select on staff_write to portico_app;

create function staff_writes(written text) returns boolean language sql stable set search_path = portico
  return exists (select from staff_write w where w.relation = written and staff_may(w.scope));

-- Let staff write a table only with a scope that `staff_write` has for it. Beside the policies that say whose rows a caller may write: both must agree.
-- An update is checked by its new rows and not by the old ones, so that locks of rows (`for update`) need no scope, and a refused update is an error and not silence.
create procedure guard_staff_writes(written text) language plpgsql set search_path = portico as $$
declare
  allowed constant text := format('case when current_setting(''app.actor'', true) = ''STAFF'' then staff_writes(%L) else true end', written);
begin
  execute format('create policy staff_inserts on %I as restrictive for insert to portico_app with check (%s)', written, allowed);
  execute format('create policy staff_updates on %I as restrictive for update to portico_app using (true) with check (%s)', written, allowed);
  execute format('create policy staff_deletes on %I as restrictive for delete to portico_app using (%s)', written, allowed);
end $$;

-- Coupons belong to no customer, and orders count their redemptions.
alter table coupon enable row level security;
create policy read_by_all on coupon for select to portico_app using (true);
create policy redeemed_by_all on coupon for update to portico_app using (true);

do $$
declare
  written text;
begin
  -- Every table that the application may write, except the audit trail, to which all callers append, and what callers do not write.
  for written in
    select c.relname
      from pg_class c
     where c.relnamespace = 'portico'::regnamespace and c.relkind = 'r' and c.relrowsecurity and c.relname not in ('audit_event', 'job_pass')
       and (has_any_column_privilege('portico_app', c.oid, 'INSERT') or has_any_column_privilege('portico_app', c.oid, 'UPDATE')
            or has_table_privilege('portico_app', c.oid, 'DELETE'))
  loop
    call guard_staff_writes(written);
  end loop;
end $$;

-- A charge may renew first what is due, settle a payment, apply a refund that arrived before it, and lift holds: whoever charges writes all of these.
insert into staff_write (relation, scope)
select relation, scope
  from unnest(array['subscription', 'subscription_event', 'coupon', 'coupon_redemption', 'taken_plan', 'invoice', 'invoice_line', 'credit_note', 'credit_note_line',
         'document_snapshot', 'payment', 'payment_allocation', 'charge', 'balance_entry', 'refund', 'refund_allocation', 'installment', 'payment_schedule', 'letter']) relation
 cross join unnest(array['subscriptions:write', 'subscriptions:hold', 'payments:write']) scope;

insert into staff_write (relation, scope) values
  ('payment_method', 'methods:write'), ('subscription', 'methods:write'), ('invoice', 'methods:write'),
  ('customer', 'customers:write'), ('identity_link', 'customers:write'), ('letter', 'customers:write'),
  ('identity_link', 'links:create'), ('letter', 'links:create'),
  ('attachment', 'attachments:write'), ('loose_object', 'attachments:write'),
  ('stored_document', 'documents:publish'), ('document_use', 'documents:publish'),
  ('payment_schedule', 'schedules:write'), ('installment', 'schedules:write'),
  ('coupon', 'catalog:write'),
  ('balance_entry', 'balance:write');

-- What takes money in or back moves it between invoices, installments and the account, and may lift a hold.
insert into staff_write (relation, scope)
select relation, scope
  from unnest(array['invoice', 'invoice_line', 'credit_note', 'credit_note_line', 'document_snapshot', 'payment', 'payment_allocation', 'balance_entry', 'refund',
         'refund_allocation', 'installment', 'payment_schedule', 'subscription', 'subscription_event', 'letter']) relation
 cross join unnest(array['invoices:write', 'payments:record', 'payments:refund']) scope;

-- The operator's registry is written by the process itself, in no caller's name; documents are published by staff.
grant execute on function staff_may(text), staff_writes(text) to portico_app;
