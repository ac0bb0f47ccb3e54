-- name: customers.unsettled
-- returns: UnsettledMatters
-- Select what stands against erasing the customer. What is written off is not expected any more, and of an imported installment no more is owed than of its invoice.
select cast((select count(*) from subscription s where s.customer_id = c.id and s.status <> 'CANCELED') as integer) as running_subscriptions,
       cast((select count(*) from invoice i where i.customer_id = c.id and i.remaining_minor > 0 and i.written_off_at is null) as integer) as unpaid_invoices,
       cast((select count(*) from installment p
              where p.customer_id = c.id and p.remaining_minor > 0
                and not exists (select from invoice i where i.customer_id = p.customer_id and i.id = p.invoice_id
                                   and (i.written_off_at is not null or i.remaining_minor = 0))) as integer)
         as unpaid_installments,
       cast((select count(*) from payment p where p.customer_id = c.id and p.status in ('PROCESSING', 'REQUIRES_ACTION'))
         + (select count(*) from charge h where h.customer_id = c.id and h.settled_at is null) as integer)
         as payments_in_flight,
       cast((select count(*) from refund r where r.customer_id = c.id and (r.status = 'PENDING' or r.is_awaiting))
         + (select count(*) from refund_request q where q.customer_id = c.id and q.settled_at is null) as integer) as refunds_in_flight,
       cast((select coalesce(sum(greatest(t.balance_minor, 0)), 0) from portal_total t where t.customer_id = c.id) as bigint) as credit_minor,
       cast((select coalesce(sum(greatest(-t.balance_minor, 0)), 0) from portal_total t where t.customer_id = c.id) as bigint) as debt_minor
  from customer c
 where c.id = :customer_id

-- name: customers.reported_payments
-- returns: Owner
-- Select the payments of which the processor has told something that is not processed yet. Apart from the others, because on Citus the events are on another node.
select distinct w.payment_id as id, cast(:customer_id as text) as customer_id
  from webhook_event w
 where w.processed_at is null and w.payment_id in (select p.id from payment p where p.customer_id = :customer_id)

-- name: erasing.references
-- returns: AttachedMethod
-- Select the payment methods that the processors still know.
select id, processor, processor_reference from payment_method where customer_id = :customer_id and deleted_at is null order by id

-- name: erasing.customer
-- returns: Owner
-- Replace the personal data of the row. The first of the erasing statements: row security allows the others for an erased customer. Language, time zone, currency, tax
-- rate and the merchant's external id stay.
update customer
   set name = :name, email = :email, company_name = null, address_line1 = null, address_line2 = null, address_city = null, address_region = null,
       address_postal_code = null, address_country = null, tax_ids = '{}', metadata = '{}', shares_email = false, closed_at = coalesce(closed_at, :now),
       erased_at = :now, version = version + 1
 where id = :customer_id and erased_at is null
returning id, id as customer_id

-- name: erasing.sessions
-- returns: nothing
-- Delete the sessions with their networks and user agents, and by cascade their tokens.
delete from portal_session where customer_id = :customer_id

-- name: erasing.credential
-- returns: nothing
delete from credential where customer_id = :customer_id

-- name: erasing.links
-- returns: nothing
delete from identity_link where customer_id = :customer_id

-- name: erasing.calendar_link
-- returns: nothing
delete from calendar_link where customer_id = :customer_id

-- name: erasing.letters
-- returns: nothing
delete from letter where customer_id = :customer_id

-- name: erasing.letter_causes
-- returns: nothing
delete from letter_cause where customer_id = :customer_id

-- name: erasing.payment_methods
-- returns: nothing
-- Delete the methods, of which payments still name the ids.
update payment_method
   set brand = null, last4 = null, expires_on = null, fingerprint = id, processor_reference = id, metadata = '{}', is_default = false,
       deleted_at = coalesce(deleted_at, :now), version = version + 1
 where customer_id = :customer_id

-- name: erasing.attachments
-- returns: ErasedObject
-- Delete the attachments. To one that was announced its client may still send a file.
delete from attachment where customer_id = :customer_id
returning object_key, status = 'PENDING' as is_pending

-- name: erasing.exports
-- returns: ErasedObject
delete from data_export where customer_id = :customer_id
returning object_key, false as is_pending

-- name: erasing.keys
-- returns: nothing
-- Delete the stored answers to the customer's own calls.
delete from idempotency_key where customer_id = :customer_id

-- name: erasing.client_keys
-- returns: nothing
-- Delete the stored answers to calls of the merchant's programs about the customer.
delete from client_key where owner_id = :customer_id

-- name: erasing.charges
-- returns: nothing
update charge set request = '{}', changes = '{}', on_failure = null, answer = '{}', ordered = null, agreed = null where customer_id = :customer_id

-- name: erasing.refund_requests
-- returns: nothing
update refund_request set request = '{}', answer = '{}', note = case when note is not null then cast('{}' as json) end where customer_id = :customer_id

-- name: erasing.refunds
-- returns: nothing
-- Delete the notes of staff about refunds.
update refund set note = '' where customer_id = :customer_id and note <> ''

-- name: erasing.reports
-- returns: nothing
-- Delete what processors reported about the customer's payments. A report that comes again is applied again, which changes nothing.
delete from webhook_event where processed_at is not null and payment_id in (select p.id from payment p where p.customer_id = :customer_id)

-- name: erasing.subscriptions
-- returns: nothing
update subscription set cancel_comment = null, metadata = '{}' where customer_id = :customer_id and (cancel_comment is not null or metadata <> '{}')

-- name: erasing.subscription_events
-- returns: nothing
update subscription_event set note = '' where customer_id = :customer_id and note <> ''

-- name: erasing.invoices
-- returns: nothing
update invoice set metadata = '{}', promise_note = null where customer_id = :customer_id and (metadata <> '{}' or promise_note is not null)

-- name: erasing.payments
-- returns: nothing
update payment set metadata = '{}' where customer_id = :customer_id and metadata <> '{}'

-- name: erasing.payment_schedules
-- returns: nothing
update payment_schedule set metadata = '{}' where customer_id = :customer_id and metadata <> '{}'

-- name: erasing.installments
-- returns: nothing
update installment set metadata = '{}' where customer_id = :customer_id and metadata <> '{}'

-- name: erasing.audit_events
-- returns: nothing
-- Replace the names by which the customer signed in at another OpenID provider. Who of the merchant acted stays.
update audit_event
   set actor_subject = :customer_id, acting_subject = case when acting_subject is not null then 'erased' end
 where customer_id = :customer_id and actor not in ('STAFF', 'SYSTEM') and actor_subject is distinct from :customer_id
