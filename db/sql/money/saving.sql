-- Blocks that write the rows of a decision: one block for each kind of row. A block takes its rows as :rows, a JSON list of objects, and returns the ids of the written rows.
-- `db/transaction.py` combines the blocks of one decision into one statement.

-- name: saving.subscription
-- returns: WrittenRow
-- Insert a subscription.
insert into subscription (customer_id, id, plan_id, price_id, currency, quantity, status, holds, suspended_by, started_at, trial_ends_at,
       period_starts_at, period_ends_at, anchor_at, billing_zone, renews_at, renewal_minor, pending_kind, pending_at, pending_price_id,
       pending_plan_id, pending_quantity, pending_resumes_at, resumes_at, paused_at, suspended_at, canceled_at, cancel_reason, cancel_comment,
       payment_method_id, charging_payment_id, version, created_at)
select :customer_id, n.id, n.plan_id, n.price_id, n.currency, n.quantity, n.status, n.holds, n.suspended_by, n.started_at, n.trial_ends_at,
       n.period_starts_at, n.period_ends_at, n.anchor_at, n.billing_zone, n.renews_at, n.renewal_minor, n.pending_kind, n.pending_at,
       n.pending_price_id, n.pending_plan_id, n.pending_quantity, n.pending_resumes_at, n.resumes_at, n.paused_at, n.suspended_at, n.canceled_at,
       n.cancel_reason, n.cancel_comment, n.payment_method_id, n.charging_payment_id, n.version, n.created_at
  from jsonb_to_recordset(cast(:rows as jsonb)) n (id text, plan_id text, price_id text, currency text, quantity integer, status text, holds text[],
       suspended_by text, started_at timestamptz, trial_ends_at timestamptz, period_starts_at timestamptz, period_ends_at timestamptz,
       anchor_at timestamptz, billing_zone text, renews_at timestamptz, renewal_minor bigint, pending_kind text, pending_at timestamptz,
       pending_price_id text, pending_plan_id text, pending_quantity integer, pending_resumes_at timestamptz, resumes_at timestamptz,
       paused_at timestamptz, suspended_at timestamptz, canceled_at timestamptz, cancel_reason text, cancel_comment text, payment_method_id text,
       charging_payment_id text, version integer, created_at timestamptz)
returning id

-- name: saving.changed_subscription
-- returns: WrittenRow
-- Update a subscription to its next version. A version that the decision has not read is not overwritten.
update subscription s
   set plan_id = n.plan_id, price_id = n.price_id, quantity = n.quantity, status = n.status, holds = n.holds,
       suspended_by = n.suspended_by, started_at = n.started_at, trial_ends_at = n.trial_ends_at,
       period_starts_at = n.period_starts_at, period_ends_at = n.period_ends_at, anchor_at = n.anchor_at,
       billing_zone = n.billing_zone, renews_at = n.renews_at, renewal_minor = n.renewal_minor,
       pending_kind = n.pending_kind, pending_at = n.pending_at, pending_price_id = n.pending_price_id,
       pending_plan_id = n.pending_plan_id, pending_quantity = n.pending_quantity, pending_resumes_at = n.pending_resumes_at,
       resumes_at = n.resumes_at, paused_at = n.paused_at, suspended_at = n.suspended_at, canceled_at = n.canceled_at,
       cancel_reason = n.cancel_reason, cancel_comment = n.cancel_comment, payment_method_id = n.payment_method_id,
       charging_payment_id = n.charging_payment_id, version = n.version
  from jsonb_to_recordset(cast(:rows as jsonb)) n (id text, plan_id text, price_id text, quantity integer, status text, holds text[],
       suspended_by text, started_at timestamptz, trial_ends_at timestamptz, period_starts_at timestamptz, period_ends_at timestamptz,
       anchor_at timestamptz, billing_zone text, renews_at timestamptz, renewal_minor bigint, pending_kind text, pending_at timestamptz,
       pending_price_id text, pending_plan_id text, pending_quantity integer, pending_resumes_at timestamptz, resumes_at timestamptz,
       paused_at timestamptz, suspended_at timestamptz, canceled_at timestamptz, cancel_reason text, cancel_comment text, payment_method_id text,
       charging_payment_id text, version integer)
 where s.customer_id = :customer_id and s.id = n.id and s.version = n.version - 1
