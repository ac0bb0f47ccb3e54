-- Blocks of imports. Those that write take :rows like the blocks of money/saving.sql, and are combined with them; the owner of the tables runs them, in transactions of the actor IMPORT.

-- name: imports.catalog
-- returns: ImportJson
-- Select the prices and coupons by their codes, as one JSON object.
select cast(json_build_object(
         'prices', (select json_agg(json_build_object('code', p.code, 'price_id', p.id, 'plan_id', p.plan_id, 'plan_name', l.name, 'currency', p.currency, 'unit_minor', p.unit_minor,
                                                      'billing_interval', p.billing_interval, 'interval_count', p.interval_count, 'tax_behavior', p.tax_behavior, 'moves_to', p.moves_to))
                      from price p join plan l on l.id = p.plan_id),
         'coupons', (select json_agg(json_build_object('code', k.code, 'id', k.id, 'percent_off_ppm', k.percent_off_ppm, 'amount_off_minor', k.amount_off_minor,
                                                       'currency', k.currency, 'duration', k.duration, 'duration_periods', k.duration_periods)) from coupon k)) as text) as body

-- name: imports.state
-- returns: ImportJson
-- Select what the plan of some lines depends on, as one JSON object: the ledger of these lines and of those that they name, customers by external id and by address, and the
-- external ids and numbers that are in use, and what invoices and their installments come to.
with named as (
    select r.*
      from unnest(cast(:kinds as text[]), cast(:ids as text[])) n(kind, id)
      join import_record r on r.source = :source and r.kind = n.kind and r.external_id = n.id),
other as (
    select o.owner_id, min(o.source) as source
      from import_record o
     where o.owner_id in (select c.id from customer c where c.external_id = any(cast(:customers as text[]))) and o.kind = 'customers' and o.source <> :source
       and o.outcome = 'IMPORTED'
     group by o.owner_id),
customers as (
    select json_agg(json_build_object('id', c.id, 'external_id', c.external_id, 'email', c.email, 'name', c.name, 'currency', c.currency, 'locale', c.locale,
                                      'time_zone', c.time_zone, 'metadata', c.metadata, 'company_name', c.company_name, 'address_line1', c.address_line1,
                                      'address_line2', c.address_line2, 'address_city', c.address_city, 'address_region', c.address_region,
                                      'address_postal_code', c.address_postal_code, 'address_country', c.address_country, 'tax_ids', c.tax_ids,
                                      'tax_exemption', c.tax_exemption, 'tax_rate_ppm', c.tax_rate_ppm, 'tax_name', c.tax_name, 'shares_email', c.shares_email,
                                      'version', c.version, 'is_erased', c.erased_at is not null, 'is_followed', e.owner_id is not null,
                                      'has_default_method', exists (select from payment_method m where m.customer_id = c.id and m.is_default),
                                      'other_source', o.source)) as listed
      from customer c
      left join event_counter e on e.owner_id = c.id
      left join other o on o.owner_id = c.id
     where c.external_id = any(cast(:customers as text[]))),
addresses as (
    select json_agg(json_build_array(c.email_key, c.id, c.external_id)) as listed from customer c where c.email_key = any(cast(:addresses as text[])) and not c.shares_email),
subscriptions as (
    select json_agg(json_build_array(s.id, s.version, s.status, 'IMPORT' = any(s.holds) and s.charging_payment_id is null)) as listed
      from named r
      join subscription s on s.customer_id = r.owner_id and s.id = r.target_id
     where r.kind = 'subscriptions'),
invoices as (
    select json_agg(json_build_array(i.external_id, i.currency, i.total_minor, case when i.status = 'VOID' then 0 else i.remaining_minor end,
                                     coalesce(parts.amount_minor, 0), coalesce(parts.unpaid_minor, 0))) as listed
      from invoice i
      left join lateral (
            select sum(case when p.status = 'CANCELED' then p.paid_minor + p.refunded_minor else p.amount_minor end) as amount_minor,
                   sum(p.remaining_minor) filter (where p.status <> 'CANCELED') as unpaid_minor
              from installment p
             where p.customer_id = i.customer_id and p.invoice_id = i.id) parts on true
     where i.external_id = any(cast(:ids as text[]))),
