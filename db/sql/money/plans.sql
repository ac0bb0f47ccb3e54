-- name: plans.by_id
-- returns: PlanRow
-- revised by: catalog
select * from portal_plan where id = :key

-- name: plans.listed
-- returns: PlanRow
-- order name: name asc, id asc
-- revised by: catalog
-- Select the plans on sale: those that are not archived and have a price in the requested currency and interval.
select * from portal_plan p
 where not is_archived
   and exists (select from price r
                where r.plan_id = p.id and not r.is_archived
                  and (cast(:currency as text) is null or r.currency = :currency)
                  and (cast(:interval as text) is null or r.billing_interval = :interval))

-- name: prices.by_id
-- returns: PriceRow
-- revised by: catalog
select * from portal_price where id = :key

-- name: prices.of_plan
-- returns: PriceRow
-- revised by: catalog
-- Select the prices of one plan that are on sale, by currency, the smallest first.
select * from portal_price where plan_id = :key and not is_archived order by currency, unit_minor, id

-- name: coupons.by_id
-- returns: CouponRow
-- revised by: customer, catalog
-- Select a coupon that the customer has redeemed. Customers can list and look up no other coupon; staff who write the catalog see all.
select * from portal_coupon c
 where id = :key and (staff_may('catalog:write') or exists (select from coupon_redemption r where r.coupon_id = c.id and r.customer_id = :customer_id))

-- name: coupon_redemptions.of_subscription
-- returns: CouponRedemptionRow
-- revised by: customer
-- Select the active coupon of a subscription; there is at most one.
select * from portal_coupon_redemption where customer_id = :customer_id and subscription_id = :key
