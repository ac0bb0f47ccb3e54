-- A refund that staff began, and what the processor is sent. It is open until the processor's result is known: a webhook, a repeated call and the worker all look here.
-- `note` is the credit note that is issued when the refund has succeeded, for a refund that is a part of a credit note.
create table refund_request (
  customer_id text collate "C" not null,
  refund_id   text collate "C" not null,
  payment_id  text collate "C" not null,
  invoice_id  text collate "C",
  processor   text not null,
  mutation    text not null,
  key         text,
  caller      text,
  request     json not null,
  note        json,
  answer      json not null,
  started_at  timestamptz not null,
  settled_at  timestamptz,
  primary key (customer_id, refund_id),
  foreign key (customer_id, refund_id) references refund (customer_id, id),
  foreign key (customer_id, payment_id) references payment (customer_id, id),
  foreign key (customer_id, invoice_id) references invoice (customer_id, id),
  check ((note is null) = (invoice_id is null))
);
create index refund_request_open on refund_request (started_at) where settled_at is null;
create index refund_request_of_payment on refund_request (customer_id, payment_id);
create index refund_request_of_invoice on refund_request (customer_id, invoice_id) where settled_at is null and invoice_id is not null;

alter table refund_request enable row level security;
alter table refund_request force row level security;
create policy own_rows on refund_request to portico_app
  using (case when customer_id = nullif(current_setting('app.customer_id', true), '') then true else false end)
  with check (customer_id = nullif(current_setting('app.customer_id', true), ''));
create policy any_row_for_staff on refund_request for select to portico_app using (case when current_setting('app.actor', true) = 'STAFF' then true else false end);
-- The billing clock looks for open requests of all customers.
create policy any_row_for_system on refund_request for select to portico_app using (case when current_setting('app.actor', true) = 'SYSTEM' then true else false end);
call guard_staff_writes('refund_request');

insert into staff_write (relation, scope) values ('refund_request', 'payments:refund');
-- A credit note whose refunded part goes back by the processor needs the scope of refunds, too.
delete from staff_write where scope = 'invoices:write' and relation in ('refund', 'refund_allocation', 'payment', 'payment_allocation', 'installment', 'payment_schedule');
-- A hold that is lifted may begin a period: it uses coupons, and a credit note or a recorded payment may lift it.
insert into staff_write (relation, scope)
select relation, scope
  from unnest(array['coupon', 'coupon_redemption', 'taken_plan']) relation
 cross join unnest(array['invoices:write', 'payments:record', 'payments:refund']) scope
    on conflict do nothing;

grant select, insert on refund_request to portico_app;
grant update (settled_at) on refund_request to portico_app;
