-- Blocks that the merchant's changes of payment schedules read and write, under the customer's lock.

-- name: schedules.terms
-- returns: ScheduleTerms
select s.id, s.customer_id, s.name, s.currency, s.subscription_id, s.invoicing, s.collection, s.status, s.total_minor, s.version, c.time_zone, s.is_import_held
  from payment_schedule s
  join customer c on c.id = s.customer_id
 where s.customer_id = :customer_id and s.id = :key

-- name: schedules.of_installment
-- returns: WrittenRow
-- Select the id of the schedule of an installment that is to be invoiced.
select schedule_id as id from installment where customer_id = :customer_id and id = :key and invoice_at is not null

-- name: schedules.installments
-- returns: ScheduledInstallment
select p.id, p.position, p.name, p.due_on, p.amount_minor, p.paid_minor, p.refunded_minor, p.remaining_minor, p.status, p.invoice_id, p.invoice_at,
       exists (select from payment_allocation a where a.customer_id = p.customer_id and a.installment_id = p.id)
         or exists (select from refund_allocation r where r.customer_id = p.customer_id and r.installment_id = p.id) as has_history
  from installment p
 where p.customer_id = :customer_id and p.schedule_id = :key
 order by p.due_on, p.position

-- name: schedules.invoices
-- returns: ScheduleInvoice
-- Select the invoices of a schedule itself; one that its installments share with a subscription is not among them.
select i.id, i.number, i.status, i.total_minor, i.tax_minor, i.paid_minor, i.credited_minor, i.refunded_minor, i.remaining_minor, i.noted_minor,
       i.is_automatic and i.collection = 'NONE' as is_uncollected,
       (select cast(coalesce(sum(n.tax_minor), 0) as bigint) from credit_note n where n.customer_id = i.customer_id and n.invoice_id = i.id) as noted_tax_minor
  from invoice i
 where i.customer_id = :customer_id and i.schedule_id = :key
 order by i.id

-- name: schedules.subscription
-- returns: PayingSubscription
select id, currency from subscription where customer_id = :customer_id and id = :key

-- name: schedules.add
-- returns: WrittenRow
-- Insert a schedule. No row if another one has its external id.
insert into payment_schedule (customer_id, id, name, currency, subscription_id, invoicing, collection, status, total_minor, external_id, metadata, created_at)
select :customer_id, n.id, n.name, n.currency, n.subscription_id, n.invoicing, n.collection, 'ACTIVE', n.total_minor, n.external_id, n.metadata, n.created_at
  from jsonb_to_recordset(cast(:rows as jsonb)) n (id text, name text, currency text, subscription_id text, invoicing text, collection text, total_minor bigint,
       external_id text, metadata jsonb, created_at timestamptz)
    on conflict (external_id) where external_id is not null do nothing
returning id

-- name: schedules.add_installments
-- returns: WrittenRow
-- Insert installments. No row for one whose external id another one has.
insert into installment (customer_id, id, schedule_id, currency, position, name, due_on, amount_minor, status, invoice_at, external_id)
select :customer_id, n.id, n.schedule_id, n.currency, n.position, n.name, n.due_on, n.amount_minor, 'DUE', n.invoice_at, n.external_id
  from jsonb_to_recordset(cast(:rows as jsonb)) n (id text, schedule_id text, currency text, position integer, name text, due_on date, amount_minor bigint,
       invoice_at timestamptz, external_id text)
    on conflict (external_id) where external_id is not null do nothing
returning id

-- name: saving.changed_schedule
-- returns: WrittenRow
-- Change what a schedule comes to, or cancel it; a version that the decision has not read is not changed.
update payment_schedule s
   set total_minor = n.total_minor, status = n.status, version = s.version + 1
  from jsonb_to_recordset(cast(:rows as jsonb)) n (id text, total_minor bigint, status text, version integer)
 where s.customer_id = :customer_id and s.id = n.id and s.version = n.version
returning s.id

-- name: saving.changed_installment
-- returns: WrittenRow
-- Write the terms of installments of which nothing is paid, and who invoices them.
update installment p
   set name = n.name, due_on = n.due_on, amount_minor = n.amount_minor, invoice_id = n.invoice_id, invoice_at = n.invoice_at, version = p.version + 1
  from jsonb_to_recordset(cast(:rows as jsonb)) n (id text, name text, due_on date, amount_minor bigint, invoice_id text, invoice_at timestamptz)
 where p.customer_id = :customer_id and p.id = n.id and p.status in ('DUE', 'FAILED') and p.paid_minor = 0 and p.refunded_minor = 0
returning p.id

-- name: saving.canceled_installment
-- returns: WrittenRow
update installment p
   set status = 'CANCELED', invoice_at = null, version = p.version + 1
  from jsonb_to_recordset(cast(:rows as jsonb)) n (id text)
 where p.customer_id = :customer_id and p.id = n.id and p.status in ('DUE', 'PARTIALLY_PAID', 'FAILED')
returning p.id

-- name: saving.deleted_installment
-- returns: WrittenRow
-- Delete installments that no document and no payment names.
delete from installment p
 using jsonb_to_recordset(cast(:rows as jsonb)) n (id text)
 where p.customer_id = :customer_id and p.id = n.id and p.invoice_id is null and p.status in ('DUE', 'FAILED')
returning p.id

-- name: saving.invoiced_installment
-- returns: WrittenRow
-- Let an invoice cover installments, with the credit that pays a part of it at once.
update installment p
   set invoice_id = n.invoice_id, invoice_at = null, paid_minor = p.paid_minor + n.paid_minor, version = p.version + 1
  from jsonb_to_recordset(cast(:rows as jsonb)) n (id text, invoice_id text, paid_minor bigint)
 where p.customer_id = :customer_id and p.id = n.id and p.status in ('DUE', 'FAILED') and p.remaining_minor >= n.paid_minor
returning p.id

-- name: saving.uninvoiced_installment
-- returns: WrittenRow
-- Leave installments without an invoice of their own: something was paid of them before it was issued.
update installment p
   set invoice_at = null, version = p.version + 1
  from jsonb_to_recordset(cast(:rows as jsonb)) n (id text)
 where p.customer_id = :customer_id and p.id = n.id
returning p.id

-- name: saving.withdrawn_invoice
-- returns: WrittenRow
-- Void invoices of which nothing was paid or credited.
update invoice i
   set status = 'VOID', collection = 'NONE', collect_at = null, version = i.version + 1
  from jsonb_to_recordset(cast(:rows as jsonb)) n (id text)
 where i.customer_id = :customer_id and i.id = n.id and i.status = 'OPEN' and i.paid_minor = 0 and i.credited_minor = 0 and i.noted_minor = 0
returning i.id

-- name: saving.moved_collection
-- returns: WrittenRow
-- Set when the clock charges invoices of which no try has failed.
update invoice i
   set collect_at = n.collect_at, version = i.version + 1
  from jsonb_to_recordset(cast(:rows as jsonb)) n (id text, collect_at timestamptz)
 where i.customer_id = :customer_id and i.id = n.id and i.collection = 'DUE' and i.retry_count = 0
returning i.id
