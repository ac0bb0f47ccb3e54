-- name: invariants.invoice_lines
-- returns: Violation
-- An invoice is the sum of its lines: subtotal, discount, tax and total.
select i.customer_id, i.id as object_id,
       format('subtotal %s, discount %s, tax %s, total %s', coalesce(l.subtotal_minor, 0), coalesce(l.discount_minor, 0), coalesce(l.tax_minor, 0), coalesce(l.total_minor, 0)) as expected,
       format('subtotal %s, discount %s, tax %s, total %s', i.subtotal_minor, i.discount_minor, i.tax_minor, i.total_minor) as actual
  from invoice i
  left join (select customer_id, invoice_id, sum(subtotal_minor) as subtotal_minor, sum(discount_minor) as discount_minor, sum(tax_minor) as tax_minor, sum(total_minor) as total_minor
               from invoice_line
               where cast(:customers as text[]) is null or customer_id = any(:customers)
              group by customer_id, invoice_id) l on l.customer_id = i.customer_id and l.invoice_id = i.id
 where (cast(:customers as text[]) is null or i.customer_id = any(:customers))
   and (i.subtotal_minor, i.discount_minor, i.tax_minor, i.total_minor)
       <> (coalesce(l.subtotal_minor, 0), coalesce(l.discount_minor, 0), coalesce(l.tax_minor, 0), coalesce(l.total_minor, 0))

-- name: invariants.invoice_paid
-- returns: Violation
-- What is paid on an invoice is what settled payments gave it, less what refunds took from it.
select i.customer_id, i.id as object_id, format('paid %s', coalesce(a.minor, 0) - coalesce(r.minor, 0)) as expected, format('paid %s', i.paid_minor) as actual
  from invoice i
  left join (select a.customer_id, a.invoice_id, sum(a.amount_minor) as minor
               from payment_allocation a
               join payment p on p.customer_id = a.customer_id and p.id = a.payment_id
              where p.status in ('SUCCEEDED', 'REFUNDED') and (cast(:customers as text[]) is null or a.customer_id = any(:customers))
              group by a.customer_id, a.invoice_id) a on a.customer_id = i.customer_id and a.invoice_id = i.id
  left join (select customer_id, invoice_id, sum(amount_minor) as minor
               from refund_allocation
               where cast(:customers as text[]) is null or customer_id = any(:customers)
              group by customer_id, invoice_id) r on r.customer_id = i.customer_id and r.invoice_id = i.id
 where (cast(:customers as text[]) is null or i.customer_id = any(:customers))
   and i.paid_minor <> coalesce(a.minor, 0) - coalesce(r.minor, 0)

-- name: invariants.invoice_credited
-- returns: Violation
-- What is credited on an invoice is the balance credit that was applied to it, and what its credit notes released or refunded.
select i.customer_id, i.id as object_id, format('credited %s', coalesce(b.minor, 0) + coalesce(n.minor, 0)) as expected, format('credited %s', i.credited_minor) as actual
  from invoice i
  left join (select customer_id, invoice_id, -sum(amount_minor) as minor
               from balance_entry
              where kind = 'APPLIED_TO_INVOICE' and (cast(:customers as text[]) is null or customer_id = any(:customers))
              group by customer_id, invoice_id) b on b.customer_id = i.customer_id and b.invoice_id = i.id
  left join (select customer_id, invoice_id, sum(released_minor + refunded_minor) as minor
               from credit_note
               where cast(:customers as text[]) is null or customer_id = any(:customers)
              group by customer_id, invoice_id) n on n.customer_id = i.customer_id and n.invoice_id = i.id
 where (cast(:customers as text[]) is null or i.customer_id = any(:customers))
   and i.credited_minor <> coalesce(b.minor, 0) + coalesce(n.minor, 0)

-- name: invariants.invoice_refunded
-- returns: Violation
-- The refunded and the noted amount of an invoice are the sums of its refunds and of its credit notes.
select i.customer_id, i.id as object_id, format('refunded %s, noted %s', coalesce(r.minor, 0), coalesce(n.minor, 0)) as expected,
       format('refunded %s, noted %s', i.refunded_minor, i.noted_minor) as actual
  from invoice i
  left join (select customer_id, invoice_id, sum(amount_minor) as minor
               from refund_allocation
              where cast(:customers as text[]) is null or customer_id = any(:customers)
              group by customer_id, invoice_id) r on r.customer_id = i.customer_id and r.invoice_id = i.id
  left join (select customer_id, invoice_id, sum(total_minor) as minor
               from credit_note
              where cast(:customers as text[]) is null or customer_id = any(:customers)
              group by customer_id, invoice_id) n on n.customer_id = i.customer_id and n.invoice_id = i.id
 where (cast(:customers as text[]) is null or i.customer_id = any(:customers))
   and (i.refunded_minor, i.noted_minor) <> (coalesce(r.minor, 0), coalesce(n.minor, 0))

-- name: invariants.invoice_status
-- returns: Violation
-- The status of an invoice follows from its amounts and from payments in flight, as in billing/money/standing.py; void is a decision.
with in_flight as (
    select a.customer_id, a.invoice_id as id
      from payment_allocation a
      join payment p on p.customer_id = a.customer_id and p.id = a.payment_id
     where p.status in ('PROCESSING', 'REQUIRES_ACTION') and a.invoice_id is not null
     union
    -- An invoice that credit will pay together with a charge has no allocation; the changes of the charge name it.
    select c.customer_id, item ->> 'id'
      from charge c
     cross join lateral json_array_elements(coalesce(c.changes -> 'collected', '[]')) item
     where c.settled_at is null)
