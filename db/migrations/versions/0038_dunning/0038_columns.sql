-- `issued_due_on`: the due day that the document prints, once staff have extended the due day; null as long as both are the same.
-- `promised_on`: the day until which the customer has promised to pay. `promise_until`: the instant at which dunning goes on; null where the promise has ended before its
-- day. Until then the clock neither charges the invoice nor holds its subscription for it.
-- `is_hold_paused`: dunning held the subscription when the promise was made, and holds it again if the promise is broken.
alter table invoice
  add column issued_due_on date,
  add column promised_on date,
  add column promise_note text check (length(promise_note) between 1 and 500),
  add column promise_until timestamptz,
  add column is_hold_paused boolean not null default false,
  add check (promised_on is not null or (promise_note is null and promise_until is null and not is_hold_paused));

grant update (due_on, issued_due_on, promised_on, promise_note, promise_until, is_hold_paused) on invoice to portico_app;
