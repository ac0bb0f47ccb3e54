-- name: data_exports.by_id
-- returns: DataExportRow
-- revised by: customer
select * from portal_data_export where customer_id = :customer_id and id = :key

-- name: data_exports.latest
-- returns: DataExportRow
-- revised by: customer
-- Select the customer's newest export.
select * from portal_data_export where customer_id = :customer_id and customer_id = :key order by requested_at desc, id desc limit 1

-- name: data_exports.request
-- returns: nothing
insert into data_export (customer_id, id, status, requested_by, requested_at, make_at) values (:customer_id, :id, 'REQUESTED', :requested_by, :now, :now)

-- name: data_exports.place
-- returns: AttachmentObject
-- Select where the bytes of an export are stored, while it can be downloaded.
select id, customer_id, 'customer-data.zip' as file_name, 'application/zip' as content_type, size_bytes, sha256, object_key, 'STORED' as status,
       requested_by as uploaded_by, ready_at as uploaded_at
  from data_export
 where customer_id = :customer_id and id = :key and status = 'READY' and expires_at > operation_now()

-- name: data_exports.due
-- returns: Owner
-- For the worker: select exports that are to be made, or that a worker has begun and not finished in time.
select id, customer_id from data_export where make_at <= :now order by make_at, customer_id, id limit :wanted

-- name: data_exports.claim
-- returns: ClaimedExport
-- Begin to make an export. No row if another worker makes it.
update data_export set status = 'MAKING', tries = tries + 1, make_at = :lease_until
 where customer_id = :customer_id and id = :id and make_at <= :now
returning id, customer_id, requested_by, tries

-- name: data_exports.renew
-- returns: nothing
-- Report that the worker still makes the export.
update data_export set make_at = :lease_until where customer_id = :customer_id and id = :id and status = 'MAKING' and tries = :tries

-- name: data_exports.finish
-- returns: Owner
-- Offer the export for download. No row if another worker has taken it over, or the customer was erased.
update data_export
   set status = 'READY', make_at = null, ready_at = :now, expires_at = :expires_at, object_key = :object_key, size_bytes = :size_bytes, sha256 = :sha256,
       missing = :missing
 where customer_id = :customer_id and id = :id and status = 'MAKING' and tries = :tries
returning id, customer_id

-- name: data_exports.put_off
-- returns: nothing
-- Try again at `make_at`; without it the export has failed for good.
update data_export
   set make_at = cast(:make_at as timestamptz), status = case when cast(:make_at as timestamptz) is null then 'FAILED' else 'REQUESTED' end
 where customer_id = :customer_id and id = :id and status = 'MAKING' and tries = :tries

-- name: data_exports.past
-- returns: Owner
-- For the worker: select finished exports whose time is over.
select id, customer_id from data_export where status = 'READY' and expires_at <= :now order by expires_at, customer_id, id limit :wanted

-- name: data_exports.expire
-- returns: OrphanedObject
with past as (
    select customer_id, id, object_key from data_export where customer_id = :customer_id and id = :id and status = 'READY' and expires_at <= :now for update)
update data_export e set status = 'EXPIRED', object_key = null from past
 where e.customer_id = :customer_id and e.id = past.id
returning e.customer_id, past.object_key

-- name: exporting.tables
-- returns: ExportedTable
-- Select the tables of which an export has rows.
select distinct relation from column_erasure where is_exported order by relation

-- name: exporting.rows
-- returns: ExportedRow
-- Select a part of the customer's rows of a table, in the order of its primary key, without secrets.
select row from exported_rows(:customer_id, :relation, :skipped, :most) row

-- name: exporting.files
-- returns: AttachmentObject
select id, customer_id, file_name, content_type, size_bytes, sha256, object_key, status, uploaded_by, uploaded_at from attachment
 where customer_id = :customer_id and status = 'STORED' order by id

-- name: exporting.documents
-- returns: ExportedDocument
-- Select the invoices, credit notes and payments of which a PDF can be made.
select id, currency, cast(extract(year from issued_at) as integer) as year from invoice where customer_id = :customer_id
union all
select id, currency, cast(extract(year from issued_at) as integer) from credit_note where customer_id = :customer_id
union all
select id, currency, cast(extract(year from settled_at) as integer) from payment where customer_id = :customer_id and settled_at is not null
 order by id