select i.customer_id, i.id as object_id, standing.status as expected, i.status as actual
  from invoice i
  left join in_flight f on f.customer_id = i.customer_id and f.id = i.id
 cross join lateral (
        select case when i.status = 'VOID' then 'VOID'
                    when i.paid_minor + i.credited_minor = i.total_minor
                      then case when i.paid_minor = 0 and i.refunded_minor > 0 and i.noted_minor = i.total_minor then 'REFUNDED' else 'PAID' end
                    when f.id is not null then 'PROCESSING'
                    when i.paid_minor > 0 then 'PARTIALLY_PAID'
                    else 'OPEN' end as status) standing
 where (cast(:customers as text[]) is null or i.customer_id = any(:customers))
   and i.status <> standing.status

-- name: invariants.installment_paid
-- returns: Violation
-- What is paid on an installment or was refunded of it is the sum of settled payments, less what banks took back, and the balance credit that was used for it.
with paid as (
    select i.customer_id, i.id, i.invoice_id, i.currency, i.paid_minor + i.refunded_minor as paid_minor, coalesce(a.minor, 0) - coalesce(r.minor, 0) as by_payments_minor
      from installment i
      left join (select a.customer_id, a.installment_id, sum(a.amount_minor) as minor
                   from payment_allocation a
                   join payment p on p.customer_id = a.customer_id and p.id = a.payment_id
                  where p.status in ('SUCCEEDED', 'REFUNDED') and (cast(:customers as text[]) is null or a.customer_id = any(:customers))
                  group by a.customer_id, a.installment_id) a on a.customer_id = i.customer_id and a.installment_id = i.id
      left join (select t.customer_id, t.installment_id, sum(t.amount_minor) as minor
                   from refund_allocation t
                   join refund r on r.customer_id = t.customer_id and r.id = t.refund_id
                  where r.reason in ('DISPUTE', 'RETURNED') and (cast(:customers as text[]) is null or t.customer_id = any(:customers))
                  group by t.customer_id, t.installment_id) r on r.customer_id = i.customer_id and r.installment_id = i.id
     where cast(:customers as text[]) is null or i.customer_id = any(:customers)),
-- An entry of credit names an invoice, but no installment: without an invoice the sums of a currency are compared.
alone as (
    select customer_id, currency, sum(paid_minor - by_payments_minor) as minor from paid where invoice_id is null group by customer_id, currency),
used as (
    select customer_id, currency, -sum(amount_minor) as minor
      from balance_entry
     where kind = 'APPLIED_TO_INVOICE' and invoice_id is null and (cast(:customers as text[]) is null or customer_id = any(:customers))
     group by customer_id, currency)
select customer_id, id as object_id, format('paid %s or more', by_payments_minor) as expected, format('paid %s', paid_minor) as actual
  from paid
 where paid_minor < by_payments_minor
 union all
select coalesce(a.customer_id, u.customer_id), coalesce(a.currency, u.currency), format('paid with credit %s', coalesce(u.minor, 0)), format('paid with credit %s', coalesce(a.minor, 0))
  from alone a
  full join used u on u.customer_id = a.customer_id and u.currency = a.currency
 where coalesce(a.minor, 0) <> coalesce(u.minor, 0)
 union all
select p.customer_id, p.invoice_id, format('paid with credit %s or less', i.credited_minor), format('paid with credit %s', sum(p.paid_minor - p.by_payments_minor))
  from paid p
  join invoice i on i.customer_id = p.customer_id and i.id = p.invoice_id
 group by p.customer_id, p.invoice_id, i.credited_minor
having sum(p.paid_minor - p.by_payments_minor) > i.credited_minor

-- name: invariants.installment_status
-- returns: Violation
-- The status of an installment, and what remains of it, follow from its amounts and from payments in flight, as in billing/money/standing.py; canceled is a decision.
with in_flight as (
    select a.customer_id, a.installment_id as id
      from payment_allocation a
      join payment p on p.customer_id = a.customer_id and p.id = a.payment_id
     where p.status in ('PROCESSING', 'REQUIRES_ACTION') and a.installment_id is not null
     union
    select c.customer_id, item ->> 'id'
      from charge c
     cross join lateral json_array_elements(coalesce(c.changes -> 'collected_installment', '[]')) item
     where c.settled_at is null)
select i.customer_id, i.id as object_id, format('%s, remaining %s', standing.status, standing.remaining_minor) as expected,
       format('%s, remaining %s', i.status, i.remaining_minor) as actual
  from installment i
  left join in_flight f on f.customer_id = i.customer_id and f.id = i.id
 cross join lateral (
        select case when i.status = 'CANCELED' then 'CANCELED'
                    when i.paid_minor + i.refunded_minor = i.amount_minor then case when i.paid_minor = 0 then 'REFUNDED' else 'PAID' end
                    when f.id is not null then 'PROCESSING'
                    when i.paid_minor > 0 then 'PARTIALLY_PAID'
                    when i.status = 'FAILED' then 'FAILED'
                    else 'DUE' end as status,
               case when i.status = 'CANCELED' then 0 else i.amount_minor - i.paid_minor - i.refunded_minor end as remaining_minor) standing
 where (cast(:customers as text[]) is null or i.customer_id = any(:customers))
   and (i.status, i.remaining_minor) <> (standing.status, standing.remaining_minor)

