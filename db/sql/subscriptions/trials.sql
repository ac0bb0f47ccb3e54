-- name: taken_plans.add
-- returns: TakenPlanRow
-- The plans that a subscription takes on; what is known already is left as it is. A second trial of the same plan is not written: its row is not among those that come back.
insert into taken_plan (customer_id, plan_id, subscription_id, has_trial, taken_at)
select :customer_id, n.plan_id, n.subscription_id, n.has_trial, n.taken_at
  from jsonb_to_recordset(cast(:rows as jsonb)) n (plan_id text, subscription_id text, has_trial boolean, taken_at timestamptz)
    on conflict do nothing
returning customer_id, plan_id, subscription_id, has_trial, taken_at

-- name: taken_plans.remove
-- returns: nothing
-- Those of a subscription that ended before it began.
delete from taken_plan where customer_id = :customer_id and subscription_id = :subscription_id
