-- name: attachments.by_id
-- returns: Attachment
select * from portal_attachment where customer_id = :customer_id and id = :key

-- name: attachments.of_invoice
-- returns: Attachment
-- order newest: uploaded_at desc, id desc
-- order oldest: uploaded_at asc, id asc
select * from portal_attachment where customer_id = :customer_id and invoice_id = :key

-- name: attachments.of_schedule
-- returns: Attachment
-- order newest: uploaded_at desc, id desc
-- order oldest: uploaded_at asc, id asc
select * from portal_attachment where customer_id = :customer_id and schedule_id = :key