returning s.id

-- name: saving.subscription_event
-- returns: WrittenRow
insert into subscription_event (customer_id, id, subscription_id, kind, actor, client, note, happened_at)
select :customer_id, n.id, n.subscription_id, n.kind, n.actor, coalesce(n.client, ''), n.note, n.happened_at
  from jsonb_to_recordset(cast(:rows as jsonb)) n (id text, subscription_id text, kind text, actor text, client text, note text, happened_at timestamptz)
returning id

-- name: saving.invoice
-- returns: WrittenRow
-- Insert an invoice. Its number is its id until the transaction ends (`invoices.issue_number`).
insert into invoice (customer_id, id, number, reason, status, currency, subscription_id, schedule_id, issued_at, due_on, period_starts_at,
       period_ends_at, subtotal_minor, discount_minor, tax_minor, total_minor, paid_minor, credited_minor, paid_at, collection, collect_at, created_at,
       memo, is_automatic, external_id, metadata)
select :customer_id, n.id, n.number, n.reason, n.status, n.currency, n.subscription_id, n.schedule_id, n.issued_at, n.due_on, n.period_starts_at,
       n.period_ends_at, n.subtotal_minor, n.discount_minor, n.tax_minor, n.total_minor, n.paid_minor, n.credited_minor, n.paid_at,
       coalesce(n.collection, case when n.collect_at is null then 'NONE' else 'DUE' end), n.collect_at, n.created_at,
       n.memo, coalesce(n.is_automatic, false), n.external_id, coalesce(n.metadata, '{}')
  from jsonb_to_recordset(cast(:rows as jsonb)) n (id text, number text, reason text, status text, currency text, subscription_id text,
       schedule_id text, issued_at timestamptz, due_on date, period_starts_at timestamptz, period_ends_at timestamptz, subtotal_minor bigint,
       discount_minor bigint, tax_minor bigint, total_minor bigint, paid_minor bigint, credited_minor bigint, paid_at timestamptz,
       collection text, collect_at timestamptz, created_at timestamptz, memo text, is_automatic boolean, external_id text, metadata jsonb)
returning id

-- name: saving.invoice_line
-- returns: WrittenRow
insert into invoice_line (customer_id, id, invoice_id, currency, position, description, quantity, unit_minor, subtotal_minor, discount_minor,
       tax_minor, total_minor, period_starts_at, period_ends_at, tax_rate_ppm, wording, wording_of)
select :customer_id, n.id, n.invoice_id, n.currency, n.position, n.description, n.quantity, n.unit_minor, n.subtotal_minor, n.discount_minor,
       n.tax_minor, n.total_minor, n.period_starts_at, n.period_ends_at, n.tax_rate_ppm, n.wording, n.wording_of
  from jsonb_to_recordset(cast(:rows as jsonb)) n (id text, invoice_id text, currency text, position integer, description text, quantity integer,
       unit_minor bigint, subtotal_minor bigint, discount_minor bigint, tax_minor bigint, total_minor bigint, period_starts_at timestamptz,
       period_ends_at timestamptz, tax_rate_ppm integer, wording text, wording_of text)
returning id

-- name: saving.credit_note
-- returns: WrittenRow
-- Insert a credit note over at most the net and the tax that earlier notes leave of the invoice. Its number is its id until the transaction ends (`credit_notes.issue_number`).
insert into credit_note (customer_id, id, number, reason, currency, invoice_id, refund_id, issued_at, subtotal_minor, tax_minor, total_minor,
       released_minor, granted_minor, refunded_minor, created_at, memo)
