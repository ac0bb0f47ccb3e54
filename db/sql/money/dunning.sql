-- Blocks of staff's dunning: promises to pay, later due days, and what is open of all customers.

-- name: dunning.terms
-- returns: DunnedInvoice
-- Select what promises and due days depend on; of what was written off nothing remains. Read after the customer was locked. `is_held`: dunning holds the subscription, and this invoice is a reason for it.
select i.id, i.subscription_id, i.due_on, case when i.written_off_at is null then i.remaining_minor else 0 end as remaining_minor, i.promised_on, i.promise_until, i.is_hold_paused, i.collection, c.time_zone,
       coalesce('DUNNING' = any(s.holds) and (i.failed_attempts > 0 or i.collection = 'GIVEN_UP'), false) as is_held,
       i.status = 'PROCESSING' or s.charging_payment_id is not null as is_in_payment
  from invoice i
  join customer c on c.id = i.customer_id
  left join subscription s on s.customer_id = i.customer_id and s.id = i.subscription_id
 where i.customer_id = :customer_id and i.id = :key

-- name: dunning.resume_hold
-- returns: nothing
update invoice set is_hold_paused = false where customer_id = :customer_id and id = :key

-- name: saving.promised
-- returns: WrittenRow
-- Write a customer's promise to pay an open invoice, or withdraw it: then all of it is null.
update invoice i
   set promised_on = n.promised_on, promise_note = n.promise_note, promise_until = n.promise_until, is_hold_paused = n.is_hold_paused, version = i.version + 1
  from jsonb_to_recordset(cast(:rows as jsonb)) n (id text, promised_on date, promise_note text, promise_until timestamptz, is_hold_paused boolean)
 where i.customer_id = :customer_id and i.id = n.id and i.status in ('OPEN', 'PARTIALLY_PAID') and i.written_off_at is null
returning i.id

-- name: saving.extended
-- returns: WrittenRow
-- Move due days to later ones. What the document prints stays. With another collection, dunning begins anew: no try of before counts, and a promise has ended.
update invoice i
   set due_on = n.due_on, issued_due_on = case when n.due_on > i.due_on then coalesce(i.issued_due_on, i.due_on) else i.issued_due_on end,
       collection = coalesce(n.collection, i.collection), collect_at = case when n.collection is null then i.collect_at else n.collect_at end,
       retry_count = case when n.collection is null then i.retry_count else 0 end, failed_attempts = case when n.collection is null then i.failed_attempts else 0 end,
       retry_began_on = case when n.collection is null then i.retry_began_on end, retry_last_on = case when n.collection is null then i.retry_last_on end,
       retry_method_id = case when n.collection is null then i.retry_method_id end,
       promised_on = case when n.collection is null then i.promised_on end, promise_note = case when n.collection is null then i.promise_note end,
       promise_until = case when n.collection is null then i.promise_until end, is_hold_paused = n.collection is null and i.is_hold_paused,
       version = i.version + 1
  from jsonb_to_recordset(cast(:rows as jsonb)) n (id text, due_on date, collection text, collect_at timestamptz)
 where i.customer_id = :customer_id and i.id = n.id and i.status in ('OPEN', 'PARTIALLY_PAID') and i.due_on <= n.due_on
returning i.id

-- name: saving.extended_installment
-- returns: WrittenRow
update installment p
   set due_on = n.due_on, invoice_at = n.invoice_at, version = p.version + 1
  from jsonb_to_recordset(cast(:rows as jsonb)) n (id text, due_on date, invoice_at timestamptz)
 where p.customer_id = :customer_id and p.id = n.id and p.status in ('DUE', 'PARTIALLY_PAID', 'FAILED') and p.due_on < n.due_on
returning p.id

-- name: open_items.listed
-- returns: OpenItemRow
-- order overdue_days: due_on asc, item_id asc
-- order due_on: due_on desc, item_id desc
-- order amount: currency desc, remaining_minor desc, item_id desc
-- Select what is owed by all customers, for staff: invoices, and due installments without an invoice. The range of due days of an ageing is looked up in an index.
select *
  from portal_open_item
 where (cast(:of_customer as text) is null or customer_id = :of_customer)
   and (cast(:currency as text) is null or currency = :currency)
   and (cast(:ageing as text[]) is null or due_on >= (select ageing_due_from(:ageing)) and due_on <= (select ageing_due_until(:ageing)) and ageing = any(:ageing))
   and (cast(:collection as text[]) is null or collection = any(:collection))
   and (cast(:minimum_minor as bigint) is null or remaining_minor >= :minimum_minor)
   and (cast(:is_promised as boolean) is null or (promised_on is not null) = :is_promised)

-- name: open_items.totals
-- returns: OpenItemTotalRow
-- Select the sums of what is owed by all customers, by currency and ageing.
select currency, ageing, cast(count(*) as integer) as item_count, cast(sum(remaining_minor) as bigint) as remaining_minor, cast(sum(overdue_minor) as bigint) as overdue_minor
  from portal_open_item
 group by currency, ageing
 order by currency, ageing