used as (
    select json_agg(json_build_array(u.kind, u.external_id, u.customer_id, u.id)) as listed
      from (select 'payment_methods' as kind, m.external_id, m.customer_id, m.id from payment_method m where m.external_id = any(cast(:ids as text[]))
             union all
            select 'subscriptions', s.external_id, s.customer_id, s.id from subscription s where s.external_id = any(cast(:ids as text[]))
             union all
            select 'payment_schedules', h.external_id, h.customer_id, h.id from payment_schedule h where h.external_id = any(cast(:ids as text[]))
             union all
            select 'installments', p.external_id, p.customer_id, p.id from installment p where p.external_id = any(cast(:installments as text[]))
             union all
            select 'invoices', i.external_id, i.customer_id, i.id from invoice i where i.external_id = any(cast(:ids as text[]))
             union all
            select 'payments', p.external_id, p.customer_id, p.id from payment p where p.external_id = any(cast(:ids as text[]))) u)
select cast(json_build_object(
         'records', (select json_agg(json_build_array(r.kind, r.external_id, r.customer_key, r.owner_id, r.target_id, r.input_hash, r.outcome)) from named r),
         'customers', customers.listed, 'addresses', addresses.listed, 'subscriptions', subscriptions.listed, 'used', used.listed,
         'invoices', invoices.listed,
         'numbers', (select json_agg(n.number) from invoice_number n where n.number = any(cast(:numbers as text[])))) as text) as body
  from customers, addresses, subscriptions, used, invoices

-- name: imports.register
-- returns: WrittenRow
-- Register the numbers of documents that are imported, as the trigger `register_number` does. Select those of them that were issued for other documents.
with registered as (
    insert into invoice_number (number) select * from unnest(cast(:numbers as text[])) on conflict (number) do nothing)
select r.number as id from invoice_number r where r.number = any(cast(:numbers as text[])) and r.sequence is not null

-- name: imports.counts
-- returns: ImportCount
-- Count the lines of the ledger by source, kind and reason.
select r.source, r.kind, r.reason, cast(count(*) as integer) as lines
  from import_record r
 where cast(:source as text) is null or r.source = :source
 group by r.source, r.kind, r.reason
 order by r.source, r.kind, r.reason nulls first

-- name: imports.skipped
-- returns: SkippedLine
-- Select the lines of the ledger that were skipped.
select r.source, r.kind, r.external_id, r.customer_key, r.reason, r.file, r.line, r.written_at
  from import_record r
 where r.outcome = 'SKIPPED' and (cast(:source as text) is null or r.source = :source) and (cast(:reason as text) is null or r.reason = :reason)
 order by r.source, r.kind, r.line, r.external_id
 limit 100

-- name: imported_documents.of_invoice
-- returns: ImportedDocument
-- Select the original PDF of an imported invoice.
select d.invoice_id, d.customer_id, d.object_key, d.size_bytes from imported_document d where d.customer_id = :customer_id and d.invoice_id = :key

-- name: imports.held
-- returns: Owner
-- Select the ids of the subscriptions of the customer that the import holds.
select s.id, s.customer_id from subscription s where s.customer_id = :customer_id and s.holds @> array['IMPORT'] order by s.id

-- name: imports.waiting
-- returns: Due
-- Select the customers after :after of whom the import holds subscriptions, invoices or schedules, each with the id of one of them.
select due.customer_id, min(due.id) as id
  from (select s.customer_id, s.id from subscription s where s.holds @> array['IMPORT']
        union all
        select r.owner_id, r.target_id from import_record r where r.on_release is not null) due
 where due.customer_id > :after
 group by due.customer_id
 order by due.customer_id
 limit :wanted

-- name: imports.on_release
-- returns: ImportJson
-- Select what the release sets of the customer, as one JSON object: the collection of each invoice, and the schedules whose installments are invoiced. The ledger is on the
-- coordinator of a distributed database, so no statement reads it together with what it sets.
select cast(json_build_object(
         'invoices', coalesce(jsonb_agg(r.on_release || jsonb_build_object('id', r.target_id)) filter (where r.kind = 'invoices'), '[]'),
         'schedules', coalesce(jsonb_agg(jsonb_build_object('id', r.target_id)) filter (where r.kind = 'payment_schedules'), '[]')) as text) as body
  from import_record r
 where r.owner_id = :customer_id and r.on_release is not null

