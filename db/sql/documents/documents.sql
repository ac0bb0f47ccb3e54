-- name: document_snapshots.of_document
-- returns: DocumentSnapshotRow
-- revised by: customer
-- Select what the PDF of an invoice, a credit note or a settled payment's receipt prints in addition to its own row.
select * from portal_document_snapshot where customer_id = :customer_id and document_id = :key

-- name: document_snapshots.with_issuer
-- returns: DocumentSnapshotRow
-- revised by: customer
-- Select the same, if it has the merchant's details of that time.
select * from portal_document_snapshot where customer_id = :customer_id and document_id = :key and issuer_name is not null

-- name: document_snapshots.of_documents
-- returns: DocumentSnapshotRow
select * from portal_document_snapshot where customer_id = :customer_id and document_id = any(:ids)

-- name: document_taxes.of_invoice
-- returns: DocumentTax
-- revised by: customer
-- Select net, tax and total of each tax rate, the highest first.
select l.customer_id, l.invoice_id as document_id, l.currency, l.tax_rate_ppm, max(case when l.tax_rate_ppm = 0 then s.tax_exemption end) as tax_exemption,
       cast(sum(l.net_minor) as bigint) as net_minor, cast(sum(l.tax_minor) as bigint) as tax_minor, cast(sum(l.total_minor) as bigint) as total_minor
  from portal_invoice_line l
  left join document_snapshot s on s.customer_id = l.customer_id and s.document_id = l.invoice_id
 where l.customer_id = :customer_id and l.invoice_id = :key
 group by l.customer_id, l.invoice_id, l.currency, l.tax_rate_ppm
 order by l.tax_rate_ppm desc nulls last

-- name: document_taxes.of_credit_note
-- returns: DocumentTax
-- revised by: customer
-- Select the same for a credit note.
select l.customer_id, l.credit_note_id as document_id, l.currency, l.tax_rate_ppm, max(case when l.tax_rate_ppm = 0 then s.tax_exemption end) as tax_exemption,
       cast(sum(l.subtotal_minor) as bigint) as net_minor, cast(sum(l.tax_minor) as bigint) as tax_minor, cast(sum(l.total_minor) as bigint) as total_minor
  from portal_credit_note_line l
  left join document_snapshot s on s.customer_id = l.customer_id and s.document_id = l.credit_note_id
 where l.customer_id = :customer_id and l.credit_note_id = :key
 group by l.customer_id, l.credit_note_id, l.currency, l.tax_rate_ppm
 order by l.tax_rate_ppm desc nulls last