select i.customer_id, n.id, n.number, n.reason, n.currency, n.invoice_id, n.refund_id, n.issued_at, n.subtotal_minor, n.tax_minor, n.total_minor,
       n.released_minor, n.granted_minor, n.refunded_minor, n.created_at, n.memo
  from (select r.*, sum(r.tax_minor) over so_far as taken_tax_minor, sum(r.subtotal_minor) over so_far as taken_net_minor
          from jsonb_to_recordset(cast(:rows as jsonb)) r (id text, number text, reason text, currency text, invoice_id text, refund_id text,
               issued_at timestamptz, subtotal_minor bigint, tax_minor bigint, total_minor bigint, released_minor bigint, granted_minor bigint,
               refunded_minor bigint, created_at timestamptz, memo text)
        window so_far as (partition by r.invoice_id order by r.id)) n
  join invoice i on i.customer_id = :customer_id and i.id = n.invoice_id and i.currency = n.currency
 cross join lateral (
        select coalesce(sum(o.tax_minor), 0) as tax_minor, coalesce(sum(o.subtotal_minor), 0) as net_minor
          from credit_note o where o.customer_id = i.customer_id and o.invoice_id = i.id) before
 where i.status <> 'VOID' and before.tax_minor + n.taken_tax_minor <= i.tax_minor and before.net_minor + n.taken_net_minor <= i.total_minor - i.tax_minor
returning id

-- name: saving.credit_note_line
-- returns: WrittenRow
-- Insert a line. One that credits a part of the whole invoice has the tax rate of the invoice, if the invoice has one.
insert into credit_note_line (customer_id, id, credit_note_id, currency, position, description, subtotal_minor, tax_minor, total_minor,
       period_starts_at, period_ends_at, invoice_line_id, tax_rate_ppm, wording, wording_of)
select :customer_id, n.id, n.credit_note_id, n.currency, n.position, n.description, n.subtotal_minor, n.tax_minor, n.total_minor,
       n.period_starts_at, n.period_ends_at, n.invoice_line_id,
       case when n.invoice_line_id is not null then n.tax_rate_ppm
            else (select tax_rate_of(c.customer_id, c.invoice_id) from credit_note c where c.customer_id = :customer_id and c.id = n.credit_note_id) end,
       n.wording, n.wording_of
  from jsonb_to_recordset(cast(:rows as jsonb)) n (id text, credit_note_id text, currency text, position integer, description text,
       subtotal_minor bigint, tax_minor bigint, total_minor bigint, period_starts_at timestamptz, period_ends_at timestamptz,
       invoice_line_id text, tax_rate_ppm integer, wording text, wording_of text)
returning id

-- name: saving.released
-- returns: WrittenRow
-- Reduce open invoices by the amounts that credit notes release.
update invoice i
   set credited_minor = i.credited_minor + n.credited_minor, version = i.version + 1,
       status = case when i.remaining_minor = n.credited_minor then 'PAID' else i.status end,
       paid_at = case when i.remaining_minor = n.credited_minor then n.paid_at else i.paid_at end,
       collection = case when i.remaining_minor = n.credited_minor then 'NONE' else i.collection end,
       collect_at = case when i.remaining_minor = n.credited_minor then null else i.collect_at end
  from jsonb_to_recordset(cast(:rows as jsonb)) n (id text, credited_minor bigint, paid_at timestamptz)
 where i.customer_id = :customer_id and i.id = n.id and i.status in ('OPEN', 'PARTIALLY_PAID') and i.remaining_minor >= n.credited_minor
returning i.id

-- name: saving.voided
-- returns: WrittenRow
-- Void invoices of which nothing was paid or credited.
update invoice i
   set status = 'VOID', collection = 'NONE', collect_at = null, version = i.version + 1
  from jsonb_to_recordset(cast(:rows as jsonb)) n (id text)
 where i.customer_id = :customer_id and i.id = n.id and i.status = 'OPEN' and i.credited_minor = 0 and i.refunded_minor = 0 and i.noted_minor = 0
