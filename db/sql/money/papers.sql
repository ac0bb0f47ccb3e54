-- name: papers.lines
-- returns: InvoiceLineRow
select * from portal_invoice_line where customer_id = :customer_id and invoice_id = :key order by position

-- name: papers.lines_of_invoices
-- returns: InvoiceLineRow
select * from portal_invoice_line where customer_id = :customer_id and invoice_id = any(:ids) order by invoice_id, position

-- name: papers.allocations
-- returns: PaymentAllocationRow
-- Select the payments on an invoice that succeeded.
select a.*
  from portal_payment_allocation a
  join payment p on p.customer_id = a.customer_id and p.id = a.payment_id
 where a.customer_id = :customer_id and a.invoice_id = :key and p.status in ('SUCCEEDED', 'REFUNDED')
 order by p.settled_at, a.id

-- name: papers.paid_back
-- returns: RefundedPart
-- Select the refunds of what was paid on an invoice, or with :payment_id of a payment.
select r.id, r.payment_id, r.settled_at, r.reason, cast(coalesce(sum(t.amount_minor), r.amount_minor) as bigint) as amount_minor
  from refund r
  left join refund_allocation t on t.customer_id = r.customer_id and t.refund_id = r.id and t.invoice_id = cast(:key as text)
 where r.customer_id = :customer_id and r.status = 'SUCCEEDED' and (t.id is not null or r.payment_id = cast(:payment_id as text))
 group by r.customer_id, r.id
 order by r.settled_at, r.id

-- name: papers.payments
-- returns: PaymentRow
select * from portal_payment where customer_id = :customer_id and id = any(:ids)

-- name: papers.invoices
-- returns: InvoiceRow
select * from portal_invoice where customer_id = :customer_id and id = any(:ids)

-- name: papers.credit_notes
-- returns: CreditNoteRow
select * from portal_credit_note where customer_id = :customer_id and id = any(:ids)

-- name: papers.installments
-- returns: InstallmentRow
select * from portal_installment where customer_id = :customer_id and id = any(:ids)

-- name: papers.entries
-- returns: StatementEntry
-- order oldest: happened_on, rank, id
-- Select the statement of account of a currency, up to the end of a day in the customer's time zone: an amount above zero is a debt, below zero a credit.
-- Within a day, `rank` gives the order. An entry with a PDF of its own has the date on that PDF, in the time zone of its issue.
-- A void invoice is a debt only up to what was paid on it. Credit that was used for an invoice counts once, where it was granted. What a payment paid on account or
-- left as credit counts as part of the payment. A refund is a debt again, unless a credit note of the same day cancels that. What a credit note granted is also
-- an entry of the balance, and counts as the credit note.
select entry.happened_on, entry.rank, entry.id, entry.kind, entry.reference, entry.amount_minor
  from customer c
 cross join lateral (
        select (i.issued_at at time zone coalesce(k.time_zone, c.time_zone))::date as happened_on, 1 as rank, 'INVOICE' as kind, i.number as reference,
               case when i.status = 'VOID' then i.paid_minor + i.credited_minor else i.total_minor end as amount_minor, i.id
          from invoice i
          left join document_snapshot k on k.customer_id = i.customer_id and k.document_id = i.id
         where i.customer_id = c.id and i.currency = :currency and (i.status <> 'VOID' or i.paid_minor + i.credited_minor > 0)
         union all
        select p.due_on, 1, 'INSTALLMENT', s.name || ', ' || p.name, case when p.status = 'CANCELED' then p.paid_minor + p.refunded_minor else p.amount_minor end, p.id
          from installment p
          join payment_schedule s on s.customer_id = p.customer_id and s.id = p.schedule_id
         where p.customer_id = c.id and p.currency = :currency and p.invoice_id is null and (p.status <> 'CANCELED' or p.paid_minor + p.refunded_minor > 0)
         union all
        select (p.settled_at at time zone coalesce(k.time_zone, c.time_zone))::date, 2, 'PAYMENT', p.id, -p.amount_minor, p.id
          from payment p
          left join document_snapshot k on k.customer_id = p.customer_id and k.document_id = p.id
         where p.customer_id = c.id and p.currency = :currency and p.status in ('SUCCEEDED', 'REFUNDED')
         union all
        select (r.settled_at at time zone c.time_zone)::date, 4, 'REFUND', r.payment_id, r.amount_minor, r.id
          from refund r
         where r.customer_id = c.id and r.currency = :currency and r.status = 'SUCCEEDED'
         union all
        select (n.issued_at at time zone coalesce(k.time_zone, c.time_zone))::date, 5, 'CREDIT_NOTE', n.number, -n.total_minor, n.id
          from credit_note n
          left join document_snapshot k on k.customer_id = n.customer_id and k.document_id = n.id
         where n.customer_id = c.id and n.currency = :currency
         union all
        select greatest((r.settled_at at time zone c.time_zone)::date, p.due_on), 5, 'CREDIT', s.name || ', ' || p.name, -t.amount_minor, t.id
          from refund_allocation t
          join refund r on r.customer_id = t.customer_id and r.id = t.refund_id
          join installment p on p.customer_id = t.customer_id and p.id = t.installment_id
          join payment_schedule s on s.customer_id = p.customer_id and s.id = p.schedule_id
         where t.customer_id = c.id and t.currency = :currency and t.invoice_id is null and r.status = 'SUCCEEDED' and r.reason not in ('DISPUTE', 'RETURNED')
         union all
        select (b.created_at at time zone c.time_zone)::date, 3, case when b.amount_minor > 0 then 'CREDIT' else 'CHARGE' end, b.description, -b.amount_minor, b.id
          from balance_entry b
         where b.customer_id = c.id and b.currency = :currency and b.credit_note_id is null
           and (b.kind in ('CREDIT_NOTE', 'ADJUSTMENT', 'CHARGE') or (b.kind = 'REFUND' and b.refund_id is null))) entry
 where c.id = :customer_id and entry.happened_on <= :until_on
