-- name: customers.by_id
-- returns: CustomerRow
-- Select one customer.
select * from portal_customer where id = :key and customer_id = :customer_id

-- name: customers.matching
-- returns: CustomerRow
-- order newest: created_at desc, id desc
-- order oldest: created_at asc, id asc
-- order name: name asc, id asc
-- Select customers whose name or e-mail begins with the search, in any case; the empty search matches all. The only block over all customers, for staff.
-- chr(1114111) is the last character of Unicode, so the two bounds enclose a prefix in an index of collation "C".
select id, id as customer_id, name, email, locale, time_zone, currency, version, created_at,
       company_name, address_line1, address_line2, address_city, address_region, address_postal_code, address_country, tax_ids, tax_exemption,
       visible_external_id(external_id) as external_id, visible_metadata(metadata) as metadata,
       tax_rate_ppm, tax_name
  from customer
 where name_key >= lower(cast(:search as text)) and name_key < lower(:search) || chr(1114111)
    or email_key >= lower(:search) and email_key < lower(:search) || chr(1114111)

-- name: customers.owner
-- returns: Owner
-- Select the customer who owns an object, for staff, who may look up objects by their id alone.
select id, customer_id from subscription where id = :key
union all
select id, customer_id from payment_schedule where id = :key
union all
select id, customer_id from installment where id = :key
union all
select id, customer_id from invoice where id = :key
union all
select id, customer_id from invoice_line where id = :key
union all
select id, customer_id from credit_note where id = :key
union all
select id, customer_id from payment where id = :key
union all
select id, customer_id from refund where id = :key
union all
select id, customer_id from payment_method where id = :key
union all
select id, customer_id from attachment where id = :key
union all
select id, id from customer where id = :key

-- name: summaries.of_customer
-- returns: SummaryRow
-- Select the counts of the Summary page.
select * from portal_summary where customer_id = :key and customer_id = :customer_id

-- name: totals.of_customer
-- returns: Total
-- Select balance, due, overdue and in flight: a row per currency, sorted by its code.
select * from portal_total where customer_id = :key and customer_id = :customer_id order by currency

-- name: next_payments.of_customer
-- returns: NextPaymentRow
-- Select the earliest upcoming payment; of several on one day the retry before the renewal and that before the installment, then by id.
select * from portal_upcoming_payment where customer_id = :key and customer_id = :customer_id order by due_on, kind desc, source_id limit 1

-- name: balance_entries.of_customer
-- returns: BalanceEntryRow
-- order newest: created_at desc, id desc
-- order oldest: created_at asc, id asc
-- Select the entries of the account's balance.
select * from portal_balance_entry
 where customer_id = :key and customer_id = :customer_id
   and (cast(:currency as text) is null or currency = :currency)
