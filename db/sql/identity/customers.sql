-- name: customers.by_id
-- returns: CustomerRow
-- revised by: customer
-- Select one customer.
select * from portal_customer where id = :key and customer_id = :customer_id

-- name: customers.listed
-- returns: CustomerRow
-- order newest: created_at desc, id desc
-- order oldest: created_at asc, id asc
-- order name: name asc, id asc
-- Select all customers, for staff. Only its pages are read.
select * from portal_customer

-- name: customers.matching
-- returns: CustomerRow
-- order newest: created_at desc, id desc
-- order oldest: created_at asc, id asc
-- order name: name asc, id asc
-- Select customers with the search in name, e-mail address, company, external id, the number of an invoice or the last digits of a payment method, in any case, for staff.
select c.*
  from search_customers(:search) as s (owner_id)
 cross join lateral (select * from portal_customer w where w.id = s.owner_id collate "C" limit 1) c

-- name: customers.owner
-- returns: Owner
-- Select the customer who owns an object, for staff, who may look up objects by their id alone. Each part has the condition: above them all, Citus would read whole tables.
select id, customer_id from subscription where id = :key
union all select id, customer_id from payment_schedule where id = :key
union all select id, customer_id from installment where id = :key
union all select id, customer_id from invoice where id = :key
union all select id, customer_id from invoice_line where id = :key
union all select id, customer_id from credit_note where id = :key
union all select id, customer_id from payment where id = :key
union all select id, customer_id from refund where id = :key
union all select id, customer_id from payment_method where id = :key
union all select id, customer_id from attachment where id = :key
union all select id, customer_id from data_export where id = :key
union all select id, id from customer where id = :key
union all
select id, customer_id from portal_event where customer_id = event_owner(:key) and seq = event_seq(:key) and id = :key
union all
select :key, id from customer where :key like 'sum\_%' and id = 'cus_' || right(:key, 26)

-- name: external_ids.owner
-- returns: Owner
-- Select the object of a kind with an external id, and the customer who owns it, for staff.
select id, id as customer_id from customer where :kind = 'CUSTOMER' and external_id = :external_id
union all
select id, customer_id from subscription where :kind = 'SUBSCRIPTION' and external_id = :external_id
union all
select id, customer_id from payment_schedule where :kind = 'PAYMENT_SCHEDULE' and external_id = :external_id
union all
select id, customer_id from installment where :kind = 'INSTALLMENT' and external_id = :external_id
union all
select id, customer_id from invoice where :kind = 'INVOICE' and external_id = :external_id
union all
select id, customer_id from payment where :kind = 'PAYMENT' and external_id = :external_id
union all
select id, customer_id from payment_method where :kind = 'PAYMENT_METHOD' and external_id = :external_id

-- name: summaries.of_customer
-- returns: SummaryRow
-- revised by: customer
-- Select the counts of the Summary page of a customer who has a row. Its id is the customer's, with another prefix.
select 'sum_' || right(cast(:key as text), 26) as id, cast(:key as text) as customer_id,
       (select cast(count(*) as integer) from subscription s where s.customer_id = :customer_id and s.status in ('TRIALING', 'ACTIVE')) as active_subscriptions,
       (select cast(count(*) as integer) from payment_schedule s where s.customer_id = :customer_id and s.status = 'ACTIVE') as active_schedules
 where :key = :customer_id

-- name: summaries.by_id
-- returns: SummaryRow
-- revised by: customer
-- Select the counts by the id of the summary.
select 'sum_' || right(customer_id, 26) as id, customer_id, active_subscriptions, active_schedules
  from portal_summary where customer_id = 'cus_' || right(:key, 26) and customer_id = :customer_id

-- name: totals.of_customer
-- returns: Total
-- revised by: customer
-- Select balance, due, overdue, in flight and what payAllDue would charge: a row per currency, sorted by its code.
select * from portal_total where customer_id = :key and customer_id = :customer_id order by currency

-- name: next_payments.of_customer
-- returns: NextPaymentRow
-- revised by: customer
-- Select the earliest upcoming payment; of several on one day the retry before the renewal and that before the installment, then by id.
select * from portal_upcoming_payment where customer_id = :key and customer_id = :customer_id order by due_on, kind desc, source_id limit 1

-- name: balance_entries.of_customer
-- returns: BalanceEntryRow
-- order newest: created_at desc, id desc
-- order oldest: created_at asc, id asc
-- revised by: customer
-- Select the entries of the account's balance.
select * from portal_balance_entry
 where customer_id = :key and customer_id = :customer_id
   and (cast(:currency as text) is null or currency = :currency)
