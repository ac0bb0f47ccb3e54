-- Refunds of before were one amount on their payment. Each becomes a row, takes from what its payment had paid as refunds do from now on, and gets its credit notes.
-- Row security is forced on the owner too, so it is set aside to read and write the rows of all customers.
alter table payment no force row level security;
alter table payment_allocation no force row level security;
alter table invoice no force row level security;
alter table installment no force row level security;
alter table payment_schedule no force row level security;
alter table balance_entry no force row level security;
alter table refund no force row level security;
alter table refund_allocation no force row level security;
alter table credit_note no force row level security;
alter table credit_note_line no force row level security;

-- Takes so much from a part of a payment, as far as it is there, and says how much that was.
create function pg_temp.take(refund_id text, part payment_allocation, wanted bigint, at timestamptz) returns bigint language plpgsql as $$
declare
  taken bigint := least(wanted, part.amount_minor);
begin
  if part.invoice_id is not null then
    taken := least(taken, (select paid_minor from invoice where customer_id = part.customer_id and id = part.invoice_id));
  end if;
  if part.installment_id is not null then
    taken := least(taken, (select paid_minor from installment where customer_id = part.customer_id and id = part.installment_id));
  end if;
  if taken <= 0 then
    return 0;
  end if;
  insert into refund_allocation (customer_id, id, refund_id, invoice_id, installment_id, currency, amount_minor, created_at)
  values (part.customer_id, 'rfa_' || substring(part.id from 5), refund_id, part.invoice_id, part.installment_id, part.currency, taken, at);
  update invoice
     set paid_minor = paid_minor - taken, credited_minor = credited_minor + case when status = 'VOID' then 0 else taken end, refunded_minor = refunded_minor + taken, version = version + 1
   where customer_id = part.customer_id and id = part.invoice_id;
  update installment set paid_minor = paid_minor - taken, refunded_minor = refunded_minor + taken, version = version + 1
   where customer_id = part.customer_id and id = part.installment_id;
  update payment_schedule s set paid_minor = s.paid_minor - taken, refunded_minor = s.refunded_minor + taken, version = s.version + 1
    from installment p
   where p.customer_id = part.customer_id and p.id = part.installment_id and s.customer_id = p.customer_id and s.id = p.schedule_id;
  return taken;
end $$;

-- The credit note of a refund for an invoice. If nothing that was paid is left, the credit that paid the rest is the customer's again.
create function pg_temp.note(noted_refund refund, suffix text, noted invoice, refunded bigint) returns void language plpgsql as $$
declare
  granted bigint := 0;
  gross bigint;
  tax bigint;
begin
  if noted.paid_minor = 0 then
    select least(greatest(-coalesce(sum(b.amount_minor), 0), 0), noted.total_minor - noted.noted_minor - refunded) into granted
      from balance_entry b where b.customer_id = noted.customer_id and b.invoice_id = noted.id and b.kind in ('APPLIED_TO_INVOICE', 'CREDIT_NOTE');
  end if;
  gross := refunded + granted;
  select round((noted.tax_minor - coalesce(sum(n.tax_minor), 0)) * cast(gross as numeric) / (noted.total_minor - noted.noted_minor)) into tax
    from credit_note n where n.customer_id = noted.customer_id and n.invoice_id = noted.id;
  insert into credit_note (customer_id, id, number, reason, currency, invoice_id, refund_id, issued_at, subtotal_minor, tax_minor, total_minor, granted_minor, refunded_minor, created_at)
  values (noted.customer_id, 'cn_' || suffix, 'cn_' || suffix, 'REFUND', noted.currency, noted.id, noted_refund.id, noted_refund.settled_at, gross - tax, tax, gross, granted, refunded,
          noted_refund.settled_at);
  insert into credit_note_line (customer_id, id, credit_note_id, currency, position, description, subtotal_minor, tax_minor, total_minor)
  values (noted.customer_id, 'line_' || suffix, 'cn_' || suffix, noted.currency, 1, 'Refund', gross - tax, tax, gross);
  if granted > 0 then
    insert into balance_entry (customer_id, id, currency, amount_minor, kind, description, invoice_id, credit_note_id, created_at)
    values (noted.customer_id, 'bal_' || suffix, noted.currency, granted, 'CREDIT_NOTE', 'Credit of a refunded invoice', noted.id, 'cn_' || suffix, noted_refund.settled_at);
  end if;
end $$;

