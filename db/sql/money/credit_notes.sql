-- name: credit_notes.by_id
-- returns: CreditNoteRow
-- revised by: customer
select * from portal_credit_note where customer_id = :customer_id and id = :key

-- name: credit_notes.of_invoice
-- returns: CreditNoteRow
-- order newest: issued_at desc, id desc
-- order oldest: issued_at asc, id asc
-- revised by: customer
select * from portal_credit_note where customer_id = :customer_id and invoice_id = :key

-- name: credit_notes.of_customer
-- returns: CreditNoteRow
-- order newest: issued_at desc, id desc
-- order oldest: issued_at asc, id asc
-- revised by: customer
select * from portal_credit_note
 where customer_id = :key and customer_id = :customer_id
   and (cast(:currency as text) is null or currency = :currency)

-- name: credit_note_lines.of_credit_note
-- returns: CreditNoteLineRow
-- order printed: position asc, id asc
-- revised by: customer
-- Select the lines in the order in which they are printed.
select * from portal_credit_note_line where customer_id = :customer_id and credit_note_id = :key