-- name: imports.release_invoices
-- returns: WrittenRow
-- Give open invoices the collection that their lines have, unless the import still holds their subscription. One that is in payment is collected if that fails. What staff
-- have let be due later is charged on that day, and its dunning begins anew.
update invoice i
   set collection = case when i.issued_due_on is null then n.collection else 'DUE' end,
       collect_at = case when i.issued_due_on is null then n.collect_at else (i.due_on + time '09:00') at time zone c.time_zone end,
       failed_attempts = case when i.issued_due_on is null then n.failed_attempts else 0 end, retry_count = case when i.issued_due_on is null then n.retry_count else 0 end,
       retry_began_on = case when i.issued_due_on is null then n.retry_began_on end, retry_last_on = case when i.issued_due_on is null then n.retry_last_on end,
       version = i.version + 1
  from jsonb_to_recordset(cast(:due as jsonb) -> 'invoices') n (id text, collection text, collect_at timestamptz, failed_attempts integer, retry_count integer,
       retry_began_on date, retry_last_on date), customer c
 where i.customer_id = :customer_id and i.id = n.id and c.id = i.customer_id
   and i.remaining_minor > 0 and i.written_off_at is null and i.collection = 'NONE'
   and not exists (select from subscription s where s.customer_id = i.customer_id and s.id = i.subscription_id and s.holds @> array['IMPORT'])
returning i.id

-- name: imports.release_of_collection
-- returns: WrittenRow
-- Collect invoices here from now on, unless the import still holds their subscription: also one that is paid, if its money goes back, and one that a program of before the
-- mark has released, of which the ledger says nothing any more.
update invoice i
   set is_import_held = false, version = i.version + 1
 where i.customer_id = :customer_id and i.is_import_held
   and not exists (select from subscription s where s.customer_id = i.customer_id and s.id = i.subscription_id and s.holds @> array['IMPORT'])
returning i.id

-- name: imports.release_schedules
-- returns: WrittenRow
-- Let schedules be changed here from now on, except those that are still held. Nothing changes that a reader of their version has seen.
update payment_schedule h
   set is_import_held = false
 where h.customer_id = :customer_id and h.is_import_held and h.id <> all(cast(:held as text[]))
returning h.id

-- name: imports.release_installments
-- returns: WrittenRow
-- Have installments invoiced that have no invoice, so many days before they are due where the customer lives, unless the import still holds the subscription.
update installment p
   set invoice_at = cast(p.due_on - cast(:days as integer) as timestamp) at time zone c.time_zone, version = p.version + 1
  from payment_schedule h
  join customer c on c.id = h.customer_id
 where p.customer_id = :customer_id and h.customer_id = p.customer_id and h.id in (select n.id from jsonb_to_recordset(cast(:due as jsonb) -> 'schedules') n (id text))
   and p.schedule_id = h.id and p.invoice_id is null and p.invoice_at is null and p.remaining_minor > 0 and p.status in ('DUE', 'PARTIALLY_PAID', 'FAILED')
   and not exists (select from subscription s where s.customer_id = p.customer_id and s.id = h.subscription_id and s.holds @> array['IMPORT'])
returning p.id

-- name: imports.still_held
-- returns: WrittenRow
-- Select the invoices and schedules of subscriptions that the import holds, and schedules with an installment that is in payment without an invoice.
select i.id from invoice i join subscription s on s.customer_id = i.customer_id and s.id = i.subscription_id
 where i.customer_id = :customer_id and s.holds @> array['IMPORT']
 union all
select h.id from payment_schedule h join subscription s on s.customer_id = h.customer_id and s.id = h.subscription_id
 where h.customer_id = :customer_id and s.holds @> array['IMPORT']
 union all
select p.schedule_id from installment p where p.customer_id = :customer_id and p.invoice_id is null and p.invoice_at is null and p.status = 'PROCESSING'

-- name: imports.released
-- returns: nothing
-- Forget what the release has set of the customer, except of what is still held.
update import_record r set on_release = null
 where r.owner_id = :customer_id and r.on_release is not null and r.target_id <> all(cast(:held as text[]))

