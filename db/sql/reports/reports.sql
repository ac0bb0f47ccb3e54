-- Reports for staff over all customers, one block for each figure. :starts are the instants at which the months begin, and at last the one at which the last month ends; `month`
-- counts them from 1. Each block reads rows that tell what was, so a past month does not change with what is today. docs/merchant.md has the definitions in words.

-- name: reports.mrr
-- returns: MonthlyAmount
-- Sum the prices of the subscriptions that were ACTIVE at the end of each month, each in the length of a month: price times quantity, before coupons. A month is a twelfth of a
-- year of 365.25 days.
with span as (
    select s.currency, s.price_id, moved.sign, greatest(width_bucket(moved.at, :starts), 1) as month, sum(s.quantity) as quantity
      from subscription_state s
     cross join lateral (values (s.began_at, 1), (s.ended_at, -1)) moved (at, sign)
     where s.status = 'ACTIVE' and moved.at < cast(:until_at as timestamptz) and (cast(:currency as text) is null or s.currency = :currency)
     group by 1, 2, 3, 4),
change as (
    select s.currency, s.month,
           sum(s.sign * s.quantity * p.unit_minor
               / (p.interval_count * case p.billing_interval when 'MONTH' then 1 when 'YEAR' then 12 when 'WEEK' then 7 * 12 / 365.25 else 12 / 365.25 end)) as minor
      from span s
      join price p on p.id = s.price_id
     group by 1, 2)
select cast(m.month as integer) as month, c.currency, cast(round(sum(coalesce(d.minor, 0)) over (partition by c.currency order by m.month)) as bigint) as minor
  from generate_series(1, cardinality(cast(:starts as timestamptz[])) - 1) m (month)
 cross join (select distinct currency from change) c
  left join change d on d.currency = c.currency and d.month = m.month

-- name: reports.active_subscriptions
-- returns: MonthlyCount
-- Count the subscriptions that were ACTIVE at the end of each month: not in a trial, paused, suspended or ended.
with change as (
    select s.currency, greatest(width_bucket(moved.at, :starts), 1) as month, sum(moved.sign) as number
      from subscription_state s
     cross join lateral (values (s.began_at, 1), (s.ended_at, -1)) moved (at, sign)
     where s.status = 'ACTIVE' and moved.at < cast(:until_at as timestamptz) and (cast(:currency as text) is null or s.currency = :currency)
     group by 1, 2)
select cast(m.month as integer) as month, c.currency, cast(sum(coalesce(d.number, 0)) over (partition by c.currency order by m.month) as integer) as number
  from generate_series(1, cardinality(cast(:starts as timestamptz[])) - 1) m (month)
 cross join (select distinct currency from change) c
  left join change d on d.currency = c.currency and d.month = m.month

-- name: reports.ended_subscriptions
-- returns: MonthlyCount
-- Count the subscriptions that ended in each month, and were ACTIVE at its start: the numerator of churn. The denominator is the number of active subscriptions at the end of the
-- month before.
select ended.month, ended.currency, cast(count(*) as integer) as number
  from (select customer_id, subscription_id, currency, width_bucket(began_at, cast(:starts as timestamptz[])) as month
          from subscription_state
         where status = 'CANCELED' and began_at >= (cast(:starts as timestamptz[]))[1] and began_at < cast(:until_at as timestamptz)
           and (cast(:currency as text) is null or currency = :currency)) ended
 where exists (select from subscription_state s
                where s.customer_id = ended.customer_id and s.subscription_id = ended.subscription_id and s.status = 'ACTIVE'
                  and s.began_at < (cast(:starts as timestamptz[]))[ended.month] and s.ended_at >= (cast(:starts as timestamptz[]))[ended.month])
 group by ended.month, ended.currency

