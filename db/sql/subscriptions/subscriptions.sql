-- name: subscriptions.by_id
-- returns: SubscriptionRow
-- revised by: customer, catalog
select * from portal_subscription where customer_id = :customer_id and id = :key

-- name: subscriptions.of_customer
-- returns: SubscriptionRow
-- order newest: started_at desc, id desc
-- order oldest: started_at asc, id asc
-- revised by: customer, catalog
select * from portal_subscription
 where customer_id = :key and customer_id = :customer_id
   and (cast(:status as text[]) is null or status = any(:status))
   and (cast(:plan_id as text) is null or plan_id = :plan_id)

-- name: subscriptions.of_plan
-- returns: SubscriptionRow
-- order newest: started_at desc, id desc
-- order oldest: started_at asc, id asc
-- revised by: customer, catalog
-- Select the customer's own subscriptions to one plan.
select * from portal_subscription
 where customer_id = :customer_id and plan_id = :key
   and (cast(:status as text[]) is null or status = any(:status))
   and (cast(:plan_id as text) is null or plan_id = :plan_id)

-- name: subscriptions.of_method
-- returns: SubscriptionRow
-- order newest: started_at desc, id desc
-- order oldest: started_at asc, id asc
-- revised by: customer, catalog
-- Select the subscriptions that name one payment method. Subscriptions without a method of their own are billed to the default.
select * from portal_subscription
 where customer_id = :customer_id and payment_method_id = :key
   and (cast(:status as text[]) is null or status = any(:status))
   and (cast(:plan_id as text) is null or plan_id = :plan_id)

-- name: subscription_events.of_subscription
-- returns: SubscriptionEventRow
-- order newest: happened_at desc, id desc
-- order oldest: happened_at asc, id asc
-- revised by: customer
select * from portal_subscription_event where customer_id = :customer_id and subscription_id = :key