-- name: saving.imported_customer
-- returns: WrittenRow
insert into customer (id, external_id, name, email, locale, time_zone, currency, tax_rate_ppm, created_at, company_name, address_line1, address_line2, address_city, address_region,
       address_postal_code, address_country, tax_ids, tax_exemption, tax_name, metadata, shares_email)
select :customer_id, n.external_id, n.name, n.email, n.locale, n.time_zone, n.currency, n.tax_rate_ppm, n.created_at, n.company_name, n.address_line1, n.address_line2, n.address_city,
       n.address_region, n.address_postal_code, n.address_country, n.tax_ids, n.tax_exemption, n.tax_name, n.metadata, n.shares_email
  from jsonb_to_recordset(cast(:rows as jsonb)) n (external_id text, name text, email text, locale text, time_zone text, currency text, tax_rate_ppm integer, created_at timestamptz,
       company_name text, address_line1 text, address_line2 text, address_city text, address_region text, address_postal_code text, address_country text, tax_ids text[],
       tax_exemption text, tax_name text, metadata jsonb, shares_email boolean)
returning id

-- name: saving.imported_customer_change
-- returns: WrittenRow
-- Update a customer to the next version; a version that the plan has not read is not overwritten.
update customer c
   set name = n.name, email = n.email, locale = n.locale, time_zone = n.time_zone, currency = n.currency, tax_rate_ppm = n.tax_rate_ppm, company_name = n.company_name,
       address_line1 = n.address_line1, address_line2 = n.address_line2, address_city = n.address_city, address_region = n.address_region,
       address_postal_code = n.address_postal_code, address_country = n.address_country, tax_ids = n.tax_ids, tax_exemption = n.tax_exemption, tax_name = n.tax_name,
       metadata = n.metadata, shares_email = n.shares_email, version = c.version + 1
  from jsonb_to_recordset(cast(:rows as jsonb)) n (name text, email text, locale text, time_zone text, currency text, tax_rate_ppm integer, company_name text, address_line1 text,
       address_line2 text, address_city text, address_region text, address_postal_code text, address_country text, tax_ids text[], tax_exemption text, tax_name text, metadata jsonb,
       shares_email boolean, version integer)
 where c.id = :customer_id and c.version = n.version and c.erased_at is null
returning c.id

-- name: saving.imported_payment_method
-- returns: WrittenRow
insert into payment_method (customer_id, id, kind, brand, last4, expires_on, fingerprint, processor, processor_reference, is_default, created_at, external_id, metadata)
select :customer_id, n.id, n.kind, n.brand, n.last4, n.expires_on, n.fingerprint, n.processor, n.processor_reference, n.is_default, n.created_at, n.external_id, n.metadata
  from jsonb_to_recordset(cast(:rows as jsonb)) n (id text, kind text, brand text, last4 text, expires_on date, fingerprint text, processor text, processor_reference text,
       is_default boolean, created_at timestamptz, external_id text, metadata jsonb)
returning id

-- name: saving.imported_subscription
-- returns: WrittenRow
insert into subscription (customer_id, id, plan_id, price_id, currency, quantity, status, holds, suspended_by, started_at, trial_ends_at, period_starts_at, period_ends_at, anchor_at,
       billing_zone, renewal_minor, pending_kind, pending_at, pending_price_id, pending_plan_id, pending_quantity, pending_resumes_at, resumes_at, paused_at, suspended_at,
       canceled_at, cancel_reason, cancel_comment, payment_method_id, created_at, external_id, metadata)
select :customer_id, n.id, n.plan_id, n.price_id, n.currency, n.quantity, n.status, n.holds, n.suspended_by, n.started_at, n.trial_ends_at, n.period_starts_at, n.period_ends_at,
       n.anchor_at, n.billing_zone, n.renewal_minor, n.pending_kind, n.pending_at, n.pending_price_id, n.pending_plan_id, n.pending_quantity, n.pending_resumes_at, n.resumes_at,
       n.paused_at, n.suspended_at, n.canceled_at, n.cancel_reason, n.cancel_comment, n.payment_method_id, n.created_at, n.external_id, n.metadata
  from jsonb_to_recordset(cast(:rows as jsonb)) n (id text, plan_id text, price_id text, currency text, quantity integer, status text, holds text[], suspended_by text,
       started_at timestamptz, trial_ends_at timestamptz, period_starts_at timestamptz, period_ends_at timestamptz, anchor_at timestamptz, billing_zone text, renewal_minor bigint,
       pending_kind text, pending_at timestamptz, pending_price_id text, pending_plan_id text, pending_quantity integer, pending_resumes_at timestamptz, resumes_at timestamptz,
       paused_at timestamptz, suspended_at timestamptz, canceled_at timestamptz, cancel_reason text, cancel_comment text, payment_method_id text, created_at timestamptz,
       external_id text, metadata jsonb)
