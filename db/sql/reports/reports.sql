-- Reports for staff over all customers, one block for each figure. A month is one of UTC, written as its first day. :from_at and :until_at are where the first month
-- begins and the last one ends. Each reads rows that tell what was, so a past month does not change with what is today. docs/merchant.md has the definitions in words.

-- name: reports.mrr
-- returns: MonthlyAmount
-- Sum the prices of the subscriptions that were ACTIVE at the end of each month, each in the length of a month: price times quantity, before coupons. A month is a twelfth of a
-- year of 365.25 days.
with change as (
    select s.currency, moved.at, moved.sign * p.unit_minor * s.quantity
             / (p.interval_count * case p.billing_interval when 'MONTH' then 1 when 'YEAR' then 12 when 'WEEK' then 7 * 12 / 365.25 else 12 / 365.25 end) as minor
      from subscription_state s
      join price p on p.id = s.price_id
     cross join lateral (values (s.began_at, 1), (s.ended_at, -1)) moved (at, sign)
     where s.status = 'ACTIVE' and moved.at < :until_at and (cast(:currency as text) is null or s.currency = :currency)),
monthly as (
    select currency, date_trunc('month', greatest(at, cast(:from_at as timestamptz)) at time zone 'UTC')::date as month, sum(minor) as minor from change group by 1, 2)
select m.month::date as month, c.currency, cast(round(sum(coalesce(d.minor, 0)) over (partition by c.currency order by m.month)) as bigint) as minor
  from generate_series(cast(:from_at as timestamptz) at time zone 'UTC', cast(:until_at as timestamptz) at time zone 'UTC' - interval '1 day', interval '1 month') m (month)
 cross join (select distinct currency from monthly) c
  left join monthly d on d.currency = c.currency and d.month = m.month::date

-- name: reports.active_subscriptions
-- returns: MonthlyCount
-- Count the subscriptions that were ACTIVE at the end of each month: not in a trial, paused, suspended or ended.
with monthly as (
    select s.currency, date_trunc('month', greatest(moved.at, cast(:from_at as timestamptz)) at time zone 'UTC')::date as month, sum(moved.sign) as number
      from subscription_state s
     cross join lateral (values (s.began_at, 1), (s.ended_at, -1)) moved (at, sign)
     where s.status = 'ACTIVE' and moved.at < :until_at and (cast(:currency as text) is null or s.currency = :currency)
     group by 1, 2)
select m.month::date as month, c.currency, cast(sum(coalesce(d.number, 0)) over (partition by c.currency order by m.month) as integer) as number
  from generate_series(cast(:from_at as timestamptz) at time zone 'UTC', cast(:until_at as timestamptz) at time zone 'UTC' - interval '1 day', interval '1 month') m (month)
 cross join (select distinct currency from monthly) c
  left join monthly d on d.currency = c.currency and d.month = m.month::date

-- name: reports.ended_subscriptions
-- returns: MonthlyCount
-- Count the subscriptions that ended in each month, and were ACTIVE at its start: the numerator of churn. The denominator is the number of active subscriptions at the end of the
-- month before.
select ended.month::date as month, ended.currency, cast(count(*) as integer) as number
  from (select customer_id, subscription_id, currency, date_trunc('month', began_at at time zone 'UTC') as month
          from subscription_state
         where status = 'CANCELED' and began_at >= :from_at and began_at < :until_at
           and (cast(:currency as text) is null or currency = :currency)) ended
 where exists (select from subscription_state s
                where s.customer_id = ended.customer_id and s.subscription_id = ended.subscription_id and s.status = 'ACTIVE'
                  and s.began_at < ended.month at time zone 'UTC' and s.ended_at >= ended.month at time zone 'UTC')
 group by ended.month, ended.currency

-- name: reports.collected
-- returns: MonthlyAmount
-- Sum the payments that settled in each month, also what staff recorded, and what was given back later.
select date_trunc('month', settled_at at time zone 'UTC')::date as month, currency, cast(sum(amount_minor) as bigint) as minor
  from payment
 where status in ('SUCCEEDED', 'REFUNDED') and settled_at >= :from_at and settled_at < :until_at
   and (cast(:currency as text) is null or currency = :currency)
 group by 1, 2

-- name: reports.refunded
-- returns: MonthlyAmount
-- Sum the refunds that were carried out in each month: by the merchant, and what a bank took back. A dispute that the merchant won counts no longer.
select date_trunc('month', settled_at at time zone 'UTC')::date as month, currency, cast(sum(amount_minor) as bigint) as minor
  from refund
 where status = 'SUCCEEDED' and settled_at >= :from_at and settled_at < :until_at
   and (cast(:currency as text) is null or currency = :currency)
 group by 1, 2

-- name: reports.open_amount
-- returns: MonthlyAmount
-- Sum what remained of issued invoices at the end of each month: their totals, less what had been paid, credited and not given back by then. Void invoices were never owed.
with change as (
    select currency, issued_at as at, total_minor as minor from invoice where status <> 'VOID'
     union all
    select a.currency, p.settled_at, -a.amount_minor
      from payment_allocation a
      join payment p on p.customer_id = a.customer_id and p.id = a.payment_id
     where a.invoice_id is not null and p.status in ('SUCCEEDED', 'REFUNDED')
     union all
    select t.currency, r.settled_at, t.amount_minor
      from refund_allocation t
      join refund r on r.customer_id = t.customer_id and r.id = t.refund_id
     where t.invoice_id is not null
     union all
    select currency, created_at, amount_minor from balance_entry where kind = 'APPLIED_TO_INVOICE' and invoice_id is not null
     union all
    select currency, issued_at, -released_minor - refunded_minor from credit_note
     union all
    -- Nothing of a void invoice counts, so what was paid or credited of it is taken out again.
    select currency, issued_at, paid_minor + credited_minor from invoice where status = 'VOID' and paid_minor + credited_minor > 0),
monthly as (
    select currency, date_trunc('month', greatest(at, cast(:from_at as timestamptz)) at time zone 'UTC')::date as month, sum(minor) as minor
      from change
     where at < :until_at and (cast(:currency as text) is null or currency = :currency)
     group by 1, 2)
select m.month::date as month, c.currency, cast(sum(coalesce(d.minor, 0)) over (partition by c.currency order by m.month) as bigint) as minor
  from generate_series(cast(:from_at as timestamptz) at time zone 'UTC', cast(:until_at as timestamptz) at time zone 'UTC' - interval '1 day', interval '1 month') m (month)
 cross join (select distinct currency from monthly) c
  left join monthly d on d.currency = c.currency and d.month = m.month::date
