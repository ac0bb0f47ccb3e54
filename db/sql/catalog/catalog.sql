-- name: catalog.plans
-- returns: PlanRow
-- order code: code asc, id asc
-- Select all plans, the archived ones too.
select * from portal_plan
 where (cast(:code as text) is null or code = :code)
   and (cast(:is_archived as boolean) is null or is_archived = :is_archived)

-- name: catalog.prices
-- returns: PriceRow
-- order code: code asc, id asc
-- Select the present version of every price, archived ones too.
select * from portal_price
 where code is not null
   and (cast(:code as text) is null or code = :code)
   and (cast(:plan_id as text) is null or plan_id = :plan_id)
   and (cast(:is_archived as boolean) is null or is_archived = :is_archived)

-- name: catalog.coupons
-- returns: CouponRow
-- order code: code asc, id asc
-- Select all coupons, the archived ones too. For staff: customers see no coupon that they have not redeemed.
select * from portal_coupon
 where (cast(:code as text) is null or code = coupon_code(:code))
   and (cast(:is_archived as boolean) is null or is_archived = :is_archived)

-- name: catalog.cancellation_options
-- returns: CatalogCancellationOptionRow
-- order rank: rank asc, id asc
-- Select all cancellation options, the archived ones too.
select * from portal_catalog_cancellation_option
 where (cast(:code as text) is null or code = :code)
   and (cast(:is_archived as boolean) is null or is_archived = :is_archived)

-- name: catalog.cancellation_option
-- returns: CatalogCancellationOptionRow
select * from portal_catalog_cancellation_option where id = :key and staff_may('catalog:write')

-- name: catalog.earlier_prices
-- returns: EarlierPriceRow
-- Select the versions of prices that were replaced.
select id, former_code, currency, moves_to from price where former_code is not null

-- name: catalog.uses
-- returns: CatalogUseRow
-- Count the running subscriptions of each plan, of all versions of each price, and with each coupon.
select 'PLAN' as kind, l.code, cast(count(*) as integer) as subscriptions
  from subscription s
  join plan l on l.id = s.plan_id
 where s.status <> 'CANCELED'
 group by l.code
union all
select 'PRICE', coalesce(p.code, p.former_code), cast(count(*) as integer)
  from subscription s
  join price p on p.id = s.price_id
 where s.status <> 'CANCELED'
 group by 2
union all
select 'COUPON', c.code, cast(count(*) as integer)
  from coupon_redemption r
  join coupon c on c.id = r.coupon_id
 where r.ended_at is null
 group by c.code

-- name: catalog.moving_subscriptions
-- returns: Due
-- Select the subscriptions that pay one of these prices, or will after their pending change.
select customer_id, id from subscription
 where status <> 'CANCELED' and (price_id = any(:ids) or pending_price_id = any(:ids))
 order by customer_id, id

-- name: catalog.lock
-- returns: nothing
-- Let one transaction at a time change the catalog.
select from pg_advisory_xact_lock(hashtextextended('catalog', 0))

-- name: catalog.add_plan
-- returns: nothing
insert into plan (id, code, name, description, trial_days, is_archived, created_at)
values (:id, :code, :name, :description, :trial_days, :is_archived, :now)

-- name: catalog.change_plan
-- returns: nothing
update plan set name = :name, description = :description, trial_days = :trial_days, is_archived = :is_archived where id = :id

-- name: catalog.add_price
-- returns: nothing
insert into price (id, code, plan_id, currency, unit_minor, billing_interval, interval_count, tax_behavior, is_archived, created_at)
values (:id, :code, :plan_id, :currency, :unit_minor, :billing_interval, :interval_count, :tax_behavior, :is_archived, :now)

-- name: catalog.change_price
-- returns: nothing
update price set is_archived = :is_archived where id = :id

-- name: catalog.replace_price
-- returns: nothing
-- Take the code from a version of a price, before the next version is added with it.
update price set former_code = code, code = null, is_archived = true where id = :id and code is not null

-- name: catalog.move_price
-- returns: RegistryId
-- Let subscriptions to earlier versions of a price move to the present one. Those in another currency stay.
update price set moves_to = :id
 where former_code = :code and currency = :currency and moves_to is distinct from :id
returning id

-- name: catalog.add_coupon
-- returns: nothing
insert into coupon (id, code, name, percent_off_ppm, amount_off_minor, currency, duration, duration_periods, redeem_until_on, max_redemptions, is_active, created_at)
values (:id, :code, :name, :percent_off_ppm, :amount_off_minor, :currency, :duration, :duration_periods, :redeem_until_on, :max_redemptions, not cast(:is_archived as boolean), :now)

-- name: catalog.change_coupon
-- returns: RegistryId
-- No row if the coupon was redeemed more often meanwhile.
update coupon set name = :name, redeem_until_on = :redeem_until_on, max_redemptions = :max_redemptions, is_active = not cast(:is_archived as boolean)
 where id = :id and (cast(:max_redemptions as integer) is null or redeemed_count <= :max_redemptions)
returning id

-- name: catalog.add_cancellation_option
-- returns: nothing
insert into retention_offer (id, code, rank, kind, headline, plan_id, coupon_id, is_active)
values (:id, :code, :rank, :kind, :headline, :plan_id, :coupon_id, not cast(:is_archived as boolean))

-- name: catalog.change_cancellation_option
-- returns: nothing
update retention_offer
   set rank = :rank, kind = :kind, headline = :headline, plan_id = :plan_id, coupon_id = :coupon_id, is_active = not cast(:is_archived as boolean)
 where id = :id
