-- name: refunds.by_id
-- returns: RefundRow
-- revised by: customer
select * from portal_refund where customer_id = :customer_id and id = :key

-- name: refunds.of_payment
-- returns: RefundRow
-- revised by: customer
-- Select the refunds of a payment in the order in which they were recorded.
select * from portal_refund where customer_id = :customer_id and payment_id = :key order by created_at, id

-- name: refunds.payment
-- returns: RefundedPayment
-- Select a payment to refund, the part of it that is on the account now, and how much of that paid a debt there that was not waived. Read after the customer was locked.
-- The credit of a refund that failed is on the account too: its entry names the credit note, and no invoice.
select p.customer_id, p.id as payment_id, p.status, p.currency, p.amount_minor, p.payment_method_id,
       cast(coalesce((select sum(b.amount_minor) from balance_entry b where b.customer_id = p.customer_id and b.payment_id = p.id and b.kind in ('OVERPAYMENT', 'PAYMENT', 'REFUND')), 0)
            + coalesce((select sum(b.amount_minor)
                          from refund r
                          join credit_note n on n.customer_id = r.customer_id and n.refund_id = r.id
                          join balance_entry b on b.customer_id = n.customer_id and b.credit_note_id = n.id and b.invoice_id is null
                         where r.customer_id = p.customer_id and r.payment_id = p.id), 0) as bigint) as credit_minor,
       cast(coalesce((select sum(case when b.kind = 'PAYMENT' then b.amount_minor else -b.amount_minor end) from balance_entry b
                       where b.customer_id = p.customer_id and b.payment_id = p.id and b.kind in ('PAYMENT', 'ADJUSTMENT')), 0) as bigint) as account_minor,
       p.processor, p.processor_reference, v.refundable_minor
  from payment p
  join portal_payment v on v.customer_id = p.customer_id and v.id = p.id
 where p.customer_id = :customer_id and p.id = :key

-- name: refunds.recorded
-- returns: RecordedRefund
-- Select the refunds of a payment, and whether each has been applied.
select r.id, r.reference, r.amount_minor, r.reason, r.status, r.created_at, r.is_awaiting,
       exists (select from refund_allocation a where a.customer_id = r.customer_id and a.refund_id = r.id) as is_applied,
       exists (select from refund_request q where q.customer_id = r.customer_id and q.refund_id = r.id) as is_begun_here
  from refund r
 where r.customer_id = :customer_id and r.payment_id = :key
 order by r.created_at, r.id

-- name: refunds.sources
-- returns: RefundSource
-- Select what a payment paid and was not refunded, from the newest to the oldest; parts that were paid at once are ordered by their due date. Several refunds of one invoice or
-- installment are one sum.
select a.id, a.invoice_id, a.installment_id,
       cast(a.amount_minor - coalesce((select sum(t.amount_minor)
                                         from refund r
                                         join refund_allocation t on t.customer_id = r.customer_id and t.refund_id = r.id
                                        where r.customer_id = a.customer_id and r.payment_id = a.payment_id
                                          and t.invoice_id is not distinct from a.invoice_id and t.installment_id is not distinct from a.installment_id), 0) as bigint) as amount_minor
  from payment_allocation a
  left join invoice i on i.customer_id = a.customer_id and i.id = a.invoice_id
  left join installment p on p.customer_id = a.customer_id and p.id = a.installment_id
 where a.customer_id = :customer_id and a.payment_id = :key
 order by a.created_at desc, coalesce(p.due_on, i.due_on) desc, coalesce(a.installment_id, a.invoice_id) desc, a.id desc

-- name: refunds.taken
-- returns: RefundSource
-- Select the parts of a refund.
select id, invoice_id, installment_id, amount_minor from refund_allocation where customer_id = :customer_id and refund_id = :key order by id

