-- name: contracts.lock
-- returns: Contract
-- Lock the customer and then the subscription, which is read after the lock, so that decisions about a customer's money are made one after the other.
with owner as materialized (select id, time_zone from customer where id = :customer_id for no key update)
select s.customer_id, s.id, s.plan_id, s.price_id, s.currency, s.quantity, s.status, s.holds, s.suspended_by, s.started_at, s.trial_ends_at, s.period_starts_at,
       s.period_ends_at, s.anchor_at, s.billing_zone, s.renews_at, s.renewal_minor, s.pending_kind, s.pending_at, s.pending_price_id, s.pending_plan_id,
       s.pending_quantity, s.pending_resumes_at, s.resumes_at, s.paused_at, s.suspended_at, s.canceled_at, s.cancel_reason, s.cancel_comment, s.payment_method_id,
       s.charging_payment_id, s.version, s.created_at, false as has_overdue
  from owner
  join subscription s on s.customer_id = owner.id and s.id = :key
 where s.customer_id = :customer_id
   for no key update of s

-- name: contracts.by_id
-- returns: Contract
-- Select the same without a lock, for previews.
select s.customer_id, s.id, s.plan_id, s.price_id, s.currency, s.quantity, s.status, s.holds, s.suspended_by, s.started_at, s.trial_ends_at, s.period_starts_at,
       s.period_ends_at, s.anchor_at, s.billing_zone, s.renews_at, s.renewal_minor, s.pending_kind, s.pending_at, s.pending_price_id, s.pending_plan_id,
       s.pending_quantity, s.pending_resumes_at, s.resumes_at, s.paused_at, s.suspended_at, s.canceled_at, s.cancel_reason, s.cancel_comment, s.payment_method_id,
       s.charging_payment_id, s.version, s.created_at, false as has_overdue
  from subscription s
 where s.customer_id = :customer_id and s.id = :key

-- name: accounts.around
-- returns: BillingAccount
-- Select the account data for a subscription, or (with :key null) for a new one in :currency. Read after the lock, which protects these rows too.
-- The balance excludes the credit that a charge under way will use.
-- The method is the requested one, else the subscription's own, else the default; a deleted or expired method is not used.
select c.id as customer_id, c.email, wanted.currency, c.time_zone, c.tax_rate_ppm,
       cast(coalesce((select b.balance_minor from account_balance b where b.customer_id = c.id and b.currency = wanted.currency), 0) - held.minor as bigint) as balance_minor,
       coalesce((select true from owed_item o where o.customer_id = c.id and o.subscription_id = s.id and o.overdue_minor > 0 limit 1), false) as has_overdue,
       m.id as method_id, m.processor as method_processor, m.processor_reference as method_reference, m.kind as method_kind, m.brand as method_brand, m.last4 as method_last4,
       cover.invoice_id as coverage_invoice_id, cover.period_starts_at as coverage_starts_at, cover.period_ends_at as coverage_ends_at,
       coalesce(greatest(cover.total_minor - noted.total_minor, 0), 0) as coverage_total_minor, coalesce(greatest(cover.tax_minor - noted.tax_minor, 0), 0) as coverage_tax_minor,
       coalesce(cover.remaining_minor, 0) as coverage_remaining_minor,
       r.id as redemption_id, r.coupon_id, p.code as coupon_code, p.percent_off_ppm, p.amount_off_minor, r.periods_left, r.used_until,
       c.closed_at is not null as is_closed
  from customer c
 cross join lateral (select today_in(c.time_zone) as today_on offset 0) today
  left join subscription s on s.customer_id = c.id and s.id = :key
 cross join lateral (select coalesce(s.currency, cast(:currency as text), c.currency) as currency) wanted
 cross join lateral (
        select coalesce(sum(h.reserved_minor), 0) as minor from charge h where h.customer_id = c.id and h.currency = wanted.currency and h.settled_at is null) held
  left join lateral (
        select *
          from payment_method pm
         where pm.customer_id = c.id and pm.deleted_at is null and (pm.expires_on is null or pm.expires_on >= today.today_on)
           and (pm.id = cast(:method_id as text) or (cast(:method_id as text) is null and (pm.id = s.payment_method_id or (s.payment_method_id is null and pm.is_default))))
         limit 1) m on true
  left join lateral (
        select l.invoice_id, l.period_starts_at, l.period_ends_at, l.total_minor, l.tax_minor, i.remaining_minor
          from invoice i
          join invoice_line l on l.customer_id = i.customer_id and l.invoice_id = i.id
         where i.customer_id = c.id and i.subscription_id = s.id and i.status <> 'VOID' and l.period_ends_at = s.period_ends_at and l.total_minor >= 0
         order by i.issued_at desc, i.sequence desc nulls last, l.period_starts_at desc, l.position, i.id desc
         limit 1) cover on true
 cross join lateral (
        select cast(coalesce(sum(n.total_minor), 0) as bigint) as total_minor, cast(coalesce(sum(n.tax_minor), 0) as bigint) as tax_minor
          from credit_note n where n.customer_id = c.id and n.invoice_id = cover.invoice_id) noted
  left join coupon_redemption r on r.customer_id = c.id and r.subscription_id = s.id and r.ended_at is null
  left join coupon p on p.id = r.coupon_id
 where c.id = :customer_id