-- name: invariants.installment_invoice
-- returns: Violation
-- The installments of an invoice that a credit note has lowered together ask for no more than the invoice does: the note lowers both.
select i.customer_id, i.id as object_id, format('installments remaining %s or less', i.remaining_minor) as expected, format('installments remaining %s', p.minor) as actual
  from invoice i
  join (select customer_id, invoice_id, sum(remaining_minor) as minor
          from installment
         where invoice_id is not null and remaining_minor > 0 and (cast(:customers as text[]) is null or customer_id = any(:customers))
         group by customer_id, invoice_id) p on p.customer_id = i.customer_id and p.invoice_id = i.id
 where (cast(:customers as text[]) is null or i.customer_id = any(:customers))
   and i.noted_minor > 0 and i.status <> 'VOID' and p.minor > i.remaining_minor

-- name: invariants.schedule_installments
-- returns: Violation
-- A payment schedule is the sum of its installments, in total, in what is paid, in what was given back and in what is canceled, and it is finished when nothing remains.
select s.customer_id, s.id as object_id,
       format('total %s, paid %s, refunded %s, canceled %s, remaining %s, %s', coalesce(i.total_minor, 0), coalesce(i.paid_minor, 0), coalesce(i.refunded_minor, 0),
              coalesce(i.canceled_minor, 0), standing.remaining_minor, standing.status) as expected,
       format('total %s, paid %s, refunded %s, canceled %s, remaining %s, %s', s.total_minor, s.paid_minor, s.refunded_minor, s.canceled_minor, s.remaining_minor, s.status) as actual
  from payment_schedule s
  left join (select customer_id, schedule_id, sum(amount_minor) as total_minor, sum(paid_minor) as paid_minor, sum(refunded_minor) as refunded_minor,
                    sum(amount_minor - paid_minor - refunded_minor) filter (where status = 'CANCELED') as canceled_minor, sum(remaining_minor) as remaining_minor
               from installment
              where cast(:customers as text[]) is null or customer_id = any(:customers)
              group by customer_id, schedule_id) i on i.customer_id = s.customer_id and i.schedule_id = s.id
 cross join lateral (
        select coalesce(i.remaining_minor, 0) as remaining_minor,
               case when s.status = 'CANCELED' then 'CANCELED' when coalesce(i.remaining_minor, 0) = 0 then 'FINISHED' else 'ACTIVE' end as status) standing
 where (cast(:customers as text[]) is null or s.customer_id = any(:customers))
   and (s.total_minor, s.paid_minor, s.refunded_minor, s.canceled_minor, s.remaining_minor, s.status)
       <> (coalesce(i.total_minor, 0), coalesce(i.paid_minor, 0), coalesce(i.refunded_minor, 0), coalesce(i.canceled_minor, 0), standing.remaining_minor, standing.status)

-- name: invariants.payment_allocated
-- returns: Violation
-- The amount of a settled payment is the sum of its allocations and of the credit that it left; a payment that is not settled has left no credit.
select p.customer_id, p.id as object_id, format('amount %s', coalesce(a.minor, 0) + coalesce(b.minor, 0)) as expected,
       format('%s of %s, with %s credit', lower(p.status), p.amount_minor, coalesce(b.minor, 0)) as actual
  from payment p
  left join (select customer_id, payment_id, sum(amount_minor) as minor
               from payment_allocation
               where cast(:customers as text[]) is null or customer_id = any(:customers)
              group by customer_id, payment_id) a on a.customer_id = p.customer_id and a.payment_id = p.id
  left join (select customer_id, payment_id, sum(amount_minor) as minor
               from balance_entry
              where kind in ('OVERPAYMENT', 'PAYMENT') and (cast(:customers as text[]) is null or customer_id = any(:customers))
              group by customer_id, payment_id) b on b.customer_id = p.customer_id and b.payment_id = p.id
 where (cast(:customers as text[]) is null or p.customer_id = any(:customers))
   and case when p.status in ('SUCCEEDED', 'REFUNDED') then p.amount_minor <> coalesce(a.minor, 0) + coalesce(b.minor, 0) else coalesce(b.minor, 0) <> 0 end

-- name: invariants.payment_refunded
-- returns: Violation
-- What was refunded of a payment is the sum of its refunds that succeeded, and a payment is REFUNDED when that is all of it.
select p.customer_id, p.id as object_id,
       format('%s, %s refunded', case when refunds.minor = p.amount_minor then 'REFUNDED' else 'SUCCEEDED' end, refunds.minor) as expected,
       format('%s, %s refunded', p.status, p.refunded_minor) as actual
  from payment p
  left join (select customer_id, payment_id, sum(case when status = 'SUCCEEDED' then amount_minor else 0 end) as minor
               from refund
               where cast(:customers as text[]) is null or customer_id = any(:customers)
              group by customer_id, payment_id) r on r.customer_id = p.customer_id and r.payment_id = p.id
 cross join lateral (select coalesce(r.minor, 0) as minor) refunds
 where (cast(:customers as text[]) is null or p.customer_id = any(:customers))
   and (p.refunded_minor <> refunds.minor
        or (p.status = 'REFUNDED') <> (refunds.minor = p.amount_minor)
        or (p.status not in ('SUCCEEDED', 'REFUNDED') and refunds.minor > 0))