returning i.id

-- name: saving.written_off
-- returns: WrittenRow
-- Write off what remains of invoices. They stay payable, and the clock no longer charges them.
update invoice i
   set written_off_at = n.written_off_at, collection = 'NONE', collect_at = null, version = i.version + 1
  from jsonb_to_recordset(cast(:rows as jsonb)) n (id text, written_off_at timestamptz)
 where i.customer_id = :customer_id and i.id = n.id and i.status in ('OPEN', 'PARTIALLY_PAID') and i.written_off_at is null
returning i.id

-- name: saving.refund
-- returns: WrittenRow
-- Insert a refund that staff began. It counts as under way until the processor's result is known.
insert into refund (customer_id, id, payment_id, currency, amount_minor, reason, status, note, is_awaiting, created_at)
select :customer_id, n.id, n.payment_id, n.currency, n.amount_minor, n.reason, 'PENDING', n.note, coalesce(n.is_awaiting, false), n.created_at
  from jsonb_to_recordset(cast(:rows as jsonb)) n (id text, payment_id text, currency text, amount_minor bigint, reason text, note text, is_awaiting boolean,
       created_at timestamptz)
returning id

-- name: saving.refund_request
-- returns: WrittenRow
insert into refund_request (customer_id, refund_id, payment_id, invoice_id, processor, mutation, key, caller, request, note, answer, started_at)
select :customer_id, n.refund_id, n.payment_id, n.invoice_id, n.processor, n.mutation, n.key, n.caller, n.request, n.note, n.answer, n.started_at
  from jsonb_to_recordset(cast(:rows as jsonb)) n (refund_id text, payment_id text, invoice_id text, processor text, mutation text, key text, caller text,
       request json, note json, answer json, started_at timestamptz)
returning refund_id as id

-- name: saving.withdrawn_redemption
-- returns: WrittenRow
-- Delete a redemption, so that it counts as never made.
delete from coupon_redemption r
 using jsonb_to_recordset(cast(:rows as jsonb)) n (id text)
 where r.customer_id = :customer_id and r.id = n.id
returning r.id

-- name: saving.changed_redemption
-- returns: WrittenRow
update coupon_redemption r
   set periods_left = n.periods_left, used_until = n.used_until, ended_at = n.ended_at
  from jsonb_to_recordset(cast(:rows as jsonb)) n (id text, periods_left integer, used_until timestamptz, ended_at timestamptz)
 where r.customer_id = :customer_id and r.id = n.id
returning r.id

-- name: saving.coupon_redemption
-- returns: WrittenRow
insert into coupon_redemption (customer_id, id, coupon_id, subscription_id, redeemed_at, periods_left, used_until)
select :customer_id, n.id, n.coupon_id, n.subscription_id, n.redeemed_at, n.periods_left, n.used_until
  from jsonb_to_recordset(cast(:rows as jsonb)) n (id text, coupon_id text, subscription_id text, redeemed_at timestamptz, periods_left integer,
       used_until timestamptz)
returning id

-- name: saving.taken_coupon
-- returns: WrittenRow
-- Count a redemption of a coupon; coupons belong to no customer. No row if no redemption is left.
update coupon c set redeemed_count = c.redeemed_count + 1
  from jsonb_to_recordset(cast(:rows as jsonb)) n (id text)
 where c.id = n.id and c.is_active and (c.max_redemptions is null or c.redeemed_count < c.max_redemptions)
returning c.id

-- name: saving.returned_coupon
-- returns: WrittenRow
update coupon c set redeemed_count = c.redeemed_count - 1
  from jsonb_to_recordset(cast(:rows as jsonb)) n (id text)
 where c.id = n.id and c.redeemed_count > 0
returning c.id

