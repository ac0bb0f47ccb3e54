-- `memo`: a text of the merchant that the document prints. `is_automatic`: the billing clock charges the invoice although it has no subscription.
-- `written_off_at`: the merchant no longer expects the money. It is still owed and can be paid, but it is not overdue, and the billing clock does not charge it.
alter table invoice
  add column memo text check (length(memo) between 1 and 1000),
  add column is_automatic boolean not null default false,
  add column written_off_at timestamptz;

alter table credit_note
  add column memo text check (length(memo) between 1 and 1000),
  drop constraint credit_note_reason_check,
  add constraint credit_note_reason_check check (reason in ('UNUSED_TIME', 'REFUND', 'CORRECTION', 'GOODWILL', 'DUPLICATE', 'ORDER_CHANGE'));

-- The line of the invoice that a line credits; null for a credit of the invoice as a whole.
alter table credit_note_line
  add column invoice_line_id text collate "C",
  add foreign key (customer_id, invoice_line_id) references invoice_line (customer_id, id);

-- Money that staff recorded has the processor MANUAL: the day on which it came, and what the bank or the check calls it.
alter table payment
  add column received_on date,
  add column reference text check (length(reference) between 1 and 200);

grant insert (memo, is_automatic) on invoice to portico_app;
grant update (written_off_at) on invoice to portico_app;
grant insert (memo) on credit_note to portico_app;