-- name: invariants.refund_allocated
-- returns: Violation
-- A refund that succeeded took its whole amount from something, and one that failed or was reversed took nothing.
select r.customer_id, r.id as object_id, format('took %s', case when r.status in ('FAILED', 'REVERSED') then 0 else r.amount_minor end) as expected,
       format('%s of %s, took %s', lower(r.status), r.amount_minor, coalesce(a.minor, 0)) as actual
  from refund r
  left join (select customer_id, refund_id, sum(amount_minor) as minor
               from refund_allocation
               where cast(:customers as text[]) is null or customer_id = any(:customers)
              group by customer_id, refund_id) a on a.customer_id = r.customer_id and a.refund_id = r.id
 where (cast(:customers as text[]) is null or r.customer_id = any(:customers))
   and case r.status when 'SUCCEEDED' then coalesce(a.minor, 0) <> r.amount_minor
                     when 'PENDING' then coalesce(a.minor, 0) not in (0, r.amount_minor)
                     else coalesce(a.minor, 0) <> 0 end

-- name: invariants.refund_booked
-- returns: Violation
-- What a refund took from the customer's credit is on the balance, and what the merchant gave back of an invoice that is not void has a credit note.
-- An invoice that was voided later keeps its credit note. The sum is over a payment, because a refund may have been split after it was booked.
select r.customer_id, r.id as object_id, format('credit %s, noted %s', coalesce(t.credit_minor, 0), coalesce(t.noted_minor, 0)) as expected,
       format('credit %s, noted %s', coalesce(b.minor, 0), coalesce(n.minor, 0)) as actual
  from payment r
  left join (select t.customer_id, o.payment_id, sum(t.amount_minor) filter (where t.invoice_id is null and t.installment_id is null) as credit_minor,
                    sum(t.amount_minor) filter (where i.status <> 'VOID' and o.reason not in ('DISPUTE', 'RETURNED')) as noted_minor
               from refund_allocation t
               join refund o on o.customer_id = t.customer_id and o.id = t.refund_id
               left join invoice i on i.customer_id = t.customer_id and i.id = t.invoice_id
              where cast(:customers as text[]) is null or t.customer_id = any(:customers)
              group by t.customer_id, o.payment_id) t on t.customer_id = r.customer_id and t.payment_id = r.id
  left join (select e.customer_id, o.payment_id, -sum(e.amount_minor) as minor
               from balance_entry e
               join refund o on o.customer_id = e.customer_id and o.id = e.refund_id
              where e.kind = 'REFUND' and (cast(:customers as text[]) is null or e.customer_id = any(:customers))
              group by e.customer_id, o.payment_id) b on b.customer_id = r.customer_id and b.payment_id = r.id
  left join (select n.customer_id, o.payment_id, sum(n.refunded_minor) as minor
               from credit_note n
               join refund o on o.customer_id = n.customer_id and o.id = n.refund_id
               join invoice i on i.customer_id = n.customer_id and i.id = n.invoice_id
              where i.status <> 'VOID' and (cast(:customers as text[]) is null or n.customer_id = any(:customers))
              group by n.customer_id, o.payment_id) n on n.customer_id = r.customer_id and n.payment_id = r.id
 where (cast(:customers as text[]) is null or r.customer_id = any(:customers))
   and (coalesce(b.minor, 0), coalesce(n.minor, 0)) <> (coalesce(t.credit_minor, 0), coalesce(t.noted_minor, 0))

-- name: invariants.balance_entries
-- returns: Violation
-- The balance that the portal shows is the sum of the account's entries, in every currency.
select coalesce(b.customer_id, t.customer_id) as customer_id, coalesce(b.currency, t.currency) as object_id,
       format('balance %s', coalesce(b.minor, 0)) as expected, format('balance %s', t.balance_minor) as actual
  from (select customer_id, currency, sum(amount_minor) as minor
          from balance_entry
         where cast(:customers as text[]) is null or customer_id = any(:customers)
         group by customer_id, currency) b
  full join (select customer_id, currency, balance_minor
               from portal_total
              where cast(:customers as text[]) is null or customer_id = any(:customers)) t on t.customer_id = b.customer_id and t.currency = b.currency
 where coalesce(b.minor, 0) is distinct from t.balance_minor

-- name: invariants.total_due
-- returns: Violation
-- What the portal shows as due is what remains of invoices, and of installments without an invoice whose day has come, and a balance below zero, in every currency.
with open_items as (
    select customer_id, currency, remaining_minor
      from invoice
     where remaining_minor <> 0 and (cast(:customers as text[]) is null or customer_id = any(:customers))
     union all
    select i.customer_id, i.currency, i.remaining_minor
      from installment i
      join customer c on c.id = i.customer_id
     where i.invoice_id is null and i.remaining_minor <> 0 and i.due_on <= today_in(c.time_zone)
       and (cast(:customers as text[]) is null or i.customer_id = any(:customers))
     union all
    select customer_id, currency, greatest(-sum(amount_minor), 0)
      from balance_entry
     where cast(:customers as text[]) is null or customer_id = any(:customers)
     group by customer_id, currency),
owed as (
    select customer_id, currency, sum(remaining_minor) as minor from open_items group by customer_id, currency)
select coalesce(o.customer_id, t.customer_id) as customer_id, coalesce(o.currency, t.currency) as object_id,
       format('due %s', coalesce(o.minor, 0)) as expected, format('due %s', t.due_minor) as actual
  from owed o
  full join (select customer_id, currency, due_minor
               from portal_total
              where cast(:customers as text[]) is null or customer_id = any(:customers)) t on t.customer_id = o.customer_id and t.currency = o.currency
 where coalesce(o.minor, 0) is distinct from t.due_minor