-- name: saving.payment
-- returns: WrittenRow
insert into payment (customer_id, id, status, currency, amount_minor, payment_method_id, method_kind, method_brand, method_last4, processor,
       processor_reference, created_at, settled_at, received_on, reference, external_id, metadata)
select :customer_id, n.id, n.status, n.currency, n.amount_minor, n.payment_method_id, n.method_kind, n.method_brand, n.method_last4, n.processor,
       n.processor_reference, n.created_at, n.settled_at, n.received_on, n.reference, n.external_id, coalesce(n.metadata, '{}')
  from jsonb_to_recordset(cast(:rows as jsonb)) n (id text, status text, currency text, amount_minor bigint, payment_method_id text, method_kind text,
       method_brand text, method_last4 text, processor text, processor_reference text, created_at timestamptz, settled_at timestamptz, received_on date,
       reference text, external_id text, metadata jsonb)
returning id

-- name: saving.document_snapshot
-- returns: WrittenRow
-- Store the details of the customer and of the merchant that documents print that are issued now. After the documents: Citus checks keys after each part.
insert into document_snapshot (customer_id, document_id, name, company_name, email, address_line1, address_line2, address_city, address_region,
       address_postal_code, address_country, tax_ids, tax_exemption, tax_name, locale, time_zone, issuer_name, issuer_address, issuer_tax_ids, issuer_footer,
       issuer_street, issuer_city, issuer_region, issuer_postal_code, issuer_country, issuer_registration, issuer_email, issuer_phone, issuer_iban, issuer_bic)
select c.id, n.document_id, c.name, c.company_name, c.email, c.address_line1, c.address_line2, c.address_city, c.address_region,
       c.address_postal_code, c.address_country, c.tax_ids, c.tax_exemption, c.tax_name, c.locale, c.time_zone, n.issuer_name, n.issuer_address, n.issuer_tax_ids,
       n.issuer_footer, n.issuer_street, n.issuer_city, n.issuer_region, n.issuer_postal_code, n.issuer_country, n.issuer_registration, n.issuer_email, n.issuer_phone,
       n.issuer_iban, n.issuer_bic
  from jsonb_to_recordset(cast(:rows as jsonb)) n (document_id text, issuer_name text, issuer_address text[], issuer_tax_ids text[],
       issuer_footer text[], issuer_street text[], issuer_city text, issuer_region text, issuer_postal_code text, issuer_country text, issuer_registration text,
       issuer_email text, issuer_phone text, issuer_iban text, issuer_bic text)
  join customer c on c.id = :customer_id
    on conflict do nothing
returning document_id as id

-- name: saving.payment_allocation
-- returns: WrittenRow
insert into payment_allocation (customer_id, id, payment_id, invoice_id, installment_id, currency, amount_minor, created_at)
select :customer_id, n.id, n.payment_id, n.invoice_id, n.installment_id, n.currency, n.amount_minor, n.created_at
  from jsonb_to_recordset(cast(:rows as jsonb)) n (id text, payment_id text, invoice_id text, installment_id text, currency text, amount_minor bigint,
       created_at timestamptz)
returning id

-- name: saving.balance_entry
-- returns: WrittenRow
insert into balance_entry (customer_id, id, currency, amount_minor, kind, description, invoice_id, payment_id, refund_id, credit_note_id, created_at)
select :customer_id, n.id, n.currency, n.amount_minor, n.kind, n.description, n.invoice_id, n.payment_id, n.refund_id, n.credit_note_id, n.created_at
  from jsonb_to_recordset(cast(:rows as jsonb)) n (id text, currency text, amount_minor bigint, kind text, description text, invoice_id text,
       payment_id text, refund_id text, credit_note_id text, created_at timestamptz)
returning id

-- name: saving.charge
-- returns: WrittenRow
insert into charge (customer_id, payment_id, subscription_id, invoice_id, mutation, key, caller, request, changes, on_failure, ordered, agreed, answer,
       currency, reserved_minor, account_minor, coupon_id, started_at, sent_at)
