-- The short reads of the peers that resolve field by field (Strawberry, Apollo, Mercurius). $1 is the customer; loaders pass their keys as $2.
-- They use the database's views where there is one (overdue, totals, next payment), as a developer with access to them would.

-- name: customer
select id, name from customer where id = $1

-- name: totals
select currency, balance_minor, due_minor, overdue_minor, processing_minor from portal_total where customer_id = $1 order by currency

-- name: payables
select o.currency, cast(o.minor - greatest(least(o.documents, coalesce((select b.balance_minor from account_balance b where b.customer_id = $1 and b.currency = o.currency), 0)
         - (select coalesce(sum(h.reserved_minor), 0) from charge h where h.customer_id = $1 and h.currency = o.currency and h.settled_at is null)), 0) as bigint) as charged_minor
  from (select currency, sum(payable_minor) as minor, coalesce(sum(payable_minor) filter (where kind <> 'ACCOUNT'), 0) as documents
          from payable_item where customer_id = $1 group by currency) o
 where o.minor > 0 order by o.currency

-- name: counts
select 'sum_' || right(customer_id, 26) as id, active_subscriptions, active_schedules from portal_summary where customer_id = $1

-- name: last_payment
select id, status, currency, amount_minor, created_at, settled_at, method_kind, method_brand, method_last4
  from payment where customer_id = $1 and status = 'SUCCEEDED' order by settled_at desc, id desc limit 1

-- name: next_payment
select due_on, kind, amount_minor, currency, source_id
  from portal_upcoming_payment where customer_id = $1 order by due_on, kind desc, source_id limit 1

-- name: subscriptions
select id, status, suspended_by, has_overdue, quantity, renews_at, renewal_minor, currency, plan_id,
       pending_kind, pending_at, pending_quantity, pending_resumes_at, pending_plan_id, pending_price_id,
       to_char(started_at at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"') as position
  from portal_subscription
 where customer_id = $1 and ($3::text[] is null or status = any($3))
 order by started_at desc, id desc limit $2

-- name: plans
select id, name from plan where id = any($1)

-- name: prices
select id, unit_minor, currency, billing_interval, interval_count from price where id = any($1)

-- name: schedules
select id, name, status, is_overdue, total_minor, remaining_minor, currency, to_char(created_at at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"') as position
  from portal_payment_schedule
 where customer_id = $1 and ($3::text[] is null or status = any($3))
 order by created_at desc, id desc limit $2

-- name: next_installments
select distinct on (schedule_id) schedule_id, id, name, due_on, is_overdue, remaining_minor, currency
  from portal_installment where customer_id = $1 and schedule_id = any($2) and remaining_minor > 0 order by schedule_id, due_on, id

-- name: payments
select id, status, currency, amount_minor, created_at, settled_at, method_kind, method_brand, method_last4,
       to_char(created_at at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"') as position
  from payment where customer_id = $1 order by created_at desc, id desc limit $2

-- name: allocations
select id, payment_id, invoice_id, amount_minor, currency from payment_allocation where customer_id = $1 and payment_id = any($2) order by id

-- name: invoices
select id, number, status from invoice where customer_id = $1 and id = any($2)

-- name: methods
select id, version, kind, brand, last4, expires_on, is_default, is_expired, is_in_use, has_payment_in_flight
  from portal_payment_method where customer_id = $1 order by is_default desc, created_at desc, id desc limit $2