returning id

-- name: saving.imported_subscription_change
-- returns: WrittenRow
-- Update a subscription that is held by the import to the next version; one that was released, or changed since the plan read it, is not overwritten.
update subscription s
   set plan_id = n.plan_id, price_id = n.price_id, quantity = n.quantity, status = n.status, holds = n.holds, suspended_by = n.suspended_by, started_at = n.started_at,
       trial_ends_at = n.trial_ends_at, period_starts_at = n.period_starts_at, period_ends_at = n.period_ends_at, anchor_at = n.anchor_at, billing_zone = n.billing_zone,
       renewal_minor = n.renewal_minor, pending_kind = n.pending_kind, pending_at = n.pending_at, pending_price_id = n.pending_price_id, pending_plan_id = n.pending_plan_id,
       pending_quantity = n.pending_quantity, pending_resumes_at = n.pending_resumes_at, resumes_at = n.resumes_at, paused_at = n.paused_at, suspended_at = n.suspended_at,
       canceled_at = n.canceled_at, cancel_reason = n.cancel_reason, cancel_comment = n.cancel_comment, payment_method_id = n.payment_method_id, metadata = n.metadata,
       version = s.version + 1
  from jsonb_to_recordset(cast(:rows as jsonb)) n (id text, plan_id text, price_id text, currency text, quantity integer, status text, holds text[], suspended_by text,
       started_at timestamptz, trial_ends_at timestamptz, period_starts_at timestamptz, period_ends_at timestamptz, anchor_at timestamptz, billing_zone text, renewal_minor bigint,
       pending_kind text, pending_at timestamptz, pending_price_id text, pending_plan_id text, pending_quantity integer, pending_resumes_at timestamptz, resumes_at timestamptz,
       paused_at timestamptz, suspended_at timestamptz, canceled_at timestamptz, cancel_reason text, cancel_comment text, payment_method_id text, metadata jsonb, version integer)
 where s.customer_id = :customer_id and s.id = n.id and s.version = n.version and s.currency = n.currency and 'IMPORT' = any(s.holds) and s.charging_payment_id is null
returning s.id

-- name: saving.imported_taken_plan
-- returns: nothing
insert into taken_plan (customer_id, plan_id, subscription_id, has_trial, taken_at)
select :customer_id, n.plan_id, n.subscription_id,
       n.has_trial and not exists (select from taken_plan t where t.customer_id = :customer_id and t.plan_id = n.plan_id and t.has_trial), n.taken_at
  from jsonb_to_recordset(cast(:rows as jsonb)) n (plan_id text, subscription_id text, has_trial boolean, taken_at timestamptz)
    on conflict do nothing

-- name: saving.imported_coupon_use
-- returns: nothing
-- Count redemptions of coupons, also of those that are not offered any more; coupons belong to no customer.
update coupon c set redeemed_count = c.redeemed_count + n.uses
  from (select one.id, count(*) as uses from jsonb_to_recordset(cast(:rows as jsonb)) one (id text) group by one.id) n
 where c.id = n.id

-- name: saving.imported_redemption_end
-- returns: nothing
-- End the running redemption of a subscription whose line names another coupon now, or none.
update coupon_redemption r set ended_at = n.ended_at
  from jsonb_to_recordset(cast(:rows as jsonb)) n (subscription_id text, ended_at timestamptz)
 where r.customer_id = :customer_id and r.subscription_id = n.subscription_id and r.ended_at is null

-- name: saving.imported_schedule
-- returns: WrittenRow
insert into payment_schedule (customer_id, id, name, currency, subscription_id, invoicing, collection, status, total_minor, paid_minor, remaining_minor, refunded_minor, canceled_minor,
       created_at, external_id, metadata, is_import_held)