select :customer_id, n.payment_id, n.subscription_id, n.invoice_id, n.mutation, n.key, n.caller, n.request, n.changes, n.on_failure, n.ordered, n.agreed, n.answer,
       n.currency, coalesce(n.reserved_minor, 0), coalesce(n.account_minor, 0), n.coupon_id, n.started_at, n.sent_at
  from jsonb_to_recordset(cast(:rows as jsonb)) n (payment_id text, subscription_id text, invoice_id text, mutation text, key text, caller text, request json,
       changes json, on_failure json, ordered json, agreed json, answer json, currency text, reserved_minor bigint, account_minor bigint, coupon_id text,
       started_at timestamptz, sent_at timestamptz)
returning payment_id as id

-- name: saving.released_charge
-- returns: WrittenRow
-- Free the credit and the coupon of a charge that no longer changes anything. Not together with `settled`, which frees them too.
update charge c
   set reserved_minor = 0, coupon_id = null
  from jsonb_to_recordset(cast(:rows as jsonb)) n (payment_id text)
 where c.customer_id = :customer_id and c.payment_id = n.payment_id
returning c.payment_id as id

-- name: saving.attempted
-- returns: WrittenRow
-- Mark invoices whose payment begins. The time at which the clock would charge them stays, in case the payment fails or pays only a part.
update invoice i
   set status = 'PROCESSING', version = i.version + 1
  from jsonb_to_recordset(cast(:rows as jsonb)) n (id text)
 where i.customer_id = :customer_id and i.id = n.id and i.status in ('OPEN', 'PARTIALLY_PAID') and i.remaining_minor > 0
returning i.id

-- name: saving.collected
-- returns: WrittenRow
-- Add paid money or credit to invoices. The clock charges the rest of an invoice that is collected in parts at `next_collect_at`, and counts its tries anew.
update invoice i
   set paid_minor = i.paid_minor + n.paid_minor, credited_minor = i.credited_minor + coalesce(n.credited_minor, 0), version = i.version + 1,
       collection = case when i.remaining_minor = n.paid_minor + coalesce(n.credited_minor, 0) then 'NONE' when n.next_collect_at is not null then 'DUE' else i.collection end,
       collect_at = case when i.remaining_minor = n.paid_minor + coalesce(n.credited_minor, 0) then null else coalesce(n.next_collect_at, i.collect_at) end,
       retry_count = case when n.next_collect_at is null then i.retry_count else 0 end,
       retry_began_on = case when n.next_collect_at is null then i.retry_began_on end,
       retry_last_on = case when n.next_collect_at is null then i.retry_last_on end,
       retry_method_id = case when n.next_collect_at is null then i.retry_method_id end,
       status = case when i.remaining_minor = n.paid_minor + coalesce(n.credited_minor, 0) then 'PAID'
                     when i.paid_minor + n.paid_minor > 0 then 'PARTIALLY_PAID' else 'OPEN' end,
       paid_at = case when i.remaining_minor = n.paid_minor + coalesce(n.credited_minor, 0) then n.paid_at else i.paid_at end
  from jsonb_to_recordset(cast(:rows as jsonb)) n (id text, paid_minor bigint, credited_minor bigint, paid_at timestamptz, next_collect_at timestamptz)
 where i.customer_id = :customer_id and i.id = n.id and i.status in ('OPEN', 'PARTIALLY_PAID', 'PROCESSING')
   and i.remaining_minor >= n.paid_minor + coalesce(n.credited_minor, 0)
returning i.id

-- name: saving.uncollected
-- returns: WrittenRow
-- Mark invoices whose payment failed. Without another time, the clock charges them at the time that they have.
update invoice i
   set status = case when i.paid_minor > 0 then 'PARTIALLY_PAID' else 'OPEN' end, collect_at = coalesce(n.collect_at, i.collect_at),
       failed_attempts = i.failed_attempts + coalesce(n.failed_attempts, 0), version = i.version + 1
  from jsonb_to_recordset(cast(:rows as jsonb)) n (id text, collect_at timestamptz, failed_attempts integer)
 where i.customer_id = :customer_id and i.id = n.id and i.status in ('PROCESSING', 'OPEN', 'PARTIALLY_PAID')
