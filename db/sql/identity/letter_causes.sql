-- name: letter_causes.due
-- returns: LetterCauseRow
-- Select what has caused a letter that is not made yet, of all customers.
select customer_id, kind, object_id, occurrence, written_at from letter_cause where compose_at <= :now order by compose_at, customer_id, kind, object_id, occurrence limit :wanted

-- name: letter_causes.claim
-- returns: LetterCauseRow
-- Mark a cause as done. No row if another transaction has done so.
update letter_cause
   set compose_at = null
 where customer_id = :customer_id and kind = :kind and object_id = :object_id and occurrence = :occurrence and compose_at is not null
returning customer_id, kind, object_id, occurrence, written_at

-- name: letter_causes.put_off
-- returns: nothing
-- Try again in a minute, and at later tries in two, four, … up to an hour. After a day the letter is given up.
update letter_cause
   set tries = tries + 1,
       compose_at = case when written_at > cast(:now as timestamptz) - interval '1 day'
                         then cast(:now as timestamptz) + least(interval '1 minute' * power(2, least(tries, 10)), interval '1 hour') end
 where customer_id = :customer_id and kind = :kind and object_id = :object_id and occurrence = :occurrence and compose_at is not null

-- name: letter_causes.coming
-- returns: Due
-- Select customers after :after who may be about to get a letter on something to come. The bounds are a day wider than the days before it, because the time zones of the
-- customers are not read here.
select due.customer_id, min(due.id) as id
  from (select s.customer_id, s.id
          from subscription s
         where s.status = 'TRIALING' and s.trial_ends_at > :now and s.trial_ends_at < cast(:now as timestamptz) + make_interval(days => cast(:trial_days as integer) + 2)
           and not exists (select from letter_cause l where l.customer_id = s.customer_id and l.kind = 'trial_ending' and l.object_id = s.id
                              and l.occurrence = cast(extract(epoch from s.trial_ends_at) as text))
        union all
        select s.customer_id, s.id
          from subscription s
          join price p on p.id = s.price_id
         where s.status = 'ACTIVE' and s.renews_at > :now and s.renews_at < cast(:now as timestamptz) + make_interval(days => cast(:renewal_days as integer) + 2)
           and (p.billing_interval = 'YEAR' or p.billing_interval = 'MONTH' and p.interval_count >= 12)
           and not exists (select from letter_cause l where l.customer_id = s.customer_id and l.kind = 'renewal_to_come' and l.object_id = s.id
                              and l.occurrence = cast(extract(epoch from s.renews_at) as text))
        union all
        select m.customer_id, m.id
          from payment_method m
         where m.kind = 'CARD' and m.deleted_at is null
           and m.expires_on >= cast(cast(:now as timestamptz) at time zone 'UTC' as date) - 1
           and m.expires_on <= cast(cast(:now as timestamptz) at time zone 'UTC' as date) + cast(:card_days as integer) + 1
           and not exists (select from letter_cause l where l.customer_id = m.customer_id and l.kind = 'card_expiring' and l.object_id = m.id
                              and l.occurrence = cast(m.expires_on as text))) due
 where due.customer_id > :after
 group by due.customer_id
 order by due.customer_id
 limit :wanted

-- name: letter_causes.add_coming
-- returns: nothing
-- Add the causes of letters on what comes in so many days of the customer's time zone: the end of a trial, the renewal of a yearly plan, the end of a card that is used,
-- but not only by what an import still holds.
insert into letter_cause (customer_id, kind, object_id, occurrence, written_at, compose_at)
select c.id, due.kind, due.object_id, due.occurrence, cast(:now as timestamptz), cast(:now as timestamptz)
  from customer c
 cross join lateral (select today_in(c.time_zone) as today_on offset 0) t
 cross join lateral (
        select 'trial_ending' as kind, s.id as object_id, cast(extract(epoch from s.trial_ends_at) as text) as occurrence
          from subscription s
         where s.customer_id = c.id and s.status = 'TRIALING' and s.trial_ends_at > :now and s.pending_kind is distinct from 'CANCEL'
           and cast(s.trial_ends_at at time zone c.time_zone as date) - cast(:trial_days as integer) <= t.today_on
        union all
        select 'renewal_to_come', s.id, cast(extract(epoch from s.renews_at) as text)
          from subscription s
          join price p on p.id = s.price_id
         where s.customer_id = c.id and s.status = 'ACTIVE' and s.renews_at > :now
           and (p.billing_interval = 'YEAR' or p.billing_interval = 'MONTH' and p.interval_count >= 12)
           and cast(s.renews_at at time zone c.time_zone as date) - cast(:renewal_days as integer) <= t.today_on
        union all
        select 'card_expiring', m.id, cast(m.expires_on as text)
          from payment_method m
         where m.customer_id = c.id and m.kind = 'CARD' and m.deleted_at is null and m.expires_on >= t.today_on and m.expires_on - cast(:card_days as integer) <= t.today_on
           and exists (select from subscription s
                        where s.customer_id = c.id and s.status <> 'CANCELED' and not 'IMPORT' = any(s.holds)
                          and (s.payment_method_id = m.id or s.payment_method_id is null and m.is_default))) due
 where c.id = :customer_id
    on conflict do nothing

