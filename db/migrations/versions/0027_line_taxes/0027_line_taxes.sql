-- `tax_rate_ppm` is the rate at which the line was taxed; null where it is not known, or where a line takes back a part of lines of several rates.
-- `wording` and `wording_of` are what Portico's own description says, such as UNUSED_TIME of a plan; null for words of the merchant.
alter table invoice_line
  add column tax_rate_ppm integer check (tax_rate_ppm between 0 and 1000000),
  add column wording      text check (wording in ('REMAINING_TIME', 'UNUSED_TIME', 'REFUND')),
  add column wording_of   text,
  add check ((wording is null) = (wording_of is null));
alter table credit_note_line
  add column tax_rate_ppm integer check (tax_rate_ppm between 0 and 1000000),
  add column wording      text check (wording in ('REMAINING_TIME', 'UNUSED_TIME', 'REFUND')),
  add column wording_of   text,
  add check ((wording is null) = (wording_of is null));

-- The one rate of an invoice's lines; null where there are several, or one is not known.
create function tax_rate_of(wanted_customer text, wanted_invoice text) returns integer language sql stable set search_path = portico
  return (select case when count(*) = count(tax_rate_ppm) and min(tax_rate_ppm) = max(tax_rate_ppm) then min(tax_rate_ppm) end
            from invoice_line
           where customer_id = wanted_customer and invoice_id = wanted_invoice and (subtotal_minor <> discount_minor or tax_minor <> 0));

create or replace view portal_invoice_line with (security_invoker = true) as
select id, customer_id, invoice_id, currency, position, description, quantity, unit_minor, subtotal_minor, discount_minor, tax_minor, total_minor, period_starts_at, period_ends_at,
       tax_rate_ppm, subtotal_minor - discount_minor as net_minor, wording, wording_of
  from invoice_line;

create or replace view portal_credit_note_line with (security_invoker = true) as
select id, customer_id, credit_note_id, currency, position, description, subtotal_minor, tax_minor, total_minor, period_starts_at, period_ends_at,
       tax_rate_ppm, wording, wording_of
  from credit_note_line;

alter table customer no force row level security;
alter table invoice no force row level security;
alter table invoice_line no force row level security;
alter table credit_note no force row level security;
alter table credit_note_line no force row level security;

-- The rate of lines of before was not stored. It is the customer's of today where that gives the line's tax (to a minor unit for each rounding, of which a line for unused time
-- has two), and zero where no tax was charged. What is neither stays unknown.
update invoice_line l
   set tax_rate_ppm = case when abs(l.tax_minor - round(cast(l.subtotal_minor - l.discount_minor as numeric) * c.tax_rate_ppm / 1000000)) <= 2 then c.tax_rate_ppm else 0 end
  from customer c
 where c.id = l.customer_id
   and (l.tax_minor = 0 or abs(l.tax_minor - round(cast(l.subtotal_minor - l.discount_minor as numeric) * c.tax_rate_ppm / 1000000)) <= 2);

update credit_note_line l
   set tax_rate_ppm = tax_rate_of(n.customer_id, n.invoice_id)
  from credit_note n
 where n.customer_id = l.customer_id and n.id = l.credit_note_id;

-- These sentences are Portico's own on documents of these kinds.
update invoice_line l
   set wording = case when l.description like 'Unused time on %' then 'UNUSED_TIME' else 'REMAINING_TIME' end,
       wording_of = regexp_replace(l.description, '^(Unused|Remaining) time on ', '')
  from invoice i
 where i.customer_id = l.customer_id and i.id = l.invoice_id and i.reason = 'PLAN_CHANGE' and l.description ~ '^(Unused|Remaining) time on .';

update credit_note_line l
   set wording = case n.reason when 'REFUND' then 'REFUND' else 'UNUSED_TIME' end,
       wording_of = regexp_replace(l.description, '^(Unused time on|Refund for invoice) ', '')
  from credit_note n
 where n.customer_id = l.customer_id and n.id = l.credit_note_id
   and (n.reason = 'UNUSED_TIME' and l.description ~ '^Unused time on .' or n.reason = 'REFUND' and l.description ~ '^Refund for invoice .');

alter table customer force row level security;
alter table invoice force row level security;
alter table invoice_line force row level security;
alter table credit_note force row level security;
alter table credit_note_line force row level security;

grant execute on function tax_rate_of(text, text) to portico_app;
