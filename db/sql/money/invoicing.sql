-- Blocks for what staff do with invoices and money. A decision is made from rows that are read after the customer was locked.

-- name: invoicing.buyer
-- returns: InvoiceBuyer
-- Select the customer of a new invoice, the number of their invoices, and the credit and the debt of the account in its currency that no charge under way will use or pay.
select c.id as customer_id, c.currency,
       c.currency = :currency or exists (select from portal_known_currency k where k.customer_id = c.id and k.currency = :currency) as is_known_currency,
       c.time_zone, c.tax_rate_ppm, c.tax_exemption,
       cast(coalesce(b.balance_minor, 0) - held.reserved_minor as bigint) as credit_minor,
       cast(greatest(coalesce(b.owed_minor, 0) - held.account_minor, 0) as bigint) as owed_minor,
       (select cast(count(*) as integer) from invoice i where i.customer_id = c.id) as invoices
  from customer c
  left join account_balance b on b.customer_id = c.id and b.currency = :currency
 cross join lateral (
        select coalesce(sum(h.reserved_minor), 0) as reserved_minor, coalesce(sum(h.account_minor), 0) as account_minor
          from charge h where h.customer_id = c.id and h.currency = :currency and h.settled_at is null) held
 where c.id = :customer_id

-- name: invoicing.invoice
-- returns: CreditableInvoice
select i.customer_id, i.id, i.number, i.status, i.currency, i.total_minor, i.tax_minor, i.paid_minor, i.credited_minor, i.refunded_minor, i.remaining_minor,
       i.noted_minor,
       cast(coalesce((select sum(n.tax_minor) from credit_note n where n.customer_id = i.customer_id and n.invoice_id = i.id), 0) as bigint) as noted_tax_minor,
       v.is_in_payment, v.is_voidable, v.is_expected, v.creditable_minor, v.is_being_credited, v.is_retryable, v.is_awaited, i.version
  from invoice i
  join portal_invoice v on v.customer_id = i.customer_id and v.id = i.id
 where i.customer_id = :customer_id and i.id = :key

-- name: invoicing.lines
-- returns: CreditableLine
select l.id, l.description, l.tax_rate_ppm, l.subtotal_minor - l.discount_minor as net_minor, l.tax_minor,
       cast(coalesce(c.net_minor, 0) as bigint) as credited_net_minor, cast(coalesce(c.tax_minor, 0) as bigint) as credited_tax_minor
  from invoice_line l
 cross join lateral (
        select sum(n.subtotal_minor) as net_minor, sum(n.tax_minor) as tax_minor
          from credit_note_line n where n.customer_id = l.customer_id and n.invoice_line_id = l.id) c
 where l.customer_id = :customer_id and l.invoice_id = :key
 order by l.position

-- name: invoicing.payments
-- returns: PayingPayment
-- Select the settled payments of an invoice, the newest first: what of their part can be given back, which is at most what is left of the whole payment.
select p.id as payment_id, p.processor, cast(greatest(least(part.minor - back.minor, v.refundable_minor), 0) as bigint) as refundable_minor
  from (select a.payment_id, sum(a.amount_minor) as minor
          from payment_allocation a
         where a.customer_id = :customer_id and a.invoice_id = :key
         group by a.payment_id) part
  join payment p on p.customer_id = :customer_id and p.id = part.payment_id
  join portal_payment v on v.customer_id = p.customer_id and v.id = p.id
 cross join lateral (
        select coalesce(sum(t.amount_minor), 0) as minor
          from refund r
          join refund_allocation t on t.customer_id = r.customer_id and t.refund_id = r.id
         where r.customer_id = p.customer_id and r.payment_id = p.id and t.invoice_id = :key) back
 where p.customer_id = :customer_id and p.status = 'SUCCEEDED'
 order by p.settled_at desc, p.id desc

-- name: refund_requests.lock
-- returns: RefundRequestRow
-- Select a request and the state of its refund. Read after the customer was locked.
select q.customer_id, q.refund_id, q.payment_id, q.invoice_id, q.processor, q.mutation, q.key, q.caller, q.request, q.note, q.answer, q.started_at, q.settled_at,
       r.status, r.reference
  from refund_request q
  join refund r on r.customer_id = q.customer_id and r.id = q.refund_id
 where q.customer_id = :customer_id and q.refund_id = :key

-- name: refund_requests.decided
-- returns: RefundRequestRow
-- Select the open requests of a payment whose refunds have succeeded or failed.
select q.customer_id, q.refund_id, q.payment_id, q.invoice_id, q.processor, q.mutation, q.key, q.caller, q.request, q.note, q.answer, q.started_at, q.settled_at,
       r.status, r.reference
  from refund_request q
  join refund r on r.customer_id = q.customer_id and r.id = q.refund_id
 where q.customer_id = :customer_id and q.payment_id = :key and q.settled_at is null and r.status <> 'PENDING'
 order by q.refund_id

-- name: refund_requests.settle
-- returns: nothing
update refund_request set settled_at = :now where customer_id = :customer_id and refund_id = :key and settled_at is null

-- name: refund_requests.note_reference
-- returns: nothing
-- Store the processor's reference of a refund that it has accepted.
update refund set reference = :reference, version = version + 1 where customer_id = :customer_id and id = :key and reference is null

-- name: clock.open_refunds
-- returns: Due
select customer_id, refund_id as id from refund_request where settled_at is null and started_at < :started_before order by started_at, customer_id, refund_id limit :wanted
