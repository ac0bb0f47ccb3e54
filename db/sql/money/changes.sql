-- name: operations.claim
-- returns: KeyClaim
select state, answer, payment_id from claim_key(:mutation, :key, :input_hash)

-- name: operations.claim_of_client
-- returns: KeyClaim
select state, answer, payment_id from claim_client_key(:mutation, :key, :input_hash)

-- name: operations.of_key
-- returns: OperationRow
-- Select the result of a call by its key: the newest, if several mutations used the same key.
select customer_id, key, mutation, started_at, finished_at, answer, payment_id
  from portal_operation
 where customer_id = :customer_id and key = :key
 order by started_at desc, mutation
 limit 1

-- name: operations.of_client_key
-- returns: OperationRow
-- Select the result of a call of the caller's program by its key. Row security shows a program its own keys.
select owner_id as customer_id, key, mutation, created_at as started_at, finished_at, answer, payment_id
  from client_key
 where key = :key
 order by created_at desc, mutation, caller
 limit 1

-- name: invoices.issue_number
-- returns: nothing
-- Give an invoice that was written in this transaction its number.
select from issue_number(:key, :series, :year, :prefix, :digits, :suffix)

-- name: credit_notes.issue_number
-- returns: nothing
-- Give a credit note its number in the same way.
select from issue_credit_note_number(:key, :series, :year, :prefix, :digits, :suffix)

-- name: charges.lock
-- returns: ChargeRow
-- Select a charge and its payment, after the customer was locked, so that a second transaction reads the changes of the first.
with owner as materialized (select id from customer where id = :customer_id for no key update)
select c.customer_id, c.payment_id, c.subscription_id, c.invoice_id, c.mutation, c.key, c.caller, c.changes, c.on_failure, c.answer, c.ordered, c.agreed, c.reserved_minor,
       c.started_at, c.settled_at,
       (select p.payment_method_id from payment p where p.customer_id = c.customer_id and p.id = c.payment_id) as payment_method_id,
       exists (select from subscription s where s.customer_id = c.customer_id and 'DUNNING' = any(s.holds)) as is_held_by_dunning,
       exists (select from refund r where r.customer_id = c.customer_id and r.payment_id = c.payment_id) as has_refunds
  from owner
  join charge c on c.customer_id = owner.id and c.payment_id = :key
 where c.customer_id = :customer_id
   for no key update of c

-- name: charges.attempt
-- returns: ChargeAttempt
-- Select the data for sending a charge to the processor again, and for the answer. Money that became credit has no result except the payment.
select p.customer_id, p.id as payment_id, p.status, p.processor, p.processor_reference, m.processor_reference as method_reference, p.decline_code, c.started_at, c.sent_at,
       p.currency, p.amount_minor, c.request, c.ordered is not null and c.subscription_id is null as is_order_unwritten,
       case when exists (select from balance_entry b where b.customer_id = c.customer_id and b.payment_id = c.payment_id and b.kind = 'OVERPAYMENT')
            then json_strip_nulls(json_build_object('payment', p.id, 'subscription', case when c.mutation = 'addPlan' then c.subscription_id end)) else c.answer end as answer
  from charge c
  join payment p on p.customer_id = c.customer_id and p.id = c.payment_id
  join payment_method m on m.customer_id = p.customer_id and m.id = p.payment_method_id
 where c.customer_id = :customer_id and c.payment_id = :key

-- name: charges.note_sending
-- returns: nothing
-- Record that a charge is sent once more: it counts as lost only after it has had time to arrive.
update charge set sent_at = :now where customer_id = :customer_id and payment_id = :key

-- name: charges.note_order
-- returns: nothing
-- Record that the subscription that the charge pays for was written, and its coupon with it.
update charge set subscription_id = :subscription_id, coupon_id = null where customer_id = :customer_id and payment_id = :key

-- name: charges.note_invoice
-- returns: nothing
-- Record that the period that the charge pays for has begun: from now on it pays the invoice, for which its credit was used.
update charge set invoice_id = :invoice_id, reserved_minor = 0 where customer_id = :customer_id and payment_id = :key

-- name: clock.due_subscriptions
-- returns: Due
-- What the import holds is left to the system that it came from.
select customer_id, id from subscription where due_at <= :now and not holds @> array['IMPORT'] order by due_at, customer_id, id limit :wanted

-- name: clock.due_installments
-- returns: Due
-- Select installments that are to be invoiced, each with its invoice.
select customer_id, id from installment where invoice_at <= :now order by invoice_at, customer_id, id limit :wanted

-- name: clock.due_collections
-- returns: Due
-- Select all due invoices of the customers of the :wanted invoices that were due first, so there may be more rows than :wanted. The invoices of one customer are in the
-- order of their due date, the oldest first, whenever they are to be collected. What the customer has promised to pay waits until the day after.
select i.customer_id, i.id
  from (select customer_id, min(collect_at) as collect_at
          from (select customer_id, collect_at
                  from invoice
                 where collect_at <= :now and (promise_until is null or promise_until <= :now) and remaining_minor > 0 and status in ('OPEN', 'PARTIALLY_PAID')
                 order by collect_at, customer_id
                 limit :wanted) due
         group by customer_id) early
  join invoice i on i.customer_id = early.customer_id
 where i.collect_at <= :now and (i.promise_until is null or i.promise_until <= :now) and i.remaining_minor > 0 and i.status in ('OPEN', 'PARTIALLY_PAID')
 order by early.collect_at, i.customer_id, i.due_on, i.period_starts_at, i.sequence, i.id

-- name: clock.holds_to_lift
-- returns: Due
-- Select subscriptions that dunning holds and whose debts that caused the dunning are settled in any way; not before an import releases them, because until then its ledger has
-- the cause. The customer's time zone is not read here, so the date of the first time zone decides what is overdue.
select s.customer_id, s.id
  from subscription s
 where 'DUNNING' = any(s.holds) and not s.holds @> array['IMPORT'] and s.charging_payment_id is null
   and not exists (select from invoice i where i.customer_id = s.customer_id and i.subscription_id = s.id and i.remaining_minor > 0 and i.written_off_at is null
                    and (i.promise_until is null or i.promise_until <= :now)
                    and (i.failed_attempts > 0 or i.collection = 'GIVEN_UP' or i.due_on < cast((cast(:now as timestamptz) + interval '14 hours') at time zone 'UTC' as date)))
 order by s.customer_id, s.id
 limit :wanted

-- name: clock.broken_promises
-- returns: Due
-- Select invoices whose promise was not kept, and for which dunning held a subscription when it was made.
-- While a payment decides, the subscription stays as it is.
select i.customer_id, i.id
  from invoice i
 where i.is_hold_paused and i.promise_until <= :now and i.status <> 'PROCESSING'
   and not exists (select from subscription s where s.customer_id = i.customer_id and s.id = i.subscription_id and s.charging_payment_id is not null)
 order by i.promise_until, i.customer_id, i.id limit :wanted

-- name: clock.open_charges
-- returns: Due
select customer_id, payment_id as id from charge where settled_at is null and started_at < :started_before order by started_at, customer_id, payment_id limit :wanted