-- name: refunds.invoices
-- returns: RefundedInvoice
-- Select invoices to refund. The balance credit that pays an invoice is the sum of its entries, without those of credit notes that reduced it or were granted for unused time.
-- The entry of a refund that failed names the credit note, and no invoice.
select i.id, i.number, i.status, i.currency, i.subscription_id, i.total_minor, i.tax_minor, i.paid_minor, i.refunded_minor, i.remaining_minor, i.noted_minor,
       cast(coalesce(notes.tax_minor, 0) as bigint) as noted_tax_minor, cast(coalesce(notes.refunded_minor, 0) as bigint) as paid_back_minor,
       cast(coalesce(failed.minor, 0) as bigint) as failed_minor, cast(greatest(coalesce(used.minor, 0), 0) as bigint) as applied_minor
  from invoice i
 cross join lateral (
        select sum(n.tax_minor) as tax_minor, sum(n.refunded_minor) as refunded_minor from credit_note n where n.customer_id = i.customer_id and n.invoice_id = i.id) notes
 cross join lateral (
        select sum(b.amount_minor) as minor
          from credit_note n
          join balance_entry b on b.customer_id = n.customer_id and b.credit_note_id = n.id and b.invoice_id is null
         where n.customer_id = i.customer_id and n.invoice_id = i.id) failed
 cross join lateral (
        select -sum(b.amount_minor) as minor
          from balance_entry b
          left join credit_note n on n.customer_id = b.customer_id and n.id = b.credit_note_id
         where b.customer_id = i.customer_id and b.invoice_id = i.id and b.kind in ('APPLIED_TO_INVOICE', 'CREDIT_NOTE') and coalesce(n.reason, 'REFUND') = 'REFUND') used
 where i.customer_id = :customer_id and i.id = any(:ids)
 order by i.id

-- name: refunds.installments
-- returns: RefundedInstallment
-- Select installments by their ids or the ids of their invoices, the last due first.
-- `allocated_minor` is the part that payments pay now, the rest of the paid amount is balance credit; `disputed_minor` is the part that banks took back.
select p.id, p.schedule_id, p.invoice_id, p.name, p.status, p.paid_minor, p.remaining_minor,
       cast(coalesce((select sum(a.amount_minor) from payment_allocation a join payment y on y.customer_id = a.customer_id and y.id = a.payment_id
                       where a.customer_id = p.customer_id and a.installment_id = p.id and y.status in ('SUCCEEDED', 'REFUNDED')), 0)
            - coalesce(back.minor, 0) as bigint) as allocated_minor,
       cast(coalesce(back.disputed_minor, 0) as bigint) as disputed_minor
  from installment p
 cross join lateral (
        select sum(t.amount_minor) as minor, sum(t.amount_minor) filter (where r.reason in ('DISPUTE', 'RETURNED')) as disputed_minor
          from refund_allocation t
          join refund r on r.customer_id = t.customer_id and r.id = t.refund_id
         where t.customer_id = p.customer_id and t.installment_id = p.id) back
 where p.customer_id = :customer_id and (p.id = any(cast(:ids as text[])) or p.invoice_id = any(cast(:invoice_ids as text[])))
 order by p.due_on desc, p.id desc

-- name: refunds.save
-- returns: nothing
-- Create or update refunds. A refund that is split from another was settled together with it.
insert into refund (customer_id, id, payment_id, currency, amount_minor, reason, status, reference, is_awaiting, created_at, settled_at)
select :customer_id, n.id, :key, n.currency, n.amount_minor, n.reason, n.status, n.reference, n.is_awaiting, n.created_at,
       case when n.settled_at is not null then coalesce((select r.settled_at from refund r where r.customer_id = :customer_id and r.id = n.split_from), n.settled_at) end
  from jsonb_to_recordset(cast(:rows as jsonb)) as n (id text, currency text, amount_minor bigint, reason text, status text, reference text, is_awaiting boolean,
                                                      split_from text, created_at timestamptz, settled_at timestamptz)
    on conflict (customer_id, id) do update
   set status = excluded.status, amount_minor = excluded.amount_minor, reference = excluded.reference, is_awaiting = excluded.is_awaiting,
       settled_at = case when excluded.status in ('SUCCEEDED', 'REVERSED') then coalesce(refund.settled_at, excluded.settled_at) end, version = refund.version + 1

-- name: refunds.take
-- returns: nothing
insert into refund_allocation (customer_id, id, refund_id, invoice_id, installment_id, currency, amount_minor, created_at)
select :customer_id, n.id, :key, n.invoice_id, n.installment_id, n.currency, n.amount_minor, :now
  from jsonb_to_recordset(cast(:rows as jsonb)) as n (id text, invoice_id text, installment_id text, currency text, amount_minor bigint)

-- name: refunds.give_back
-- returns: nothing
delete from refund_allocation where customer_id = :customer_id and refund_id = :key

