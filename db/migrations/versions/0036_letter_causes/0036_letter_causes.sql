-- What causes a letter about money, in the transaction of the cause. The worker makes the letter of it, when the number of an invoice is known. The primary key is why
-- nothing causes two: an object causes one letter of a kind, or one for each occurrence, such as a date of renewal. It has no text of the letter and no address.
create table letter_cause (
  customer_id text collate "C" not null references customer (id),
  kind        text collate "C" not null,
  object_id   text collate "C" not null,
  occurrence  text collate "C" not null default '',
  written_at  timestamptz not null,
  tries       integer not null default 0,
  -- Not before this instant; null once the letter has been made, or there is none to be made.
  compose_at  timestamptz,
  primary key (customer_id, kind, object_id, occurrence)
);
create index letter_cause_to_compose on letter_cause (compose_at, customer_id) where compose_at is not null;
create index letter_cause_past on letter_cause (written_at) where compose_at is null;

alter table letter_cause enable row level security;
alter table letter_cause force row level security;
create policy own_rows on letter_cause to portico_app
  using (case when customer_id = nullif(current_setting('app.customer_id', true), '') then true else false end)
  with check (customer_id = nullif(current_setting('app.customer_id', true), ''));
create policy any_row_for_system on letter_cause for select to portico_app using (case when current_setting('app.actor', true) = 'SYSTEM' then true else false end);
create policy past_forgotten_by_system on letter_cause for delete to portico_app
  using (current_setting('app.actor', true) = 'SYSTEM' and compose_at is null and written_at < operation_now() - interval '60 days');
call guard_staff_writes('letter_cause');

grant select, insert, delete on letter_cause to portico_app;
grant update (tries, compose_at) on letter_cause to portico_app;

-- Whoever writes what causes a letter writes the cause.
insert into staff_write (relation, scope)
select distinct 'letter_cause', scope
  from staff_write
 where relation in ('invoice', 'credit_note', 'payment', 'refund', 'subscription_event');

-- The worker finds cards that are about to expire, and then acts for their customers.
create policy any_row_for_system on payment_method for select to portico_app using (case when current_setting('app.actor', true) = 'SYSTEM' then true else false end);