do $$
declare
  paid payment;
  part payment_allocation;
  made refund;
  noted invoice;
  taken record;
  open_minor bigint;
  credit bigint;
  available bigint;
begin
  for paid in select * from payment where refunded_minor > 0 order by coalesce(refunded_at, settled_at), id loop
    insert into refund (customer_id, id, payment_id, currency, amount_minor, reason, status, created_at, settled_at)
    values (paid.customer_id, 'ref_' || substring(paid.id from 5), paid.id, paid.currency, paid.refunded_minor, 'REQUESTED', 'SUCCEEDED',
            coalesce(paid.refunded_at, paid.settled_at), coalesce(paid.refunded_at, paid.settled_at))
    returning * into made;
    -- What had become credit goes first, as far as the credit is still there: nobody owes something by an upgrade of the program.
    select coalesce(sum(amount_minor), 0) into credit from balance_entry where customer_id = paid.customer_id and payment_id = paid.id and kind = 'OVERPAYMENT';
    select coalesce(sum(amount_minor), 0) into available from balance_entry where customer_id = paid.customer_id and currency = paid.currency;
    open_minor := least(credit, greatest(available, 0), paid.refunded_minor);
    if open_minor > 0 then
      insert into refund_allocation (customer_id, id, refund_id, currency, amount_minor, created_at)
      values (paid.customer_id, 'rfa_' || substring(paid.id from 5), made.id, paid.currency, open_minor, made.settled_at);
      insert into balance_entry (customer_id, id, currency, amount_minor, kind, description, payment_id, refund_id, created_at)
      values (paid.customer_id, 'bal_' || substring(paid.id from 5), paid.currency, -open_minor, 'REFUND', 'Paid back', paid.id, made.id, made.settled_at);
    end if;
    open_minor := paid.refunded_minor - open_minor;
    for part in select a.*
                  from payment_allocation a
                  left join invoice i on i.customer_id = a.customer_id and i.id = a.invoice_id
                  left join installment p on p.customer_id = a.customer_id and p.id = a.installment_id
                 where a.customer_id = paid.customer_id and a.payment_id = paid.id
                 order by a.created_at desc, coalesce(p.due_on, i.due_on) desc, coalesce(a.installment_id, a.invoice_id) desc loop
      open_minor := open_minor - pg_temp.take(made.id, part, open_minor, made.settled_at);
    end loop;
    for taken in select invoice_id, cast(sum(amount_minor) as bigint) as minor, min(substring(id from 5)) as suffix
                   from refund_allocation where customer_id = paid.customer_id and refund_id = made.id and invoice_id is not null group by invoice_id loop
      select * into noted from invoice where customer_id = paid.customer_id and id = taken.invoice_id;
      if noted.status <> 'VOID' then
        perform pg_temp.note(made, taken.suffix, noted, taken.minor);
      end if;
    end loop;
  end loop;
end $$;

-- Their numbers, in the order of their issue.
do $$
declare
  note record;
  place bigint;
begin
  for note in select customer_id, id, cast(extract(year from issued_at at time zone 'UTC') as integer) as year from credit_note where number = id order by issued_at, id loop
    insert into invoice_series as s (series, year, last) values ('CN-{year}-{number}', note.year, 1)
        on conflict (series, year) do update set last = s.last + 1
    returning last into place;
    update credit_note set number = 'CN-' || note.year || '-' || lpad(place::text, greatest(6, length(place::text)), '0'), sequence = place
     where customer_id = note.customer_id and id = note.id;
    insert into invoice_number (number, series, year, sequence)
    values ('CN-' || note.year || '-' || lpad(place::text, greatest(6, length(place::text)), '0'), 'CN-{year}-{number}', note.year, place);
  end loop;
end $$;

-- The triggers give every row its status and its remainder, those too that no refund has touched.
update invoice set status = status where status <> invoice_status(status, total_minor, paid_minor, credited_minor, refunded_minor, noted_minor);
update installment set status = status where status <> installment_status(status, amount_minor, paid_minor, refunded_minor);
update payment_schedule set status = status where status <> schedule_status(status, remaining_minor);

-- What is judged at the end is judged while the owner sees the rows.
set constraints all immediate;
set constraints all deferred;
alter table payment force row level security;
alter table payment_allocation force row level security;
alter table invoice force row level security;
alter table installment force row level security;
alter table payment_schedule force row level security;
alter table balance_entry force row level security;
alter table refund force row level security;
alter table refund_allocation force row level security;
alter table credit_note force row level security;
alter table credit_note_line force row level security;
