-- name: attachments.by_id
-- returns: AttachmentRow
-- revised by: customer
select * from portal_attachment where customer_id = :customer_id and id = :key

-- name: attachments.of_invoice
-- returns: AttachmentRow
-- order newest: uploaded_at desc, id desc
-- order oldest: uploaded_at asc, id asc
-- revised by: customer
select * from portal_attachment where customer_id = :customer_id and invoice_id = :key

-- name: attachments.of_schedule
-- returns: AttachmentRow
-- order newest: uploaded_at desc, id desc
-- order oldest: uploaded_at asc, id asc
-- revised by: customer
select * from portal_attachment where customer_id = :customer_id and schedule_id = :key

-- name: saving.attachment
-- returns: WrittenRow
-- Add the rows of a group; `invoice_id` or `schedule_id` is null. Adds none if the schedule was canceled meanwhile.
insert into attachment (customer_id, id, invoice_id, schedule_id, group_id, file_name, content_type, size_bytes, sha256, object_key, status, uploaded_by, uploader, uploaded_at)
select :customer_id, n.id, n.invoice_id, n.schedule_id, n.group_id, n.file_name, n.content_type, n.size_bytes, n.sha256, n.object_key, n.status, n.uploaded_by, n.uploader,
       cast(:now as timestamptz)
  from jsonb_to_recordset(cast(:rows as jsonb)) n (id text, invoice_id text, schedule_id text, group_id text, file_name text, content_type text, size_bytes integer,
       sha256 text, object_key text, status text, uploaded_by text, uploader text)
 where not exists (select from payment_schedule s where s.customer_id = :customer_id and s.id = n.schedule_id and s.status = 'CANCELED')
returning id

-- name: saving.owned_object
-- returns: WrittenRow
-- Remove objects from the loose ones, because rows of the same statement own them; not those that are being deleted.
delete from loose_object l
 where l.customer_id = :customer_id and not l.is_doomed
   and l.object_key = any(array(select n.object_key from jsonb_to_recordset(cast(:rows as jsonb)) n (object_key text)))
returning l.object_key as id

-- name: attachments.lock
-- returns: Owner
-- Lock the customer, so that groups of one customer are counted one after the other.
select id, customer_id from (select id, id as customer_id, erased_at from customer) c where customer_id = :customer_id and check_erased(erased_at) for no key update

-- name: attachments.count
-- returns: FileCount
-- Count the files of an invoice or a schedule against its quota. A file that was announced and not uploaded does not count after an hour.
select cast(count(*) as integer) as files from attachment
 where customer_id = :customer_id and (invoice_id = :parent_id or schedule_id = :parent_id)
   and (status <> 'PENDING' or uploaded_at > cast(:now as timestamptz) - interval '1 hour')

-- name: attachments.place
-- returns: AttachmentObject
-- Select where an attachment's bytes are stored.
select id, customer_id, file_name, content_type, size_bytes, sha256, object_key, status, uploaded_by, uploaded_at from attachment
 where customer_id = :customer_id and id = :key

-- name: attachments.store
-- returns: AttachmentRow
-- Mark an attachment as stored: its bytes were uploaded and checked, and their type was detected. No row if another request has done that, or the attachment was deleted.
update attachment set status = 'STORED', object_key = :object_key, content_type = :content_type, file_name = :file_name, version = version + 1
 where customer_id = :customer_id and id = :id and status = 'PENDING'
returning id, customer_id, coalesce(invoice_id, schedule_id) as parent_id, invoice_id, schedule_id, file_name, content_type, size_bytes, sha256, status, uploaded_by,
          uploaded_at, version, uploaded_on_behalf

-- name: attachments.reject
-- returns: nothing
update attachment set status = 'REJECTED', version = version + 1 where customer_id = :customer_id and id = :id and status = 'PENDING'

-- name: attachments.delete
-- returns: OrphanedObject
-- Delete an attachment that a caller of the same kind uploaded.
delete from attachment where customer_id = :customer_id and id = :id and uploaded_by = :uploaded_by
returning customer_id, object_key

-- name: attachments.delete_pending
-- returns: OrphanedObject
delete from attachment where customer_id = :customer_id and status = 'PENDING' and uploaded_at < :before
returning customer_id, object_key

-- name: attachments.overdue
-- returns: Owner
-- For the sweep: select the customers with announced files that were never uploaded.
select distinct customer_id as id, customer_id from attachment where status = 'PENDING' and uploaded_at < :before

-- name: loose_objects.add
-- returns: nothing
insert into loose_object (customer_id, object_key, expires_at)
select :customer_id, key, cast(:expires_at as timestamptz) from unnest(cast(:object_keys as text[])) key
on conflict (customer_id, object_key) do update set expires_at = greatest(loose_object.expires_at, excluded.expires_at)

-- name: loose_objects.own
-- returns: OrphanedObject
-- Remove objects from the loose ones, because an attachment owns them now; not those that are being deleted.
delete from loose_object where customer_id = :customer_id and object_key = any(cast(:object_keys as text[])) and not is_doomed
returning customer_id, object_key

-- name: loose_objects.doom
-- returns: OrphanedObject
-- Mark loose objects for deletion. The statement waits for a transaction that makes an attachment their owner; after it no attachment can own them. An object of a stored
-- attachment is not loose, even if this table has it.
update loose_object l set is_doomed = true
 where l.customer_id = :customer_id and l.object_key = any(cast(:object_keys as text[]))
   and not exists (select from attachment a where a.customer_id = l.customer_id and a.object_key = l.object_key and a.status = 'STORED')
returning customer_id, object_key

-- name: loose_objects.forget
-- returns: nothing
delete from loose_object where customer_id = :customer_id and object_key = any(cast(:object_keys as text[])) and is_doomed

-- name: loose_objects.due
-- returns: OrphanedObject
-- For the sweep: select the oldest objects whose upload has expired.
select customer_id, object_key from loose_object where expires_at < :now order by expires_at, customer_id, object_key limit :wanted