select :customer_id, n.id, n.name, n.currency, n.subscription_id, n.invoicing, n.collection, n.status, n.total_minor, n.paid_minor, 0, n.refunded_minor, n.canceled_minor,
       n.created_at, n.external_id, n.metadata, n.is_import_held
  from jsonb_to_recordset(cast(:rows as jsonb)) n (id text, name text, currency text, subscription_id text, invoicing text, collection text, status text, total_minor bigint,
       paid_minor bigint, refunded_minor bigint, canceled_minor bigint, created_at timestamptz, external_id text, metadata jsonb, is_import_held boolean)
returning id

-- name: saving.imported_installment
-- returns: WrittenRow
insert into installment (customer_id, id, schedule_id, invoice_id, currency, position, name, due_on, amount_minor, paid_minor, refunded_minor, status, remaining_minor, external_id, metadata)
select :customer_id, n.id, n.schedule_id, n.invoice_id, n.currency, n.position, n.name, n.due_on, n.amount_minor, n.paid_minor, n.refunded_minor, n.status, 0, n.external_id, n.metadata
  from jsonb_to_recordset(cast(:rows as jsonb)) n (id text, schedule_id text, invoice_id text, currency text, position integer, name text, due_on date, amount_minor bigint,
       paid_minor bigint, refunded_minor bigint, status text, external_id text, metadata jsonb)
returning id

-- name: saving.imported_invoice
-- returns: WrittenRow
-- Insert an invoice with the number that it has. The billing clock does not collect it before the release.
insert into invoice (customer_id, id, number, reason, status, currency, subscription_id, schedule_id, issued_at, due_on, period_starts_at, period_ends_at, subtotal_minor,
       discount_minor, tax_minor, total_minor, paid_minor, credited_minor, refunded_minor, noted_minor, paid_at, created_at, memo, is_automatic, written_off_at, external_id, metadata,
       imported_at, is_import_held)
select :customer_id, n.id, n.number, n.reason, n.status, n.currency, n.subscription_id, n.schedule_id, n.issued_at, n.due_on, n.period_starts_at, n.period_ends_at, n.subtotal_minor,
       n.discount_minor, n.tax_minor, n.total_minor, n.paid_minor, n.credited_minor, n.refunded_minor, n.noted_minor, n.paid_at, n.created_at, n.memo, n.is_automatic,
       n.written_off_at, n.external_id, n.metadata, n.imported_at, n.is_import_held
  from jsonb_to_recordset(cast(:rows as jsonb)) n (id text, number text, reason text, status text, currency text, subscription_id text, schedule_id text, issued_at timestamptz,
       due_on date, period_starts_at timestamptz, period_ends_at timestamptz, subtotal_minor bigint, discount_minor bigint, tax_minor bigint, total_minor bigint, paid_minor bigint,
       credited_minor bigint, refunded_minor bigint, noted_minor bigint, paid_at timestamptz, created_at timestamptz, memo text, is_automatic boolean, written_off_at timestamptz,
       external_id text, metadata jsonb, imported_at timestamptz, is_import_held boolean)
returning id

-- name: saving.imported_document
-- returns: nothing
insert into imported_document (customer_id, invoice_id, object_key, size_bytes, sha256)
select :customer_id, n.invoice_id, n.object_key, n.size_bytes, n.sha256
  from jsonb_to_recordset(cast(:rows as jsonb)) n (invoice_id text, object_key text, size_bytes bigint, sha256 text)
    on conflict (customer_id, invoice_id) do nothing

-- name: saving.imported_payment
-- returns: WrittenRow
insert into payment (customer_id, id, status, currency, amount_minor, refunded_minor, refunded_at, payment_method_id, method_kind, method_brand, method_last4, decline_code, processor,
       processor_reference, created_at, settled_at, reference, external_id, metadata, imported_at)
select :customer_id, n.id, n.status, n.currency, n.amount_minor, n.refunded_minor, n.refunded_at, n.payment_method_id, n.method_kind, n.method_brand, n.method_last4, n.decline_code,
       'import', n.processor_reference, n.created_at, n.settled_at, n.reference, n.external_id, n.metadata, n.imported_at
  from jsonb_to_recordset(cast(:rows as jsonb)) n (id text, status text, currency text, amount_minor bigint, refunded_minor bigint, refunded_at timestamptz, payment_method_id text,
       method_kind text, method_brand text, method_last4 text, decline_code text, processor_reference text, created_at timestamptz, settled_at timestamptz, reference text,
       external_id text, metadata jsonb, imported_at timestamptz)