-- name: covers.of_subscription
-- returns: Cover
-- Select the invoices of the current period, the newest first: the one that covers the rest of it, and those that earlier changes of plan replaced, back to the one
-- that began the period. The amount of an invoice that its credit notes leave can be credited.
with recursive cover as (
    (select i.*
       from subscription s
       join invoice i on i.customer_id = s.customer_id and i.subscription_id = s.id
       join invoice_line l on l.customer_id = i.customer_id and l.invoice_id = i.id
      where s.customer_id = :customer_id and s.id = :key and i.status <> 'VOID' and l.period_ends_at = s.period_ends_at and l.total_minor >= 0
      order by i.issued_at desc, i.sequence desc nulls last, l.period_starts_at desc, l.position, i.id desc
      limit 1)
     union all
    select older.*
      from cover
     cross join lateral (
            select i.*
              from invoice i
             where i.customer_id = cover.customer_id and i.subscription_id = cover.subscription_id and i.status <> 'VOID' and i.reason <> 'MANUAL'
               and (i.issued_at, coalesce(i.sequence, 0)) < (cover.issued_at, coalesce(cover.sequence, 0))
             order by i.issued_at desc, i.sequence desc nulls last, i.id desc
             limit 1) older
     where cover.reason = 'PLAN_CHANGE')
select i.customer_id, i.id as invoice_id, i.total_minor - i.tax_minor - noted.net_minor as net_minor, i.tax_minor - noted.tax_minor as tax_minor,
       case when i.status in ('OPEN', 'PARTIALLY_PAID') then i.remaining_minor else 0 end as open_minor, i.status = 'PROCESSING' as is_processing,
       tax_rate_of(i.customer_id, i.id) as tax_rate_ppm
  from cover i
 cross join lateral (
        select cast(coalesce(sum(n.subtotal_minor), 0) as bigint) as net_minor, cast(coalesce(sum(n.tax_minor), 0) as bigint) as tax_minor
          from credit_note n where n.customer_id = i.customer_id and n.invoice_id = i.id) noted
 order by i.issued_at desc, i.sequence desc nulls last, i.id desc

-- name: offers.by_ids
-- returns: OrderableOffer
-- Select offers, and whether the customer has had the plan and a trial. In addition to the record of taken plans, each subscription counts with its present plan:
-- a subscription that another version of the program wrote has no record. A subscription that was canceled before it began does not count, nor in `subscriptions`,
-- the number of those that the customer has had or ordered.
select p.id as price_id, p.plan_id, l.name as plan_name, l.trial_days, p.currency, p.unit_minor, p.billing_interval, p.interval_count, p.tax_behavior,
       p.is_archived or l.is_archived as is_archived, p.moves_to,
       exists (select from taken_plan t where t.customer_id = :customer_id and t.plan_id = p.plan_id)
         or exists (select from subscription s
                     where s.customer_id = :customer_id and s.plan_id = p.plan_id and (s.status <> 'CANCELED' or s.period_starts_at is not null)) as was_taken,
       exists (select from taken_plan t where t.customer_id = :customer_id and t.has_trial)
         or exists (select from subscription s
                     where s.customer_id = :customer_id and s.trial_ends_at is not null and (s.status <> 'CANCELED' or s.period_starts_at is not null)) as had_trial,
       (select cast(count(*) as integer)
          from subscription s where s.customer_id = :customer_id and (s.status <> 'CANCELED' or s.period_starts_at is not null)) as subscriptions
  from price p
  join plan l on l.id = p.plan_id
 where p.id = any(:ids)

-- name: offers.around
-- returns: Offer
-- Select the offers for a decision about a subscription: its price, the one that it changes to, those of :others, and the ones to which the merchant moves subscriptions
-- from these.
select p.id as price_id, p.plan_id, l.name as plan_name, l.trial_days, p.currency, p.unit_minor, p.billing_interval, p.interval_count, p.tax_behavior,
       p.is_archived or l.is_archived as is_archived, p.moves_to
  from price p
  join plan l on l.id = p.plan_id
 where p.id = any(cast((
        select named.ids || array(select m.moves_to from price m where m.id = any(named.ids))
          from (select array[s.price_id, s.pending_price_id] || cast(:others as text[]) as ids
                  from (select cast(:key as text) as id) wanted
                  left join subscription s on s.customer_id = :customer_id and s.id = wanted.id) named) as text[]))

-- name: coupons.by_code
-- returns: CouponOffer
-- Select a coupon by its code, compared in the form in which codes are stored, in any case. A customer redeems a coupon once; the last day ends in the customer's time zone.
select c.id, c.code, c.percent_off_ppm, c.amount_off_minor, c.currency, c.duration, c.duration_periods,
       c.is_active and (c.redeem_until_on is null or c.redeem_until_on >= today_in(o.time_zone)) and (c.max_redemptions is null or c.redeemed_count < c.max_redemptions)
         and not exists (select from coupon_redemption r where r.customer_id = o.id and r.coupon_id = c.id)
         and not exists (select from charge h where h.customer_id = o.id and h.coupon_id = c.id and h.settled_at is null) as is_redeemable,
       c.redeem_until_on
  from coupon c
  join customer o on o.id = :customer_id
 where c.code = coupon_code(:code)

-- name: cancellation_options.of_subscription
-- returns: CancellationOptionRow
-- revised by: customer, catalog
select * from portal_cancellation_option where customer_id = :customer_id and subscription_id = :key order by rank

-- name: customers.lock
-- returns: Owner
-- Lock the customer, so that decisions about a customer's money are made one after the other. Fails for an erased customer, also one that was erased while it waited.
select id, id as customer_id from customer where id = :customer_id and check_erased(erased_at) for no key update