-- name: refunds.change_payment
-- returns: nothing
update payment
   set refunded_minor = refunded_minor + :minor, refunded_at = case when refunded_minor + :minor > 0 then cast(:now as timestamptz) end, version = version + 1
 where customer_id = :customer_id and id = :key

-- name: refunds.change_invoices
-- returns: nothing
-- Change invoices by a refund or its failure. Their further collection is decided elsewhere; the collection of an invoice that is fully paid again ends here.
update invoice i
   set paid_minor = i.paid_minor + n.paid_minor, credited_minor = i.credited_minor + n.credited_minor, refunded_minor = i.refunded_minor + n.refunded_minor,
       collection = case when is_done then 'NONE' else i.collection end, collect_at = case when not is_done then i.collect_at end,
       retry_count = case when is_done then 0 else i.retry_count end, retry_began_on = case when not is_done then i.retry_began_on end,
       retry_last_on = case when not is_done then i.retry_last_on end, retry_method_id = case when not is_done then i.retry_method_id end,
       paid_at = coalesce(i.paid_at, :now), version = i.version + 1
  from jsonb_to_recordset(cast(:rows as jsonb)) as n (id text, paid_minor bigint, credited_minor bigint, refunded_minor bigint)
  join invoice o on o.customer_id = :customer_id and o.id = n.id
 cross join lateral (select n.paid_minor > 0 and o.remaining_minor <= n.paid_minor + n.credited_minor as is_done) done
 where i.customer_id = :customer_id and i.id = n.id

-- name: refunds.change_installments
-- returns: nothing
update installment p
   set paid_minor = p.paid_minor + n.paid_minor, refunded_minor = p.refunded_minor + n.refunded_minor,
       status = case when n.has_failed and p.status <> 'PROCESSING' then 'FAILED' else p.status end, version = p.version + 1
  from jsonb_to_recordset(cast(:rows as jsonb)) as n (id text, paid_minor bigint, refunded_minor bigint, has_failed boolean)
 where p.customer_id = :customer_id and p.id = n.id

-- name: refunds.change_schedules
-- returns: nothing
update payment_schedule s
   set paid_minor = s.paid_minor + n.paid_minor, refunded_minor = s.refunded_minor + n.refunded_minor, version = s.version + 1
  from jsonb_to_recordset(cast(:rows as jsonb)) as n (id text, paid_minor bigint, refunded_minor bigint)
 where s.customer_id = :customer_id and s.id = n.id

-- name: refunds.replace_allocation
-- returns: nothing
-- Reduce an allocation by the amount that its invoice or installment no longer needs.
with dropped as (
    delete from payment_allocation a where a.customer_id = :customer_id and a.id = :key returning *)
insert into payment_allocation (customer_id, id, payment_id, invoice_id, installment_id, currency, amount_minor, created_at)
select customer_id, :replacement, payment_id, invoice_id, installment_id, currency, amount_minor - :minor, created_at from dropped where amount_minor > :minor

-- name: refunds.grant
-- returns: nothing
-- Turn amounts of credit notes from refunded to granted: they could not be refunded, so they are the customer's credit.
update credit_note c
   set granted_minor = c.granted_minor + n.minor, refunded_minor = c.refunded_minor - n.minor
  from jsonb_to_recordset(cast(:rows as jsonb)) as n (id text, minor bigint)
 where c.customer_id = :customer_id and c.id = n.id

-- name: refunds.notes
-- returns: RefundNote
-- Select the amounts of credit notes for a refund: its own, and those of a refund that it was split from, whose total exceeds the present amount of that refund.
select n.id, n.invoice_id,
       cast(case when n.refund_id = :key then n.refunded_minor
                 else n.refunded_minor - coalesce((select sum(a.amount_minor) from refund_allocation a
                                                    where a.customer_id = n.customer_id and a.refund_id = n.refund_id and a.invoice_id = n.invoice_id), 0) end as bigint) as refunded_minor
  from refund r
  join refund o on o.customer_id = r.customer_id and o.payment_id = r.payment_id
  join credit_note n on n.customer_id = o.customer_id and n.refund_id = o.id
 where r.customer_id = :customer_id and r.id = :key and r.reason not in ('DISPUTE', 'RETURNED')
 order by n.refund_id <> r.id, n.id
