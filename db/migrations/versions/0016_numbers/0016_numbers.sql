-- Numbers of invoices are the issuer's: one series for all customers. Both tables belong to nobody. The application has no right to them but by `issue_number`,
-- which gives an invoice of the customer in whose name it acts its number, once.

-- The last number of a series in a year; 0 is the year of a series without years.
create table invoice_series (
  series text collate "C" not null check (length(series) <= 60),
  year   integer not null check (year between 0 and 9999),
  last   bigint not null check (last >= 0),
  primary key (series, year)
);

-- Every number that there is. Those without a place in a series came from outside, or are from before this version, when each customer had numbers of their own: such a
-- number may stand on several invoices. It is a table of its own, because a database that is sharded by customer has no unique index over the invoices of all customers.
create table invoice_number (
  number   text collate "C" primary key,
  series   text collate "C",
  year     integer,
  sequence bigint check (sequence > 0),
  unique (series, year, sequence),
  check ((series is null) = (sequence is null) and (year is null) = (sequence is null))
);

-- An invoice's place in its series. Until the transaction that issues it ends, an invoice has its id in place of its number.
alter table invoice add column sequence bigint;

-- Old numbers stay as they are; the series goes on after the highest of a year. Row security is forced on the owner too, so it is set aside to read them.
alter table invoice no force row level security;
insert into invoice_series (series, year, last)
select 'INV-{year}-{number}', cast(substring(number from 5 for 4) as integer), max(cast(substring(number from 10) as bigint))
  from invoice
 where number ~ '^INV-[0-9]{4}-[0-9]{6,15}$'
 group by 2;
insert into invoice_number (number) select distinct number from invoice;
alter table invoice force row level security;

-- A number from outside is stored as it is, but it must not be one that was issued here.
create function register_number() returns trigger language plpgsql security definer set search_path = portico as $$
begin
  insert into invoice_number (number) values (new.number) on conflict (number) do nothing;
  if exists (select from invoice_number where number = new.number and sequence is not null) then
    raise unique_violation using message = 'the number was issued for another invoice', table = 'invoice', column = 'number';
  end if;
  return null;
end $$;
create trigger register_number after insert or update of number on invoice for each row
  when (new.sequence is null and new.number <> new.id) execute function register_number();

-- The last thing in the transaction that issues an invoice: whoever issues another one of the series waits from here on until the transaction ends.
-- A number that came from outside is taken already, and is passed over.
create function issue_number(invoice_id text, wanted_series text, wanted_year integer, prefix text, digits integer, suffix text) returns void
  language plpgsql security definer set search_path = portico as $$
declare
  place bigint;
  candidate text;
begin
  loop
    insert into invoice_series as s (series, year, last) values (wanted_series, wanted_year, 1)
        on conflict (series, year) do update set last = s.last + 1
    returning last into place;
    candidate := prefix || lpad(place::text, greatest(digits, length(place::text)), '0') || suffix;
    insert into invoice_number (number, series, year, sequence) values (candidate, wanted_series, wanted_year, place) on conflict (number) do nothing;
    exit when found;
  end loop;
  update invoice set number = candidate, sequence = place
   where customer_id = current_setting('app.customer_id') and id = invoice_id and number = invoice_id;
  if not found then
    raise exception 'there is no invoice % that needs a number', invoice_id;
  end if;
end $$;

-- What `issue_number` may do to invoices: number one of the customer in whose name it is called, if it has no number yet.
create policy seen_by_issue_number on invoice for select to portico_owner using (customer_id = nullif(current_setting('app.customer_id', true), ''));
create policy numbered_by_issue_number on invoice for update to portico_owner
  using (customer_id = nullif(current_setting('app.customer_id', true), '') and number = id)
  with check (customer_id = nullif(current_setting('app.customer_id', true), ''));

revoke execute on function register_number(), issue_number(text, text, integer, text, integer, text) from public;
grant execute on function issue_number(text, text, integer, text, integer, text) to portico_app;

-- All columns but `sequence`: only the series gives a place in it.
revoke insert on invoice from portico_app;
grant insert (customer_id, id, number, reason, status, currency, subscription_id, schedule_id, issued_at, due_on, period_starts_at, period_ends_at, subtotal_minor,
  discount_minor, tax_minor, total_minor, paid_minor, credited_minor, paid_at, version, created_at, collect_at, failed_attempts) on invoice to portico_app;
