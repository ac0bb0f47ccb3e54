-- Credit notes are numbered as invoices are: with series of their own in `invoice_series`, and in the register of all numbers, so that no number names two documents.

-- The next number of a series, taken. Whoever takes another one of the series waits from here on until the transaction ends.
-- A number that came from outside, or is of another series, is taken already, and is passed over.
create function take_number(wanted_series text, wanted_year integer, prefix text, digits integer, suffix text, out taken_number text, out taken_sequence bigint)
  language plpgsql set search_path = portico as $$
begin
  loop
    insert into invoice_series as s (series, year, last) values (wanted_series, wanted_year, 1)
        on conflict (series, year) do update set last = s.last + 1
    returning last into taken_sequence;
    taken_number := prefix || lpad(taken_sequence::text, greatest(digits, length(taken_sequence::text)), '0') || suffix;
    insert into invoice_number (number, series, year, sequence) values (taken_number, wanted_series, wanted_year, taken_sequence) on conflict (number) do nothing;
    exit when found;
  end loop;
end $$;

-- As before, for an invoice.
create or replace function issue_number(invoice_id text, wanted_series text, wanted_year integer, prefix text, digits integer, suffix text) returns void
  language plpgsql security definer set search_path = portico as $$
begin
  update invoice set (number, sequence) = (select taken_number, taken_sequence from take_number(wanted_series, wanted_year, prefix, digits, suffix))
   where customer_id = current_setting('app.customer_id') and id = invoice_id and number = invoice_id;
  if not found then
    raise exception 'there is no invoice % that needs a number', invoice_id;
  end if;
end $$;

-- The same for a credit note.
create function issue_credit_note_number(credit_note_id text, wanted_series text, wanted_year integer, prefix text, digits integer, suffix text) returns void
  language plpgsql security definer set search_path = portico as $$
begin
  update credit_note set (number, sequence) = (select taken_number, taken_sequence from take_number(wanted_series, wanted_year, prefix, digits, suffix))
   where customer_id = current_setting('app.customer_id') and id = credit_note_id and number = credit_note_id;
  if not found then
    raise exception 'there is no credit note % that needs a number', credit_note_id;
  end if;
end $$;

create policy seen_by_issue_number on credit_note for select to portico_owner using (customer_id = nullif(current_setting('app.customer_id', true), ''));
create policy numbered_by_issue_number on credit_note for update to portico_owner
  using (customer_id = nullif(current_setting('app.customer_id', true), '') and number = id)
  with check (customer_id = nullif(current_setting('app.customer_id', true), ''));

-- As before, for both tables.
create or replace function register_number() returns trigger language plpgsql security definer set search_path = portico as $$
begin
  insert into invoice_number (number) values (new.number) on conflict (number) do nothing;
  if exists (select from invoice_number where number = new.number and sequence is not null) then
    raise unique_violation using message = 'the number was issued for another document', table = tg_table_name, column = 'number';
  end if;
  return null;
end $$;
create trigger register_number after insert or update of number on credit_note for each row
  when (new.sequence is null and new.number <> new.id) execute function register_number();

revoke execute on function take_number(text, integer, text, integer, text), issue_credit_note_number(text, text, integer, text, integer, text) from public;
grant execute on function issue_credit_note_number(text, text, integer, text, integer, text) to portico_app;
