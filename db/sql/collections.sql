-- name: collections.facts
-- returns: Collectable
-- An invoice that is to be charged by itself, what is owed on the account and not in payment, the method that is charged, and the failed charges so far. Read after the
-- customer was locked.
select i.customer_id, i.id as invoice_id, i.number, i.status, i.currency, i.remaining_minor, coalesce(account.payable_minor, 0) as account_minor, i.collect_at, i.due_on, c.time_zone, today.today_on, i.subscription_id,
       s.charging_payment_id is not null as is_subscription_charging,
       m.id as method_id, m.processor as method_processor, m.processor_reference as method_reference, m.kind as method_kind, m.brand as method_brand, m.last4 as method_last4,
       cast(failed.count as integer) as failed_count, failed.first_on, failed.last_on,
       coalesce((select not p.is_retryable and p.payment_method_id = m.id
                   from payment_allocation a
                   join payment p on p.customer_id = a.customer_id and p.id = a.payment_id
                  where a.customer_id = i.customer_id and a.invoice_id = i.id and p.status = 'FAILED' and p.decline_code not in ('processor_unavailable', 'never_arrived')
                  order by p.created_at desc, p.id desc limit 1), false) as is_declined_for_good
  from invoice i
  join customer c on c.id = i.customer_id
 cross join lateral (select today_in(c.time_zone) as today_on offset 0) today
  left join subscription s on s.customer_id = i.customer_id and s.id = i.subscription_id
  left join payable_item account on account.customer_id = i.customer_id and account.currency = i.currency and account.kind = 'ACCOUNT'
  left join lateral (
        select *
          from payment_method pm
         where pm.customer_id = i.customer_id and pm.deleted_at is null and (pm.expires_on is null or pm.expires_on >= today.today_on)
           and (pm.id = s.payment_method_id or (s.payment_method_id is null and pm.is_default))
         limit 1) m on true
 cross join lateral (
        select count(*) as count, min((p.created_at at time zone c.time_zone)::date) as first_on, max((p.created_at at time zone c.time_zone)::date) as last_on
          from payment_allocation a
          join payment p on p.customer_id = a.customer_id and p.id = a.payment_id
         where a.customer_id = i.customer_id and a.invoice_id = i.id and p.status = 'FAILED'
           and p.decline_code not in ('processor_unavailable', 'never_arrived')) failed
 where i.customer_id = :customer_id and i.id = :key
