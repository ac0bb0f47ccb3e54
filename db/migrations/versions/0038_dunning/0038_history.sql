-- What a subscription was, and from when to when: its state, price and quantity. A row is added with each change, by the trigger below, so that reports of past months do
-- not depend on what the subscription is today. `ended_at` is null in the row that holds now.
create table subscription_state (
  customer_id     text collate "C" not null,
  subscription_id text collate "C" not null,
  began_at        timestamptz not null,
  ended_at        timestamptz check (ended_at > began_at),
  status          text not null,
  price_id        text collate "C" not null,
  quantity        integer not null,
  currency        text not null,
  primary key (customer_id, subscription_id, began_at),
  foreign key (customer_id, subscription_id) references subscription (customer_id, id) on delete cascade
);
alter table subscription_state enable row level security;
alter table subscription_state force row level security;
create policy own_rows on subscription_state to portico_app
  using (case when customer_id = nullif(current_setting('app.customer_id', true), '') then true else false end)
  with check (customer_id = nullif(current_setting('app.customer_id', true), ''));
create policy any_row_for_staff on subscription_state for select to portico_app using (case when current_setting('app.actor', true) = 'STAFF' then true else false end);
call guard_staff_writes('subscription_state');
grant select, insert on subscription_state to portico_app;
grant update (ended_at, status, price_id, quantity) on subscription_state to portico_app;

-- Whoever writes a subscription writes its history.
insert into staff_write (relation, scope) select 'subscription_state', scope from staff_write where relation = 'subscription';

-- A change counts from the instant of the row that it is about, if that is after the change before it and not in the future: the clock may be late. Several changes at one
-- instant are one.
create function write_subscription_state() returns trigger language plpgsql set search_path = portico as $$
declare
  written_at constant timestamptz := coalesce(operation_now(), now());
  changed_at timestamptz;
  before_at timestamptz;
begin
  changed_at := case
    when tg_op = 'INSERT' then new.started_at
    when new.status = 'CANCELED' then new.canceled_at
    when new.status = 'PAUSED' then new.paused_at
    when new.status = 'SUSPENDED' then new.suspended_at
    when new.period_starts_at is distinct from old.period_starts_at then new.period_starts_at
  end;
  select max(s.began_at) into before_at from subscription_state s where s.customer_id = new.customer_id and s.subscription_id = new.id;
  if changed_at is null or changed_at > written_at or changed_at <= before_at then
    changed_at := greatest(written_at, before_at);
  end if;
  update subscription_state s set ended_at = changed_at
   where s.customer_id = new.customer_id and s.subscription_id = new.id and s.ended_at is null and s.began_at < changed_at;
  insert into subscription_state (customer_id, subscription_id, began_at, status, price_id, quantity, currency)
  values (new.customer_id, new.id, changed_at, new.status, new.price_id, new.quantity, new.currency)
      on conflict (customer_id, subscription_id, began_at) do update set status = excluded.status, price_id = excluded.price_id, quantity = excluded.quantity;
  return null;
end $$;
-- Rows that are loaded outside of operations get their history from their events (`add_subscription_states`).
create trigger write_subscription_state after insert on subscription for each row when (operation_now() is not null) execute function write_subscription_state();
create trigger write_changed_subscription_state after update of status, price_id, quantity on subscription for each row
  when ((old.status, old.price_id, old.quantity) is distinct from (new.status, new.price_id, new.quantity)) execute function write_subscription_state();

-- The history of subscriptions that have none follows from their events. Their earlier prices and quantities were not stored: those of today stand for them.
create procedure add_subscription_states() language sql set search_path = portico
begin atomic
  insert into subscription_state (customer_id, subscription_id, began_at, ended_at, status, price_id, quantity, currency)
  with begun as (
      select s.customer_id, s.id, least(s.started_at, s.created_at) as began_at, '' as event_id,
             case when s.trial_ends_at is not null then 'TRIALING' else 'ACTIVE' end as status
        from subscription s
       union all
      select e.customer_id, e.subscription_id, e.happened_at, e.id,
             case when e.kind in ('ACTIVATED', 'RENEWED', 'RESUMED', 'RELEASED') then 'ACTIVE' when e.kind = 'TRIAL_STARTED' then 'TRIALING'
                  when e.kind = 'HELD' then 'SUSPENDED' else e.kind end
        from subscription_event e
       where e.kind in ('ACTIVATED', 'RENEWED', 'RESUMED', 'RELEASED', 'TRIAL_STARTED', 'HELD', 'PAUSED', 'SUSPENDED', 'CANCELED')),
  -- Of several events at one instant the last counts.
  instants as (
      select distinct on (customer_id, id, began_at) customer_id, id, began_at, status from begun order by customer_id, id, began_at, event_id desc),
  spans as (
      select customer_id, id, began_at, lead(began_at) over (partition by customer_id, id order by began_at) as ended_at, status from instants)
  select s.customer_id, s.id, p.began_at, p.ended_at, case when p.ended_at is null then s.status else p.status end, s.price_id, s.quantity, s.currency
    from spans p
    join subscription s on s.customer_id = p.customer_id and s.id = p.id
   where not exists (select from subscription_state h where h.customer_id = s.customer_id and h.subscription_id = s.id);
end;

-- Row security is forced on the owner too, so it is set aside to read and write the rows of all customers.
alter table subscription no force row level security;
alter table subscription_event no force row level security;
alter table subscription_state no force row level security;
call add_subscription_states();
set constraints all immediate;
set constraints all deferred;
alter table subscription force row level security;
alter table subscription_event force row level security;
alter table subscription_state force row level security;

-- Erasing a customer keeps the history and the dates, and deletes what staff noted.
insert into column_erasure (relation, attribute, treatment, is_exported)
select 'subscription_state', attname, 'KEPT', true from pg_attribute where attrelid = 'subscription_state'::regclass and attnum > 0 and not attisdropped;
insert into column_erasure (relation, attribute, treatment, is_exported)
select 'invoice', name, case name when 'promise_note' then 'REPLACED' else 'KEPT' end, name <> 'promise_note'
  from unnest(array['issued_due_on', 'promised_on', 'promise_note', 'promise_until', 'is_hold_paused']) name;
