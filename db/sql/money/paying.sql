-- name: owed.items
-- returns: OwedItem
-- Select all debts in a currency, the oldest first: invoices, due installments without an invoice, and at last what is owed on the account.
select kind, invoice_id, installment_id, remaining_minor, payable_minor from payable_item where customer_id = :customer_id and currency = cast(:currency as text)
 order by due_on, coalesce(installment_id, invoice_id)

-- name: owed.invoices
-- returns: OwedInvoice
-- Select invoices by their ids. A debt that cannot be paid now is in payment.
select i.id, i.number, case when o.payable_minor = 0 then 'PROCESSING' else i.status end as status, i.currency, i.remaining_minor, i.due_on, i.subscription_id, i.collect_at,
       i.version
  from invoice i
  left join payable_item o on o.customer_id = i.customer_id and o.invoice_id = i.id
 where i.customer_id = :customer_id and i.id = any(cast(:ids as text[]))
 order by i.due_on, i.id

-- name: owed.installments
-- returns: OwedInstallment
-- Select installments by their ids or the ids of their invoices.
select p.id, p.name, p.schedule_id, p.invoice_id, p.status, p.currency, p.paid_minor, p.remaining_minor, p.due_on, p.version
  from installment p
 where p.customer_id = :customer_id
   and (p.id = any(cast(:ids as text[])) or p.invoice_id = any(cast(:invoice_ids as text[])))
 order by p.due_on, p.id

-- name: payment_methods.saved
-- returns: SavedMethod
select m.id, m.customer_id, m.processor, m.processor_reference, v.is_default, v.is_expired, v.is_in_use, v.has_payment_in_flight, v.version
  from payment_method m
  join portal_payment_method v on v.customer_id = m.customer_id and v.id = m.id
 where m.customer_id = :customer_id and m.id = any(:ids)

-- name: payment_methods.known_at
-- returns: MethodReference
-- Select any method that the customer has or had at a processor, so that the processor recognises the customer.
select processor_reference as reference from payment_method where customer_id = :customer_id and processor = :processor order by created_at desc, id desc limit 1

-- name: payment_methods.add
-- returns: Owner
-- Add a payment method. A card or account that exists, deleted or not, stays the same method and gets the processor's present data. The first method is the default.
insert into payment_method (customer_id, id, kind, brand, last4, expires_on, fingerprint, processor, processor_reference, is_default, created_at)
select c.id, cast(:id as text), cast(:kind as text), cast(:brand as text), cast(:last4 as text), cast(:expires_on as date), cast(:fingerprint as text),
       cast(:processor as text), cast(:reference as text), not exists (select from payment_method o where o.customer_id = c.id and o.is_default), cast(:now as timestamptz)
  from customer c
 where c.id = :customer_id
    on conflict (customer_id, fingerprint) do update
   set kind = excluded.kind, brand = excluded.brand, last4 = excluded.last4, expires_on = excluded.expires_on, processor = excluded.processor,
       processor_reference = excluded.processor_reference, deleted_at = null, version = payment_method.version + 1,
       is_default = payment_method.is_default or excluded.is_default
returning id, customer_id

-- name: payment_methods.demote
-- returns: nothing
update payment_method set is_default = false, version = version + 1 where customer_id = :customer_id and is_default and id <> :key

-- name: payment_methods.promote
-- returns: nothing
update payment_method set is_default = true, version = version + 1 where customer_id = :customer_id and id = :key and not is_default and deleted_at is null

-- name: payment_methods.delete
-- returns: nothing
update payment_method set is_default = false, deleted_at = :now, version = version + 1 where customer_id = :customer_id and id = :key and deleted_at is null

-- name: subscriptions.move_method
-- returns: Due
-- Move the subscriptions that name a method to its successor, or without one to the default.
update subscription set payment_method_id = cast(:successor as text), version = version + 1
 where customer_id = :customer_id and payment_method_id = :key and status <> 'CANCELED'
returning customer_id, id

-- name: contracts.to_lift
-- returns: Due
-- Select subscriptions that dunning holds and whose debts that caused the dunning are paid, or are promised to be paid; not before an import releases them.
select s.customer_id, s.id
  from subscription s
 where s.customer_id = :customer_id and 'DUNNING' = any(s.holds) and not s.holds @> array['IMPORT'] and s.charging_payment_id is null
   and not exists (select from owed_item o join invoice i on i.customer_id = o.customer_id and i.id = o.invoice_id
                    where o.customer_id = s.customer_id and o.subscription_id = s.id and i.written_off_at is null
                      and (i.promise_until is null or i.promise_until <= :now)
                      and (o.overdue_minor > 0 or i.failed_attempts > 0 or i.collection = 'GIVEN_UP'))
 order by s.id

-- name: webhooks.store
-- returns: StoredEvent
-- Store an event. No row if it was stored before.
insert into webhook_event (processor, id, kind, payment_id, event, received_at) values (:processor, :id, :kind, :payment_id, cast(:event as json), :now)
    on conflict do nothing
returning processor, id, kind, payment_id, event, received_at

-- name: webhooks.open
-- returns: StoredEvent
select processor, id, kind, payment_id, event, received_at from webhook_event where processed_at is null and received_at <= :now order by received_at, id, processor limit :wanted

-- name: webhooks.done
-- returns: nothing
update webhook_event set processed_at = :now where processor = :processor and id = :key

-- name: payments.owner
-- returns: PaymentOwner
-- Select the customer of a payment, for an event of a processor, by its id, or else by the processor's reference.
select customer_id, id as payment_id from payment
 where id = :key or (cast(:key as text) is null and processor = :processor and processor_reference = cast(:reference as text))
 limit 1