returning i.id

-- name: saving.collection
-- returns: WrittenRow
-- Store decisions about the collection of invoices; `failures` is added to the failed tries of the clock.
update invoice i
   set collection = n.collection, collect_at = n.collect_at, retry_count = n.retry_count, retry_began_on = n.retry_began_on,
       retry_last_on = n.retry_last_on, retry_method_id = n.retry_method_id, failed_attempts = i.failed_attempts + n.failures, version = i.version + 1,
       promised_on = case when n.ends_promise then null else i.promised_on end, promise_note = case when n.ends_promise then null else i.promise_note end,
       promise_until = case when n.ends_promise then null else i.promise_until end, is_hold_paused = i.is_hold_paused and not n.ends_promise
  from jsonb_to_recordset(cast(:rows as jsonb)) n (id text, collection text, collect_at timestamptz, retry_count integer, retry_began_on date,
       retry_last_on date, retry_method_id text, failures integer, ends_promise boolean)
 where i.customer_id = :customer_id and i.id = n.id
returning i.id

-- name: saving.attempted_installment
-- returns: WrittenRow
update installment p
   set status = 'PROCESSING', version = p.version + 1
  from jsonb_to_recordset(cast(:rows as jsonb)) n (id text)
 where p.customer_id = :customer_id and p.id = n.id and p.status in ('DUE', 'PARTIALLY_PAID', 'FAILED') and p.remaining_minor > 0
returning p.id

-- name: saving.collected_installment
-- returns: WrittenRow
update installment p
   set paid_minor = p.paid_minor + n.paid_minor, version = p.version + 1, status = case when p.remaining_minor = n.paid_minor then 'PAID' else 'PARTIALLY_PAID' end
  from jsonb_to_recordset(cast(:rows as jsonb)) n (id text, paid_minor bigint)
 where p.customer_id = :customer_id and p.id = n.id and p.status in ('DUE', 'PARTIALLY_PAID', 'FAILED', 'PROCESSING') and p.remaining_minor >= n.paid_minor
returning p.id

-- name: saving.uncollected_installment
-- returns: WrittenRow
update installment p
   set status = case when p.paid_minor > 0 then 'PARTIALLY_PAID' else 'FAILED' end, version = p.version + 1
  from jsonb_to_recordset(cast(:rows as jsonb)) n (id text)
 where p.customer_id = :customer_id and p.id = n.id and p.status = 'PROCESSING'
returning p.id

-- name: saving.collected_schedule
-- returns: WrittenRow
update payment_schedule s
   set paid_minor = s.paid_minor + n.paid_minor, version = s.version + 1,
       status = case when s.status = 'ACTIVE' and s.remaining_minor = n.paid_minor then 'FINISHED' else s.status end
  from jsonb_to_recordset(cast(:rows as jsonb)) n (id text, paid_minor bigint)
 where s.customer_id = :customer_id and s.id = n.id
returning s.id

-- name: saving.result
-- returns: WrittenRow
-- Store the processor's result of a payment. A success after a failure counts.
update payment p
   set status = n.status, decline_code = n.decline_code, is_retryable = coalesce(n.is_retryable, false), settled_at = n.settled_at, version = p.version + 1,
       processor_reference = coalesce(n.processor_reference, p.processor_reference)
  from jsonb_to_recordset(cast(:rows as jsonb)) n (id text, status text, decline_code text, is_retryable boolean, settled_at timestamptz,
       processor_reference text)
 where p.customer_id = :customer_id and p.id = n.id and (p.status in ('PROCESSING', 'REQUIRES_ACTION') or (p.status = 'FAILED' and n.status = 'SUCCEEDED'))
