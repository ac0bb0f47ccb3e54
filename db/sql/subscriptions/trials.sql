-- name: taken_plans.add
-- returns: TakenPlanRow
-- Record the plans that a subscription takes; existing records do not change. A second trial of the same plan is not written, so its row is not returned.
insert into taken_plan (customer_id, plan_id, subscription_id, has_trial, taken_at)
select :customer_id, n.plan_id, n.subscription_id, n.has_trial, n.taken_at
  from jsonb_to_recordset(cast(:rows as jsonb)) n (plan_id text, subscription_id text, has_trial boolean, taken_at timestamptz)
    on conflict do nothing
returning customer_id, plan_id, subscription_id, has_trial, taken_at

-- name: taken_plans.remove
-- returns: nothing
-- Remove the records of a subscription that ended before it began.
delete from taken_plan where customer_id = :customer_id and subscription_id = :subscription_id
