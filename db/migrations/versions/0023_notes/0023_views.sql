-- What can be read about credit notes.

create view portal_credit_note with (security_invoker = true) as
select id, customer_id, number, reason, currency, invoice_id, refund_id, issued_at, subtotal_minor, tax_minor, total_minor, released_minor, granted_minor, refunded_minor
  from credit_note;

create view portal_credit_note_line with (security_invoker = true) as
select id, customer_id, credit_note_id, currency, position, description, subtotal_minor, tax_minor, total_minor, period_starts_at, period_ends_at
  from credit_note_line;

-- As before, and the refund or the credit note that an entry comes from.
create or replace view portal_balance_entry with (security_invoker = true) as
select id, customer_id, currency, amount_minor, kind, description, invoice_id, payment_id, created_at, refund_id, credit_note_id
  from balance_entry;

grant select on portal_credit_note, portal_credit_note_line to portico_app;