-- name: invariants.statement_balance
-- returns: OwedAccount
-- The last balance of the statement of account is what remains of invoices and of installments without an invoice, less the balance, in every currency.
-- The block selects these amounts; db/audit.py compares them with the statement (papers.entries).
select a.customer_id, a.currency, cast(sum(a.minor) as bigint) as owed_minor
  from (select customer_id, currency, remaining_minor as minor from invoice
         union all
        select customer_id, currency, remaining_minor from installment where invoice_id is null
         union all
        select customer_id, currency, -amount_minor from balance_entry
         union all
        select customer_id, currency, 0 from payment) a
 where cast(:customers as text[]) is null or a.customer_id = any(:customers)
 group by a.customer_id, a.currency

-- name: invariants.period_invoiced_once
-- returns: Violation
-- A period of a subscription has at most one invoice that is not void.
select customer_id, subscription_id as object_id, '1 invoice' as expected,
       format('%s invoices for the period from %s: %s', count(*), period_starts_at, string_agg(id, ', ' order by id)) as actual
  from invoice
 where (cast(:customers as text[]) is null or customer_id = any(:customers))
   and subscription_id is not null and reason in ('FIRST', 'RENEWAL') and status <> 'VOID'
 group by customer_id, subscription_id, period_starts_at
having count(*) > 1

-- name: invariants.document_number
-- returns: Violation
-- Every invoice and credit note has a registered number, which is not its id, and stands in the register in its place of the series and in the year of its issue.
select d.customer_id, d.id as object_id,
       case when d.number = d.id then 'a number' when r.number is null then 'a registered number' else format('sequence %s, issued in %s', r.sequence, r.year) end as expected,
       format('number %s, sequence %s, issued in %s', d.number, d.sequence, extract(year from d.issued_at at time zone 'UTC')) as actual
  from (select customer_id, id, number, sequence, issued_at from invoice
         union all
        select customer_id, id, number, sequence, issued_at from credit_note) d
  left join invoice_number r on r.number = d.number
 where (cast(:customers as text[]) is null or d.customer_id = any(:customers))
   and (d.number = d.id or r.number is null or d.sequence is distinct from r.sequence
        -- The year is that of the merchant's time zone.
        or (r.year <> 0 and r.year not in (extract(year from (d.issued_at - interval '14 hours') at time zone 'UTC'), extract(year from (d.issued_at + interval '14 hours') at time zone 'UTC'))))

-- name: invariants.number_issued_once
-- returns: Violation
-- A number of a series is that of exactly one invoice or credit note.
select coalesce(min(d.customer_id), '') as customer_id, r.number as object_id, '1 document' as expected,
       format('%s documents: %s', count(d.id), string_agg(d.id, ', ' order by d.id)) as actual
  from invoice_number r
  left join (select customer_id, id, number from invoice
              union all
             select customer_id, id, number from credit_note) d on d.number = r.number
 where r.sequence is not null
   and (cast(:customers as text[]) is null
        or r.number in (select number from invoice where customer_id = any(:customers) union all select number from credit_note where customer_id = any(:customers)))
 group by r.number
having count(d.id) <> 1

-- name: invariants.number_gaps
-- returns: Violation
-- A series has every number from its first to its last one; the series skips a number that an imported document had before.
select '' as customer_id, format('%s %s', s.series, s.year) as object_id, format('number %s', n.sequence) as expected, 'none' as actual
  from invoice_series s
 cross join lateral (
        select split_part(written, '{number}', 1) as prefix, split_part(written, '{number}', 2) as suffix
          from replace(s.series, '{year}', s.year::text) written) around
  join (select series, year, sequence, lead(sequence) over (partition by series, year order by sequence) as next_sequence
          from invoice_number
         where sequence is not null) r on r.series = s.series and r.year = s.year
 cross join lateral generate_series(r.sequence + 1, coalesce(r.next_sequence - 1, s.last)) n (sequence)
 where cast(:customers as text[]) is null
   and not exists (select from invoice_number o
                    where o.series is null and starts_with(o.number, around.prefix) and right(o.number, length(around.suffix)) = around.suffix
                      and ltrim(substr(o.number, length(around.prefix) + 1, greatest(length(o.number) - length(around.prefix) - length(around.suffix), 0)), '0') = n.sequence::text)

-- name: invariants.idempotency_key
-- returns: Violation
-- A key has one effect: its payment is the only one that was begun under it and did not fail, is of no other key, and has its answer once it is settled.
select k.customer_id, k.mutation || ' ' || k.key as object_id, wrong.expected, wrong.actual
  from idempotency_key k
  left join charge c on c.customer_id = k.customer_id and c.payment_id = k.payment_id
 cross join lateral (
        select 'a charge of payment ' || k.payment_id || ' under this key' as expected, coalesce('a charge under ' || c.mutation || ' ' || c.key, 'none') as actual
         where k.payment_id not like 'ref\_%' and (c.mutation, c.key, c.caller) is distinct from (k.mutation, k.key, cast(null as text))
         union all
        select 'an answer, because its payment is settled', 'none'
         where c.settled_at is not null and k.answer is null
         union all
        select format('payment %s alone', k.payment_id), string_agg(p.id, ', ' order by p.id)
          from charge o
          join payment p on p.customer_id = o.customer_id and p.id = o.payment_id
         where o.customer_id = k.customer_id and o.mutation = k.mutation and o.key = k.key and o.caller is null and o.started_at >= k.created_at and p.status <> 'FAILED'
        having bool_or(p.id is distinct from k.payment_id)
         union all
        select 'payment ' || k.payment_id || ' under no other key', other.mutation || ' ' || other.key
          from idempotency_key other
         where other.customer_id = k.customer_id and other.payment_id = k.payment_id and (other.mutation, other.key) > (k.mutation, k.key)) wrong
 where cast(:customers as text[]) is null or k.customer_id = any(:customers)