returning id

-- name: saving.imported_refund
-- returns: WrittenRow
insert into refund (customer_id, id, payment_id, currency, amount_minor, reason, status, reference, created_at, settled_at)
select :customer_id, n.id, n.payment_id, n.currency, n.amount_minor, n.reason, 'SUCCEEDED', n.reference, n.created_at, n.created_at
  from jsonb_to_recordset(cast(:rows as jsonb)) n (id text, payment_id text, currency text, amount_minor bigint, reason text, reference text, created_at timestamptz)
returning id

-- name: saving.imported_refund_allocation
-- returns: WrittenRow
insert into refund_allocation (customer_id, id, refund_id, invoice_id, installment_id, currency, amount_minor, created_at)
select :customer_id, n.id, n.refund_id, n.invoice_id, n.installment_id, n.currency, n.amount_minor, n.created_at
  from jsonb_to_recordset(cast(:rows as jsonb)) n (id text, refund_id text, invoice_id text, installment_id text, currency text, amount_minor bigint, created_at timestamptz)
returning id

-- name: saving.imported_credit_note
-- returns: WrittenRow
insert into credit_note (customer_id, id, number, reason, currency, invoice_id, refund_id, issued_at, subtotal_minor, tax_minor, total_minor, released_minor, granted_minor,
       refunded_minor, created_at, memo)
select :customer_id, n.id, n.number, n.reason, n.currency, n.invoice_id, n.refund_id, n.issued_at, n.subtotal_minor, n.tax_minor, n.total_minor, n.released_minor, n.granted_minor,
       n.refunded_minor, n.created_at, n.memo
  from jsonb_to_recordset(cast(:rows as jsonb)) n (id text, number text, reason text, currency text, invoice_id text, refund_id text, issued_at timestamptz, subtotal_minor bigint,
       tax_minor bigint, total_minor bigint, released_minor bigint, granted_minor bigint, refunded_minor bigint, created_at timestamptz, memo text)
returning id

-- name: saving.imported_credit_note_line
-- returns: WrittenRow
insert into credit_note_line (customer_id, id, credit_note_id, currency, position, description, subtotal_minor, tax_minor, total_minor, period_starts_at, period_ends_at, tax_rate_ppm)
select :customer_id, n.id, n.credit_note_id, n.currency, n.position, n.description, n.subtotal_minor, n.tax_minor, n.total_minor, n.period_starts_at, n.period_ends_at, n.tax_rate_ppm
  from jsonb_to_recordset(cast(:rows as jsonb)) n (id text, credit_note_id text, currency text, position integer, description text, subtotal_minor bigint, tax_minor bigint,
       total_minor bigint, period_starts_at timestamptz, period_ends_at timestamptz, tax_rate_ppm integer)
returning id

-- name: saving.import_record
-- returns: nothing
-- Store the last outcome of lines in the ledger.
insert into import_record as r (source, kind, external_id, customer_key, owner_id, target_id, input_hash, outcome, reason, file, line, run_id, written_at, on_release)
select n.source, n.kind, n.external_id, n.customer_key, coalesce(nullif(n.owner_id, ''), :customer_id), n.target_id, n.input_hash, n.outcome, n.reason, n.file, n.line, n.run_id,
       n.written_at, n.on_release
  from jsonb_to_recordset(cast(:rows as jsonb)) n (source text, kind text, external_id text, customer_key text, owner_id text, target_id text, input_hash text, outcome text, reason text,
       file text, line integer, run_id text, written_at timestamptz, on_release jsonb)
    on conflict (source, kind, external_id) do update
   set customer_key = excluded.customer_key, owner_id = coalesce(r.owner_id, excluded.owner_id), target_id = coalesce(r.target_id, excluded.target_id),
       input_hash = excluded.input_hash, outcome = excluded.outcome, reason = excluded.reason, file = excluded.file, line = excluded.line, run_id = excluded.run_id,
       written_at = excluded.written_at, on_release = coalesce(excluded.on_release, r.on_release)
