-- name: collections.facts
-- returns: Collectable
-- Select unpaid invoices of subscriptions and of automatic schedules, and others that the clock charges, the oldest first, or with :key one of them: how they are collected, the method that is charged for
-- them, and what is owed on the account, without what is in payment or in dispute. Read after the customer was locked. Attempts of the customer are not among the tries, those of staff (`retryNow`) are.
-- Of an automatic schedule only the installments whose day has come are charged (due_minor), from the hour of charges on (HOUR in billing/money/dunning.py); next_part_on is
-- the day of the next ones. What an import holds is collected by the system that it came from, and an imported invoice that is not automatic is
-- paid by hand, unless its subscription runs here.
select i.customer_id, i.id as invoice_id, i.number, i.status, i.currency, i.remaining_minor, greatest(coalesce(account.payable_minor, 0) - disputed.minor, 0) as account_minor,
       i.collect_at, i.promise_until, i.due_on, c.time_zone, i.subscription_id,
       coalesce(s.charging_payment_id is not null, false) as is_subscription_charging,
       m.id as method_id, m.processor as method_processor, m.processor_reference as method_reference, m.kind as method_kind, m.brand as method_brand, m.last4 as method_last4,
       i.collection, i.retry_count, i.retry_began_on, i.retry_last_on, i.retry_method_id, i.due_on < today.today_on as is_overdue,
       case when parts.next_part_on is null then i.remaining_minor else least(parts.due_minor, i.remaining_minor) end as due_minor, parts.next_part_on,
       coalesce((select not p.is_retryable
                   from payment_allocation a
                   join payment p on p.customer_id = a.customer_id and p.id = a.payment_id
                  where a.customer_id = i.customer_id and a.invoice_id = i.id and p.status = 'FAILED' and p.payment_method_id = m.id
                    and p.decline_code not in ('processor_unavailable', 'never_arrived')
                  order by p.created_at desc, p.id desc limit 1), false) as is_declined_for_good,
       (select cast(count(*) as integer)
          from payment_allocation a
          join payment p on p.customer_id = a.customer_id and p.id = a.payment_id
          join charge h on h.customer_id = p.customer_id and h.payment_id = p.id and (h.mutation is null or h.mutation = 'retryNow')
         where a.customer_id = i.customer_id and a.invoice_id = i.id and p.status = 'FAILED' and p.payment_method_id = m.id
           and p.decline_code not in ('processor_unavailable', 'never_arrived') and p.created_at > cast(:now as timestamptz) - interval '30 days') as recent_tries,
       exists (select from refund_allocation b
                 join refund r on r.customer_id = b.customer_id and r.id = b.refund_id
                where b.customer_id = i.customer_id and b.invoice_id = i.id and r.reason = 'DISPUTE' and r.status = 'SUCCEEDED') as is_disputed,
       exists (select from installment p where p.customer_id = i.customer_id and p.invoice_id = i.id) as has_installments
  from invoice i
  join customer c on c.id = i.customer_id
 cross join lateral (select today_in(c.time_zone) as today_on offset 0) today
  left join subscription s on s.customer_id = i.customer_id and s.id = i.subscription_id
  left join payment_schedule h on h.customer_id = i.customer_id and h.id = i.schedule_id and h.collection = 'AUTOMATIC'
   and (i.is_automatic or i.imported_at is null)
 cross join lateral (select cast(cast(:now as timestamptz) at time zone c.time_zone - interval '9 hours' as date) as until_on) charged
 cross join lateral (
        select cast(coalesce(sum(p.remaining_minor) filter (where p.due_on <= charged.until_on), 0) as bigint) as due_minor,
               min(p.due_on) filter (where p.due_on > charged.until_on) as next_part_on
          from installment p
         where p.customer_id = h.customer_id and p.schedule_id = h.id and p.invoice_id = i.id and p.remaining_minor > 0) parts
  left join payable_item account on account.customer_id = i.customer_id and account.currency = i.currency and account.kind = 'ACCOUNT'
 cross join lateral (
        select cast(coalesce(sum(b.amount_minor), 0) as bigint) as minor, max(r.settled_at) as last_at
          from refund_allocation b
          join refund r on r.customer_id = b.customer_id and r.id = b.refund_id
         where b.customer_id = i.customer_id and b.currency = i.currency and b.invoice_id is null and b.installment_id is null and r.reason = 'DISPUTE'
           and r.status = 'SUCCEEDED') taken_back
 cross join lateral (
        -- What disputes took from the account, but at most the smallest debt of the account since the last of them: the customer may have paid it again.
        select least(taken_back.minor, cast(min(owed.minor) as bigint)) as minor
          from (select e.created_at, greatest(-sum(e.amount_minor) over (order by e.created_at, e.id), 0) as minor
                  from balance_entry e
                 where taken_back.minor > 0 and e.customer_id = i.customer_id and e.currency = i.currency) owed
         where owed.created_at > taken_back.last_at) disputed
  left join lateral (
        select *
          from payment_method pm
         where pm.customer_id = i.customer_id and pm.deleted_at is null and (pm.expires_on is null or pm.expires_on >= today.today_on)
           and (pm.id = s.payment_method_id or (s.payment_method_id is null and pm.is_default))
         limit 1) m on true
 where i.customer_id = :customer_id and i.remaining_minor > 0 and (cast(:key as text) is null or i.id = :key)
   and (h.id is not null or i.is_automatic or i.collection <> 'NONE' or (s.id is not null and i.schedule_id is null and (i.imported_at is null or s.status <> 'CANCELED')))
   and i.written_off_at is null
   and not (i.is_import_held and i.collection = 'NONE') and not coalesce(s.holds @> array['IMPORT'], false)
 order by i.due_on, i.id

-- name: collections.move_to_default
-- returns: nothing
-- Move subscriptions to the new default method if the method that they name cannot be charged, because it is expired, deleted, or declined for good; and with
-- :is_requested all subscriptions with an overdue payment.
update subscription s set payment_method_id = null, version = s.version + 1
  from customer c
 where s.customer_id = :customer_id and c.id = s.customer_id and s.status <> 'CANCELED' and s.payment_method_id is not null and s.charging_payment_id is null
   and (exists (select from payment_method m
                 where m.customer_id = s.customer_id and m.id = s.payment_method_id
                   and (m.deleted_at is not null or m.expires_on < today_in(c.time_zone)))
        or exists (select from invoice i
                    where i.customer_id = s.customer_id and i.subscription_id = s.id and i.remaining_minor > 0
                      and (i.collection in ('WAITING_FOR_METHOD', 'GIVEN_UP') or (cast(:is_requested as boolean) and (i.collection = 'RETRYING' or i.due_on < today_in(c.time_zone))))))
