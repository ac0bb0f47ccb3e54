-- What processors tell by themselves: stored first, then acted on, once. Of no customer, because nobody knows whose it is before it is read.
create table webhook_event (
  processor    text not null check (length(processor) between 1 and 40),
  id           text not null check (length(id) between 1 and 255),
  kind         text not null,
  payment_id   text collate "C",
  event        json not null,
  received_at  timestamptz not null,
  processed_at timestamptz,
  primary key (processor, id)
);
create index webhook_event_open on webhook_event (received_at) where processed_at is null;

-- When it was paid back last, for the statement of account.
alter table payment add column refunded_at timestamptz;
update payment set refunded_at = settled_at where refunded_minor > 0;

create policy any_row_for_system on payment for select to portico_app using (case when current_setting('app.actor', true) = 'SYSTEM' then true else false end);

grant select, insert on webhook_event to portico_app;
grant update (processed_at) on webhook_event to portico_app;
grant update (refunded_at) on payment to portico_app;
grant insert on payment_method to portico_app;
grant update (kind, brand, last4, expires_on, processor, processor_reference, is_default, version, deleted_at) on payment_method to portico_app;
grant update (paid_minor, status, version) on installment, payment_schedule to portico_app;
grant delete on payment_allocation to portico_app;