-- name: reports.collected
-- returns: MonthlyAmount
-- Sum the payments that settled in each month, also what staff recorded, and what was given back later.
select width_bucket(settled_at, cast(:starts as timestamptz[])) as month, currency, cast(sum(amount_minor) as bigint) as minor
  from payment
 where status in ('SUCCEEDED', 'REFUNDED') and settled_at >= (cast(:starts as timestamptz[]))[1] and settled_at < cast(:until_at as timestamptz)
   and (cast(:currency as text) is null or currency = :currency)
 group by 1, 2

-- name: reports.refunded
-- returns: MonthlyAmount
-- Sum the refunds that were carried out in each month: by the merchant, and what a bank took back. A dispute that the merchant won counts no longer.
select width_bucket(settled_at, cast(:starts as timestamptz[])) as month, currency, cast(sum(amount_minor) as bigint) as minor
  from refund
 where status = 'SUCCEEDED' and settled_at >= (cast(:starts as timestamptz[]))[1] and settled_at < cast(:until_at as timestamptz)
   and (cast(:currency as text) is null or currency = :currency)
 group by 1, 2

-- name: reports.open_amount
-- returns: MonthlyAmount
-- Sum what remained of issued invoices at the end of each month: their totals, less what had been paid, credited and not given back by then. Void invoices were never owed.
with change as (
    -- Nothing of a void invoice is owed, so what was paid or credited of it is taken out again.
    select currency, greatest(width_bucket(issued_at, :starts), 1) as month, sum(case when status = 'VOID' then paid_minor + credited_minor else total_minor end) as minor
      from invoice where issued_at < cast(:until_at as timestamptz) group by 1, 2
     union all
    -- What payments paid of invoices is all of them, less what paid installments without an invoice and what became credit: `invariants.payment_allocated`. Few do, so that no join
    -- of all payments is needed.
    select currency, greatest(width_bucket(settled_at, :starts), 1), -sum(amount_minor)
      from payment
     where status in ('SUCCEEDED', 'REFUNDED') and settled_at < cast(:until_at as timestamptz)
     group by 1, 2
     union all
    select o.currency, greatest(width_bucket(p.settled_at, :starts), 1), sum(o.amount_minor)
      from (select customer_id, payment_id, currency, amount_minor
              from payment_allocation
             where installment_id is not null and invoice_id is null
             union all
            select customer_id, payment_id, currency, amount_minor
              from balance_entry
             where payment_id is not null and kind in ('OVERPAYMENT', 'PAYMENT')) o
      join payment p on p.customer_id = o.customer_id and p.id = o.payment_id and p.currency = o.currency
     where p.status in ('SUCCEEDED', 'REFUNDED') and p.settled_at < cast(:until_at as timestamptz)
     group by 1, 2
     union all
    select t.currency, greatest(width_bucket(r.settled_at, :starts), 1), sum(t.amount_minor)
      from refund_allocation t
      join refund r on r.customer_id = t.customer_id and r.id = t.refund_id and r.currency = t.currency
     where t.invoice_id is not null and r.settled_at < cast(:until_at as timestamptz)
     group by 1, 2
     union all
    select currency, greatest(width_bucket(created_at, :starts), 1), sum(amount_minor)
      from balance_entry where kind = 'APPLIED_TO_INVOICE' and invoice_id is not null and created_at < cast(:until_at as timestamptz) group by 1, 2
     union all
    select currency, greatest(width_bucket(issued_at, :starts), 1), -sum(released_minor + refunded_minor)
      from credit_note where issued_at < cast(:until_at as timestamptz) group by 1, 2),
monthly as (
    select currency, month, sum(minor) as minor from change where cast(:currency as text) is null or currency = :currency group by 1, 2)
select cast(m.month as integer) as month, c.currency, cast(sum(coalesce(d.minor, 0)) over (partition by c.currency order by m.month) as bigint) as minor
  from generate_series(1, cardinality(cast(:starts as timestamptz[])) - 1) m (month)
 cross join (select distinct currency from monthly) c
  left join monthly d on d.currency = c.currency and d.month = m.month
