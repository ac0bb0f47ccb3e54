-- Which plans the subscriptions of a customer have had, whatever became of them: who has had a plan gets no trial of it. `has_trial` marks the plan with whose trial
-- a subscription was ordered. A subscription that is canceled before it begins has had nothing, and its rows are deleted.
create table taken_plan (
  customer_id     text collate "C" not null,
  plan_id         text collate "C" not null references plan (id),
  subscription_id text collate "C" not null,
  has_trial       boolean not null,
  taken_at        timestamptz not null,
  primary key (customer_id, plan_id, subscription_id),
  foreign key (customer_id, subscription_id) references subscription (customer_id, id)
);
-- One trial for a customer and a plan, also where two orders come at once.
create unique index taken_plan_trial on taken_plan (customer_id, plan_id) where has_trial;

alter table taken_plan enable row level security;
alter table taken_plan force row level security;
create policy own_rows on taken_plan to portico_app
  using (case when customer_id = nullif(current_setting('app.customer_id', true), '') then true else false end)
  with check (customer_id = nullif(current_setting('app.customer_id', true), ''));
create policy any_row_for_staff on taken_plan for select to portico_app using (case when current_setting('app.actor', true) = 'STAFF' then true else false end);

grant select, insert, delete on taken_plan to portico_app;