-- name: letters.recipient
-- returns: LetterRecipientRow
-- Select the customer to whom a letter about money goes. A customer who is closed or erased gets none. Read from the row as JSON, because a database that is being
-- upgraded may not have these columns yet.
select c.id, c.email, c.locale, c.time_zone,
       c.email <> '' and coalesce(to_jsonb(c) ->> 'closed_at', to_jsonb(c) ->> 'erased_at') is null as is_reachable
  from customer c
 where c.id = :customer_id

-- name: letters.invoice
-- returns: InvoiceLetterRow
-- Select an invoice, with the method that is charged for it.
select i.id, i.number, i.status, i.currency, i.remaining_minor, i.issued_at, i.due_on, i.collection,
       m.kind as method_kind, m.brand as method_brand, m.last4 as method_last4
  from invoice i
  left join subscription s on s.customer_id = i.customer_id and s.id = i.subscription_id
  left join payment_method m on m.customer_id = i.customer_id and m.deleted_at is null
        and (m.id = s.payment_method_id or s.payment_method_id is null and m.is_default)
 where i.customer_id = :customer_id and i.id = :key

-- name: letters.payment
-- returns: PaymentLetterRow
-- Select a payment, with the numbers of the invoices and the names of the installments that it pays.
select p.id, p.currency, p.amount_minor, p.created_at, p.settled_at, p.method_kind, p.method_brand, p.method_last4,
       array(select distinct coalesce(i.number, n.name)
               from payment_allocation a
               left join invoice i on i.customer_id = a.customer_id and i.id = a.invoice_id
               left join installment n on n.customer_id = a.customer_id and n.id = a.installment_id
              where a.customer_id = p.customer_id and a.payment_id = p.id and (i.id is not null or a.invoice_id is null and n.id is not null)
              order by 1) as invoices
  from payment p
 where p.customer_id = :customer_id and p.id = :key

-- name: letters.refund
-- returns: RefundLetterRow
-- Select a refund with the id and the method of its payment, and what the money had been paid for.
select p.id, r.currency, r.amount_minor, r.created_at, r.settled_at, p.method_kind, p.method_brand, p.method_last4,
       array(select distinct coalesce(i.number, n.name)
               from refund_allocation a
               left join invoice i on i.customer_id = a.customer_id and i.id = a.invoice_id
               left join installment n on n.customer_id = a.customer_id and n.id = a.installment_id
              where a.customer_id = r.customer_id and a.refund_id = r.id and (i.id is not null or a.invoice_id is null and n.id is not null)
              order by 1) as invoices
  from refund r
  join payment p on p.customer_id = r.customer_id and p.id = r.payment_id
 where r.customer_id = :customer_id and r.id = :key

-- name: letters.credit_note
-- returns: CreditNoteLetterRow
select n.id, n.number, i.number as invoice_number, n.currency, n.total_minor, n.released_minor, n.granted_minor, n.refunded_minor
  from credit_note n
  join invoice i on i.customer_id = n.customer_id and i.id = n.invoice_id
 where n.customer_id = :customer_id and n.id = :key

-- name: letters.subscription
-- returns: SubscriptionLetterRow
select s.id, p.name as plan_name, s.quantity, s.currency, s.renewal_minor, s.trial_ends_at, s.renews_at, s.suspended_by
  from subscription s
  join plan p on p.id = s.plan_id
 where s.customer_id = :customer_id and s.id = :key

-- name: letters.cancellation
-- returns: CancellationLetterRow
-- Select the subscription that an event has canceled, unless somebody has withdrawn or replaced the cancellation since.
select s.id, p.name as plan_name, s.quantity, s.status = 'CANCELED' as has_ended, case when s.status = 'CANCELED' then s.canceled_at else s.pending_at end as ends_at
  from subscription_event e
  join subscription s on s.customer_id = e.customer_id and s.id = e.subscription_id
  join plan p on p.id = s.plan_id
 where e.customer_id = :customer_id and e.id = :key and (s.status = 'CANCELED' or s.pending_kind = 'CANCEL')
   and not exists (select from subscription_event later
                    where later.customer_id = e.customer_id and later.subscription_id = e.subscription_id and (later.happened_at, later.id) > (e.happened_at, e.id)
                      and later.actor <> 'SYSTEM' and later.kind in ('CHANGE_SCHEDULED', 'CHANGE_WITHDRAWN', 'CANCELED'))

-- name: letters.method
-- returns: MethodLetterRow
select id, kind, brand, last4, expires_on from payment_method where customer_id = :customer_id and id = :key and deleted_at is null and expires_on is not null