-- name: invariants.client_key
-- returns: Violation
-- The same of a key of a client: its payment is the only one that was begun under it and did not fail, and has its answer once it is settled.
select k.owner_id as customer_id, k.mutation || ' ' || k.key as object_id, wrong.expected, wrong.actual
  from client_key k
  left join charge c on c.customer_id = k.owner_id and c.payment_id = k.payment_id
  left join refund_request q on q.customer_id = k.owner_id and q.refund_id = k.payment_id
 cross join lateral (
        select 'a charge of payment ' || k.payment_id || ' under this key' as expected, coalesce('a charge under ' || c.mutation || ' ' || c.key, 'none') as actual
         where k.payment_id not like 'ref\_%' and (c.mutation, c.key, c.caller) is distinct from (k.mutation, k.key, k.caller)
         union all
        select 'a request of refund ' || k.payment_id || ' under this key', coalesce('a request under ' || q.mutation || ' ' || q.key, 'none')
         where k.payment_id like 'ref\_%' and (q.mutation, q.key, q.caller) is distinct from (k.mutation, k.key, k.caller)
         union all
        select 'an answer, because its refund is settled', 'none'
         where q.settled_at is not null and k.answer is null
         union all
        select 'an answer, because its payment is settled', 'none'
         where c.settled_at is not null and k.answer is null
         union all
        select format('payment %s alone', k.payment_id), string_agg(p.id, ', ' order by p.id)
          from charge o
          join payment p on p.customer_id = o.customer_id and p.id = o.payment_id
         where o.customer_id = k.owner_id and o.mutation = k.mutation and o.key = k.key and o.caller = k.caller and o.started_at >= k.created_at and p.status <> 'FAILED'
        having bool_or(p.id is distinct from k.payment_id)) wrong
 where k.owner_id is not null and (cast(:customers as text[]) is null or k.owner_id = any(:customers))

-- name: invariants.refund_request
-- returns: Violation
-- A request for a refund is open as long as the refund is under way. At most one refund was begun under a key and did not fail.
select q.customer_id, q.refund_id as object_id, wrong.expected, wrong.actual
  from refund_request q
  join refund r on r.customer_id = q.customer_id and r.id = q.refund_id
 cross join lateral (
        select case when r.status = 'PENDING' then 'open' else 'settled' end as expected, format('settled at %s, refund %s', coalesce(q.settled_at::text, 'no time'), r.status) as actual
         where (q.settled_at is null) <> (r.status = 'PENDING')
         union all
        select format('refund %s alone', q.refund_id), o.refund_id
          from refund_request o
          join refund p on p.customer_id = o.customer_id and p.id = o.refund_id
         where o.customer_id = q.customer_id and (o.mutation, o.key, o.caller) is not distinct from (q.mutation, q.key, q.caller) and q.key is not null
           and o.refund_id > q.refund_id and p.status <> 'FAILED' and r.status <> 'FAILED' and o.started_at < q.started_at + interval '1 day'
         union all
        select 'payment ' || r.payment_id, 'payment ' || q.payment_id
         where q.payment_id <> r.payment_id) wrong
 where cast(:customers as text[]) is null or q.customer_id = any(:customers)

-- name: invariants.recorded_payment
-- returns: Violation
-- A payment that staff recorded has settled, has the day on which the money came, and was never charged.
select p.customer_id, p.id as object_id, 'settled, with a day, and not charged' as expected,
       format('%s, received on %s%s', p.status, coalesce(p.received_on::text, 'no day'), case when c.payment_id is null then '' else ', charged' end) as actual
  from payment p
  left join charge c on c.customer_id = p.customer_id and c.payment_id = p.id
 where (cast(:customers as text[]) is null or p.customer_id = any(:customers))
   and ((p.processor = 'manual') <> (p.received_on is not null) or (p.processor = 'manual' and (p.settled_at is null or c.payment_id is not null)))

-- name: invariants.written_off
-- returns: Violation
-- The billing clock does not collect what is written off.
select customer_id, id as object_id, 'not collected' as expected, format('%s, next at %s', collection, coalesce(collect_at::text, 'no time')) as actual
  from invoice
 where (cast(:customers as text[]) is null or customer_id = any(:customers))
   and written_off_at is not null and (collection <> 'NONE' or collect_at is not null)

-- name: invariants.credited_lines
-- returns: Violation
-- A line of an invoice is credited only on credit notes of that invoice, and by at most its net and its tax.
select l.customer_id, l.id as object_id, format('net %s or less, tax %s or less, on notes of %s', l.subtotal_minor - l.discount_minor, l.tax_minor, l.invoice_id) as expected,
       format('net %s, tax %s, on notes of %s', c.net_minor, c.tax_minor, c.invoices) as actual
  from invoice_line l
  join (select n.customer_id, n.invoice_line_id, sum(n.subtotal_minor) as net_minor, sum(n.tax_minor) as tax_minor,
               string_agg(distinct o.invoice_id, ', ' order by o.invoice_id) as invoices
          from credit_note_line n
          join credit_note o on o.customer_id = n.customer_id and o.id = n.credit_note_id
         where n.invoice_line_id is not null and (cast(:customers as text[]) is null or n.customer_id = any(:customers))
         group by n.customer_id, n.invoice_line_id) c on c.customer_id = l.customer_id and c.invoice_line_id = l.id
 where c.net_minor > l.subtotal_minor - l.discount_minor or c.tax_minor > l.tax_minor or c.invoices <> l.invoice_id