returning p.id

-- name: saving.dropped_allocation
-- returns: WrittenRow
-- Delete the allocations of a payment that failed.
delete from payment_allocation a
 using jsonb_to_recordset(cast(:rows as jsonb)) n (payment_id text)
 where a.customer_id = :customer_id and a.payment_id = n.payment_id
returning a.id

-- name: saving.settled
-- returns: WrittenRow
update charge c
   set settled_at = n.settled_at
  from jsonb_to_recordset(cast(:rows as jsonb)) n (payment_id text, settled_at timestamptz)
 where c.customer_id = :customer_id and c.payment_id = n.payment_id
returning c.payment_id as id

-- name: saving.freed_key
-- returns: WrittenRow
-- Delete an idempotency key whose call had no effect, so that it may be used again.
delete from idempotency_key k
 using jsonb_to_recordset(cast(:rows as jsonb)) n (mutation text, key text)
 where k.customer_id = :customer_id and k.mutation = n.mutation and k.key = n.key
returning k.key as id

-- name: saving.idempotency_key
-- returns: WrittenRow
update idempotency_key k
   set answer = n.answer, finished_at = n.finished_at, payment_id = coalesce(n.payment_id, k.payment_id), lease_until = n.lease_until
  from jsonb_to_recordset(cast(:rows as jsonb)) n (mutation text, key text, payment_id text, answer json, finished_at timestamptz,
       lease_until timestamptz)
 where k.customer_id = :customer_id and k.mutation = n.mutation and k.key = n.key
returning k.key as id

-- name: saving.freed_client_key
-- returns: WrittenRow
-- Delete a key of a client in the same way.
delete from client_key k
 using (select * from jsonb_to_recordset(cast(:rows as jsonb)) one (caller text, mutation text, key text) limit 1) n
 where k.caller = n.caller and k.mutation = n.mutation and k.key = n.key
returning k.key as id

-- name: saving.client_key
-- returns: WrittenRow
-- A call has one key. Postgres expects a hundred rows of JSON, and without the limit would scan the keys of all clients rather than look up a hundred of them.
update client_key k
   set answer = n.answer, finished_at = n.finished_at, payment_id = coalesce(n.payment_id, k.payment_id), lease_until = n.lease_until
  from (select * from jsonb_to_recordset(cast(:rows as jsonb)) one (caller text, mutation text, key text, payment_id text, answer json,
               finished_at timestamptz, lease_until timestamptz) limit 1) n
 where k.caller = n.caller and k.mutation = n.mutation and k.key = n.key
returning k.key as id

-- name: saving.audit_event
-- returns: nothing
-- Append audit events. An event may have no customer, and its writer may not be allowed to read it.
insert into audit_event (id, customer_id, actor, actor_subject, actor_issuer, acting_subject, acting_issuer, acting_client, client, request_id, event, outcome,
                         detail, happened_at)
select n.id, n.customer_id, n.actor, n.actor_subject, n.actor_issuer, n.acting_subject, n.acting_issuer, n.acting_client, n.client, n.request_id, n.event,
       n.outcome, n.detail, n.happened_at
  from jsonb_to_recordset(cast(:rows as jsonb)) n (id text, customer_id text, actor text, actor_subject text, actor_issuer text, acting_subject text,
       acting_issuer text, acting_client text, client text, request_id text, event text, outcome text, detail text, happened_at timestamptz)

-- name: saving.letter_cause
-- returns: WrittenRow
-- Write what causes a letter. What has caused one before causes none.
insert into letter_cause (customer_id, kind, object_id, occurrence, written_at, compose_at)
select :customer_id, n.kind, n.object_id, n.occurrence, cast(:now as timestamptz), cast(:now as timestamptz)
  from jsonb_to_recordset(cast(:rows as jsonb)) n (kind text, object_id text, occurrence text)
    on conflict do nothing
returning object_id as id
