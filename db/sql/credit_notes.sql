-- name: saving.credit_note
-- returns: Owner
-- The credit notes that could be written: of an invoice at most what its notes so far leave of its net and its tax. The customer is locked.
insert into credit_note (customer_id, id, number, reason, currency, invoice_id, refund_id, issued_at, subtotal_minor, tax_minor, total_minor, released_minor, granted_minor,
       refunded_minor, created_at)
select n.customer_id, n.id, n.number, n.reason, n.currency, n.invoice_id, n.refund_id, n.issued_at, n.subtotal_minor, n.tax_minor, n.total_minor, n.released_minor, n.granted_minor,
       n.refunded_minor, n.created_at
  from (select r.*, sum(r.tax_minor) over so_far as taken_tax_minor, sum(r.total_minor) over so_far as taken_minor
          from jsonb_to_recordset(cast(:rows as jsonb)) r (customer_id text, id text, number text, reason text, currency text, invoice_id text, refund_id text, issued_at timestamptz,
               subtotal_minor bigint, tax_minor bigint, total_minor bigint, released_minor bigint, granted_minor bigint, refunded_minor bigint, created_at timestamptz)
        window so_far as (partition by r.invoice_id order by r.id)) n
  join invoice i on i.customer_id = n.customer_id and i.id = n.invoice_id and i.currency = n.currency
 cross join lateral (
        select i.tax_minor - coalesce(sum(o.tax_minor), 0) as tax_minor, i.total_minor - coalesce(sum(o.total_minor), 0) as total_minor
          from credit_note o where o.customer_id = i.customer_id and o.invoice_id = i.id) before
 where n.customer_id = :customer_id and i.status <> 'VOID'
   and n.taken_tax_minor <= before.tax_minor and n.taken_minor - n.taken_tax_minor <= before.total_minor - before.tax_minor
returning id, customer_id

-- name: saving.credit_note_line
-- returns: nothing
insert into credit_note_line (customer_id, id, credit_note_id, currency, position, description, subtotal_minor, tax_minor, total_minor, period_starts_at, period_ends_at)
select :customer_id, n.id, n.credit_note_id, n.currency, n.position, n.description, n.subtotal_minor, n.tax_minor, n.total_minor, n.period_starts_at, n.period_ends_at
  from jsonb_to_recordset(cast(:rows as jsonb)) n (id text, credit_note_id text, currency text, position integer, description text, subtotal_minor bigint,
       tax_minor bigint, total_minor bigint, period_starts_at timestamptz, period_ends_at timestamptz)

-- name: saving.balance_entry
-- returns: nothing
insert into balance_entry (customer_id, id, currency, amount_minor, kind, description, invoice_id, payment_id, refund_id, credit_note_id, created_at)
select :customer_id, n.id, n.currency, n.amount_minor, n.kind, n.description, n.invoice_id, n.payment_id, n.refund_id, n.credit_note_id, n.created_at
  from jsonb_to_recordset(cast(:rows as jsonb)) n (id text, currency text, amount_minor bigint, kind text, description text, invoice_id text, payment_id text,
       refund_id text, credit_note_id text, created_at timestamptz)