-- name: invariants.charge_settled
-- returns: Violation
-- A charge is open as long as its payment is in flight, and settled when that succeeded or failed.
select c.customer_id, c.payment_id as object_id, case when p.status in ('PROCESSING', 'REQUIRES_ACTION') then 'open' else 'settled' end as expected,
       format('%s, payment %s', case when c.settled_at is null then 'open' else 'settled' end, p.status) as actual
  from charge c
  join payment p on p.customer_id = c.customer_id and p.id = c.payment_id
 where (cast(:customers as text[]) is null or c.customer_id = any(:customers))
   and (c.settled_at is null) <> (p.status in ('PROCESSING', 'REQUIRES_ACTION'))

-- name: invariants.payment_in_flight_once
-- returns: Violation
-- At most one payment is in flight for an invoice, and for an installment.
select a.customer_id, coalesce(a.installment_id, a.invoice_id) as object_id, '1 payment in flight' as expected,
       format('%s: %s', count(distinct p.id), string_agg(distinct p.id, ', ' order by p.id)) as actual
  from payment p
  join payment_allocation a on a.customer_id = p.customer_id and a.payment_id = p.id
 where (cast(:customers as text[]) is null or p.customer_id = any(:customers))
   and p.status in ('PROCESSING', 'REQUIRES_ACTION')
 group by grouping sets ((a.customer_id, a.invoice_id), (a.customer_id, a.installment_id))
having count(distinct p.id) > 1 and coalesce(a.installment_id, a.invoice_id) is not null

-- name: invariants.charging_payment
-- returns: Violation
-- The charge that a subscription waits for is open.
select s.customer_id, s.id as object_id, format('an open charge of payment %s', s.charging_payment_id) as expected,
       case when c.payment_id is null then 'no charge' else format('settled at %s', c.settled_at) end as actual
  from subscription s
  left join charge c on c.customer_id = s.customer_id and c.payment_id = s.charging_payment_id
 where (cast(:customers as text[]) is null or s.customer_id = any(:customers))
   and s.charging_payment_id is not null and (c.payment_id is null or c.settled_at is not null)

-- name: invariants.holds
-- returns: Violation
-- A subscription is suspended by the strongest of its holds.
select s.customer_id, s.id as object_id, coalesce(strongest.hold, 'no hold') as expected, coalesce(s.suspended_by, 'no hold') as actual
  from subscription s
 cross join lateral (
        select case when 'IMPORT' = any(s.holds) then 'IMPORT' when 'MERCHANT' = any(s.holds) then 'MERCHANT' when 'DUNNING' = any(s.holds) then 'DUNNING' when 'CUSTOMER' = any(s.holds) then 'CUSTOMER' end as hold) strongest
 where (cast(:customers as text[]) is null or s.customer_id = any(:customers))
   and strongest.hold is distinct from s.suspended_by

-- name: invariants.dunning_holds
-- returns: Violation
-- Dunning holds a subscription only while one of its invoices is unpaid and overdue or failed to be charged, or while a charge of it is open.
-- What the collection of imported invoices had come to is set when the import releases them.
select s.customer_id, s.id as object_id, 'an unpaid invoice, or no hold' as expected, 'held by DUNNING, nothing unpaid' as actual
  from subscription s
  join customer c on c.id = s.customer_id
 where (cast(:customers as text[]) is null or s.customer_id = any(:customers))
   and 'DUNNING' = any(s.holds) and not 'IMPORT' = any(s.holds) and s.charging_payment_id is null
   and not exists (select from invoice i
                    where i.customer_id = s.customer_id and i.subscription_id = s.id and i.remaining_minor > 0 and i.written_off_at is null
                      and (i.promise_until is null or i.promise_until <= operation_now())
                      and (i.failed_attempts > 0 or i.collection = 'GIVEN_UP' or i.due_on < today_in(c.time_zone)))

-- name: invariants.plans_recorded
-- returns: Violation
-- The plan of every subscription that began is recorded as taken; an order that was canceled before it began has no record.
select s.customer_id, s.id as object_id, case when order_is_canceled then 'no plan taken' else s.plan_id || ' taken' end as expected,
       coalesce((select string_agg(t.plan_id, ', ' order by t.plan_id) || ' taken' from taken_plan t where t.customer_id = s.customer_id and t.subscription_id = s.id), 'no plan taken') as actual
  from subscription s
 cross join lateral (select s.status = 'CANCELED' and s.period_starts_at is null as order_is_canceled) began
 where (cast(:customers as text[]) is null or s.customer_id = any(:customers))
   and order_is_canceled = exists (select from taken_plan t
                                    where t.customer_id = s.customer_id and t.subscription_id = s.id and (order_is_canceled or t.plan_id = s.plan_id))

-- name: invariants.coupon_redemptions
-- returns: Violation
-- A coupon was redeemed as often as it has redemptions, and charges under way that take one.
select '' as customer_id, c.id as object_id, format('redeemed %s', coalesce(r.count, 0) + coalesce(h.count, 0)) as expected, format('redeemed %s', c.redeemed_count) as actual
  from coupon c
  left join (select coupon_id, count(*) as count from coupon_redemption group by coupon_id) r on r.coupon_id = c.id
  left join (select coupon_id, count(*) as count from charge where settled_at is null group by coupon_id) h on h.coupon_id = c.id
 where cast(:customers as text[]) is null
   and c.redeemed_count <> coalesce(r.count, 0) + coalesce(h.count, 0)

