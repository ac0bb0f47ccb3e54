-- What is known of the time before this version: the plans that subscriptions have now. The plan that a subscription had before a change was not recorded.
-- Row security is forced on the owner too, so it is set aside for the migration.
alter table customer no force row level security;
alter table subscription no force row level security;
alter table subscription_event no force row level security;
alter table taken_plan no force row level security;

insert into taken_plan (customer_id, plan_id, subscription_id, has_trial, taken_at)
select s.customer_id, s.plan_id, s.id, s.is_known and row_number() over (partition by s.customer_id, s.plan_id, s.is_known order by s.created_at, s.id) = 1, s.created_at
  from (select *, trial_ends_at is not null
                  and not exists (select from subscription_event e
                                   where e.customer_id = b.customer_id and e.subscription_id = b.id and e.kind = 'PLAN_CHANGED') as is_known
          from subscription b
         where status <> 'CANCELED' or period_starts_at is not null) s
    on conflict do nothing;

-- What starts later with a trial is invoiced when the trial ends, and shows that from the beginning.
update subscription set renews_at = trial_ends_at, version = version + 1 where status = 'SCHEDULED' and renews_at < trial_ends_at;

alter table customer force row level security;
alter table subscription force row level security;
alter table subscription_event force row level security;
alter table taken_plan force row level security;
