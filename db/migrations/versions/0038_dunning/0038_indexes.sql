-- Pages of what is owed by all customers, by due day and by amount.
create index concurrently invoice_open_by_due on invoice (due_on, id) where remaining_minor > 0;
create index concurrently invoice_open_by_amount on invoice (currency, remaining_minor, id) where remaining_minor > 0;
create index concurrently installment_open_by_due on installment (due_on, id) where remaining_minor > 0 and invoice_id is null;
create index concurrently installment_open_by_amount on installment (currency, remaining_minor, id) where remaining_minor > 0 and invoice_id is null;
-- Holds that the clock sets again when a promise is broken.
create index concurrently invoice_hold_paused on invoice (promise_until, customer_id, id) where is_hold_paused;