-- name: invariants.credit_note_parts
-- returns: Violation
-- The total of a credit note is what it released, granted and refunded, and what it granted is on the balance.
select n.customer_id, n.id as object_id, format('total %s, granted %s', n.released_minor + n.granted_minor + n.refunded_minor, coalesce(b.minor, 0)) as expected,
       format('total %s, granted %s', n.total_minor, n.granted_minor) as actual
  from credit_note n
  left join (select customer_id, credit_note_id, sum(amount_minor) as minor
               from balance_entry
              where kind = 'CREDIT_NOTE' and (cast(:customers as text[]) is null or customer_id = any(:customers))
              group by customer_id, credit_note_id) b on b.customer_id = n.customer_id and b.credit_note_id = n.id
 where (cast(:customers as text[]) is null or n.customer_id = any(:customers))
   and (n.total_minor <> n.released_minor + n.granted_minor + n.refunded_minor or n.granted_minor <> coalesce(b.minor, 0))

-- name: invariants.credit_note_lines
-- returns: Violation
-- A credit note is the sum of its lines: net, tax and total.
select n.customer_id, n.id as object_id,
       format('subtotal %s, tax %s, total %s', coalesce(l.subtotal_minor, 0), coalesce(l.tax_minor, 0), coalesce(l.total_minor, 0)) as expected,
       format('subtotal %s, tax %s, total %s', n.subtotal_minor, n.tax_minor, n.total_minor) as actual
  from credit_note n
  left join (select customer_id, credit_note_id, sum(subtotal_minor) as subtotal_minor, sum(tax_minor) as tax_minor, sum(total_minor) as total_minor
               from credit_note_line
               where cast(:customers as text[]) is null or customer_id = any(:customers)
              group by customer_id, credit_note_id) l on l.customer_id = n.customer_id and l.credit_note_id = n.id
 where (cast(:customers as text[]) is null or n.customer_id = any(:customers))
   and (n.subtotal_minor, n.tax_minor, n.total_minor) <> (coalesce(l.subtotal_minor, 0), coalesce(l.tax_minor, 0), coalesce(l.total_minor, 0))

-- name: invariants.invoice_credit_notes
-- returns: Violation
-- The credit notes of an invoice never exceed its net or its tax.
select i.customer_id, i.id as object_id, format('net %s or less, tax %s or less', i.total_minor - i.tax_minor, i.tax_minor) as expected,
       format('net %s, tax %s', sum(n.subtotal_minor), sum(n.tax_minor)) as actual
  from credit_note n
  join invoice i on i.customer_id = n.customer_id and i.id = n.invoice_id
 where cast(:customers as text[]) is null or n.customer_id = any(:customers)
 group by i.customer_id, i.id, i.total_minor, i.tax_minor
having sum(n.subtotal_minor) > i.total_minor - i.tax_minor or sum(n.tax_minor) > i.tax_minor

-- name: invariants.document_snapshot
-- returns: Violation
-- Every invoice, credit note and settled payment has a snapshot of the buyer and the seller for its PDF.
select d.customer_id, d.id as object_id, 'a snapshot' as expected, 'none' as actual
  from (select customer_id, id from invoice
         union all
        select customer_id, id from credit_note
         union all
        select customer_id, id from payment where settled_at is not null) d
 where (cast(:customers as text[]) is null or d.customer_id = any(:customers))
   and not exists (select from document_snapshot s where s.customer_id = d.customer_id and s.document_id = d.id)

-- name: invariants.line_tax_rate
-- returns: Violation
-- The tax of a line of an invoice is its tax rate of its net amount, within two minor units of rounding. A credit note may credit tax alone.
select l.customer_id, l.id as object_id, format('tax %s at %s ppm of %s', right_tax.minor, l.tax_rate_ppm, l.subtotal_minor - l.discount_minor) as expected,
       format('tax %s', l.tax_minor) as actual
  from invoice_line l
 cross join lateral (select round(cast(l.subtotal_minor - l.discount_minor as numeric) * l.tax_rate_ppm / 1000000) as minor) right_tax
 where (cast(:customers as text[]) is null or l.customer_id = any(:customers))
   and abs(l.tax_minor - right_tax.minor) > 2

-- name: invariants.event_numbers
-- returns: Violation
-- The events of a customer are numbered without a gap, up to the last number that was given.
select e.customer_id, e.customer_id as object_id, format('%s events up to %s', max(e.seq) - min(e.seq) + 1, coalesce(c.seq, 0)) as expected,
       format('%s events up to %s', count(*), max(e.seq)) as actual
  from event e
  left join event_counter c on c.owner_id = e.customer_id
 where cast(:customers as text[]) is null or e.customer_id = any(:customers)
 group by e.customer_id, c.seq
having count(*) <> max(e.seq) - min(e.seq) + 1 or max(e.seq) is distinct from c.seq

-- name: invariants.event_versions
-- returns: Violation
-- The newest event of an object has the version of the object, so every change of it has its event.
select o.customer_id, o.id as object_id, format('an event of version %s', o.version) as expected, format('version %s', e.object_version) as actual
  from (select distinct on (customer_id, object_id) customer_id, object_id, object_version
          from event
         where object_version is not null and (cast(:customers as text[]) is null or customer_id = any(:customers))
         order by customer_id, object_id, seq desc) e
  join (select id as customer_id, id, version from customer
        union all
        select customer_id, id, version from subscription
        union all
        select customer_id, id, version from invoice
        union all
        select customer_id, id, version from installment
        union all
        select customer_id, id, version from payment_schedule
        union all
        select customer_id, id, version from payment
        union all
        select customer_id, id, version from refund
        union all
        select customer_id, id, version from payment_method) o on o.customer_id = e.customer_id and o.id = e.object_id
 where o.version <> e.object_version
