-- name: invoices.by_id
-- returns: InvoiceRow
-- revised by: customer
select * from portal_invoice where customer_id = :customer_id and id = :key

-- name: invoices.of_customer
-- returns: InvoiceRow
-- order newest: issued_at desc, id desc
-- order oldest: issued_at asc, id asc
-- order due_first: due_on asc, id asc
-- order due_last: due_on desc, id desc
-- revised by: customer
select * from portal_invoice
 where customer_id = :key and customer_id = :customer_id
   and (cast(:status as text[]) is null or status = any(:status))
   and (cast(:currency as text) is null or currency = :currency)
   and (cast(:is_overdue as boolean) is null or is_overdue = :is_overdue)
   and (cast(:issued_from as timestamptz) is null or issued_at >= :issued_from)
   and (cast(:issued_before as timestamptz) is null or issued_at < :issued_before)

-- name: invoices.of_subscription
-- returns: InvoiceRow
-- order newest: issued_at desc, id desc
-- order oldest: issued_at asc, id asc
-- order due_first: due_on asc, id asc
-- order due_last: due_on desc, id desc
-- revised by: customer
select * from portal_invoice
 where customer_id = :customer_id and subscription_id = :key
   and (cast(:status as text[]) is null or status = any(:status))
   and (cast(:currency as text) is null or currency = :currency)
   and (cast(:is_overdue as boolean) is null or is_overdue = :is_overdue)
   and (cast(:issued_from as timestamptz) is null or issued_at >= :issued_from)
   and (cast(:issued_before as timestamptz) is null or issued_at < :issued_before)

-- name: invoices.of_schedule
-- returns: InvoiceRow
-- order newest: issued_at desc, id desc
-- order oldest: issued_at asc, id asc
-- order due_first: due_on asc, id asc
-- order due_last: due_on desc, id desc
-- revised by: customer
select * from portal_invoice
 where customer_id = :customer_id and schedule_id = :key
   and (cast(:status as text[]) is null or status = any(:status))
   and (cast(:currency as text) is null or currency = :currency)
   and (cast(:is_overdue as boolean) is null or is_overdue = :is_overdue)
   and (cast(:issued_from as timestamptz) is null or issued_at >= :issued_from)
   and (cast(:issued_before as timestamptz) is null or issued_at < :issued_before)

-- name: invoice_lines.by_id
-- returns: InvoiceLineRow
-- revised by: customer
select * from portal_invoice_line where customer_id = :customer_id and id = :key

-- name: invoice_lines.of_invoice
-- returns: InvoiceLineRow
-- order printed: position asc, id asc
-- revised by: customer
-- Select the lines in the order in which they are printed.
select * from portal_invoice_line where customer_id = :customer_id and invoice_id = :key
