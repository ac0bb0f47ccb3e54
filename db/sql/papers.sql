-- name: papers.lines
-- returns: InvoiceLine
select * from portal_invoice_line where customer_id = :customer_id and invoice_id = :key order by position

-- name: papers.allocations
-- returns: PaymentAllocation
-- What was really paid on an invoice.
select a.*
  from portal_payment_allocation a
  join payment p on p.customer_id = a.customer_id and p.id = a.payment_id
 where a.customer_id = :customer_id and a.invoice_id = :key and p.status in ('SUCCEEDED', 'REFUNDED')
 order by p.settled_at, a.id

-- name: papers.payments
-- returns: Payment
select * from portal_payment where customer_id = :customer_id and id = any(:ids)

-- name: papers.invoices
-- returns: Invoice
select * from portal_invoice where customer_id = :customer_id and id = any(:ids)

-- name: papers.credit_notes
-- returns: CreditNote
select * from portal_credit_note where customer_id = :customer_id and id = any(:ids)

-- name: papers.installments
-- returns: Installment
select * from portal_installment where customer_id = :customer_id and id = any(:ids)

-- name: papers.entries
-- returns: StatementEntry
-- order oldest: happened_on, rank, id
-- The statement of account of a currency, up to the end of a day where the customer lives: above zero is owed more, below zero less.
-- Of one day, `rank` says what comes first.
-- Void invoices were never owed. A refunded invoice is not owed any more from the day of its refund on. Credit that was used for an invoice was credit before, and counts once.
-- A credit note takes off what it released and what it granted; its entry of the balance is that again.
select entry.happened_on, entry.rank, entry.id, entry.kind, entry.reference, entry.amount_minor
  from customer c
 cross join lateral (
        select (i.issued_at at time zone c.time_zone)::date as happened_on, 1 as rank, 'INVOICE' as kind, i.number as reference, i.total_minor as amount_minor, i.id
          from invoice i
         where i.customer_id = c.id and i.currency = :currency and i.status <> 'VOID'
         union all
        select (coalesce((select max(p.refunded_at) from payment_allocation a join payment p on p.customer_id = a.customer_id and p.id = a.payment_id
                           where a.customer_id = i.customer_id and a.invoice_id = i.id), i.paid_at, i.issued_at) at time zone c.time_zone)::date, 5, 'VOID', i.number, -i.total_minor, i.id
          from invoice i
         where i.customer_id = c.id and i.currency = :currency and i.status = 'REFUNDED'
         union all
        select p.due_on, 1, 'INSTALLMENT', s.name || ', ' || p.name, case when p.status = 'CANCELED' then p.paid_minor else p.amount_minor end, p.id
          from installment p
          join payment_schedule s on s.customer_id = p.customer_id and s.id = p.schedule_id
         where p.customer_id = c.id and p.currency = :currency and p.invoice_id is null and (p.status <> 'CANCELED' or p.paid_minor > 0)
         union all
        select (p.settled_at at time zone c.time_zone)::date, 2, 'PAYMENT', p.id, -p.amount_minor, p.id
          from payment p
         where p.customer_id = c.id and p.currency = :currency and p.status in ('SUCCEEDED', 'REFUNDED')
         union all
        select (coalesce(p.refunded_at, p.settled_at) at time zone c.time_zone)::date, 4, 'REFUND', p.id, p.refunded_minor, p.id
          from payment p
         where p.customer_id = c.id and p.currency = :currency and p.refunded_minor > 0
         union all
        select (b.created_at at time zone c.time_zone)::date, 3, 'CREDIT', b.description, -b.amount_minor, b.id
          from balance_entry b
         where b.customer_id = c.id and b.currency = :currency and b.credit_note_id is null and b.kind in ('CREDIT_NOTE', 'ADJUSTMENT', 'CHARGE', 'REFUND')
         union all
        select (n.issued_at at time zone c.time_zone)::date, 3, 'CREDIT_NOTE', n.number, -(n.released_minor + n.granted_minor), n.id
          from credit_note n
         where n.customer_id = c.id and n.currency = :currency and n.released_minor + n.granted_minor > 0) entry
 where c.id = :customer_id and entry.happened_on <= :until_on
