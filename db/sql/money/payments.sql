-- name: payments.by_id
-- returns: PaymentRow
-- revised by: customer
select * from portal_payment where customer_id = :customer_id and id = :key

-- name: payments.of_customer
-- returns: PaymentRow
-- order newest: created_at desc, id desc
-- order oldest: created_at asc, id asc
-- revised by: customer
select * from portal_payment
 where customer_id = :key and customer_id = :customer_id
   and (cast(:status as text[]) is null or status = any(:status))
   and (cast(:currency as text) is null or currency = :currency)
   and (cast(:created_from as timestamptz) is null or created_at >= :created_from)
   and (cast(:created_before as timestamptz) is null or created_at < :created_before)

-- name: payments.of_method
-- returns: PaymentRow
-- order newest: created_at desc, id desc
-- order oldest: created_at asc, id asc
-- revised by: customer
select * from portal_payment
 where customer_id = :customer_id and payment_method_id = :key
   and (cast(:status as text[]) is null or status = any(:status))
   and (cast(:currency as text) is null or currency = :currency)
   and (cast(:created_from as timestamptz) is null or created_at >= :created_from)
   and (cast(:created_before as timestamptz) is null or created_at < :created_before)

-- name: payments.of_invoice
-- returns: PaymentRow
-- order newest: created_at desc, id desc
-- order oldest: created_at asc, id asc
-- revised by: customer
select * from portal_payment
 where customer_id = :customer_id
   and id in (select a.payment_id from payment_allocation a where a.customer_id = :customer_id and a.invoice_id = :key)
   and (cast(:status as text[]) is null or status = any(:status))
   and (cast(:currency as text) is null or currency = :currency)
   and (cast(:created_from as timestamptz) is null or created_at >= :created_from)
   and (cast(:created_before as timestamptz) is null or created_at < :created_before)

-- name: payments.of_installment
-- returns: PaymentRow
-- order newest: created_at desc, id desc
-- order oldest: created_at asc, id asc
-- revised by: customer
select * from portal_payment
 where customer_id = :customer_id
   and id in (select a.payment_id from payment_allocation a where a.customer_id = :customer_id and a.installment_id = :key)
   and (cast(:status as text[]) is null or status = any(:status))
   and (cast(:currency as text) is null or currency = :currency)
   and (cast(:created_from as timestamptz) is null or created_at >= :created_from)
   and (cast(:created_before as timestamptz) is null or created_at < :created_before)

-- name: payments.last_settled
-- returns: PaymentRow
-- revised by: customer
-- Select the latest payment that succeeded. A payment that was refunded in full or declined is not included.
select * from portal_payment where customer_id = :key and customer_id = :customer_id and status = 'SUCCEEDED' order by settled_at desc, id desc limit 1

-- name: payment_allocations.of_payment
-- returns: PaymentAllocationRow
-- revised by: customer
select * from portal_payment_allocation where customer_id = :customer_id and payment_id = :key order by id

-- name: balance_entries.of_payment
-- returns: BalanceEntryRow
-- revised by: customer
-- Select the balance entries of a payment.
select * from portal_balance_entry where customer_id = :customer_id and payment_id = :key order by created_at, id

-- name: payment_methods.by_id
-- returns: PaymentMethodRow
-- revised by: customer, catalog
select * from portal_payment_method where customer_id = :customer_id and id = :key

-- name: payment_methods.default_of_customer
-- returns: PaymentMethodRow
-- revised by: customer, catalog
select * from portal_payment_method where customer_id = :key and customer_id = :customer_id and is_default

-- name: payment_methods.of_customer
-- returns: PaymentMethodRow
-- order default_first: is_default desc, created_at desc, id desc
-- order newest: created_at desc, id desc
-- order oldest: created_at asc, id asc
-- revised by: customer, catalog
select * from portal_payment_method
 where customer_id = :key and customer_id = :customer_id
   and (cast(:kind as text[]) is null or kind = any(:kind))
   and (cast(:is_expired as boolean) is null or is_expired = :is_expired)
