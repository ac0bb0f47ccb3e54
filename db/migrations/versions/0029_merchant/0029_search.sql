-- What staff find customers by: a row for each customer, invoice and payment method, with its words in small letters, each after a line feed. Triggers keep it. Under row security
-- no index serves `like`, which is not leakproof, so this table is under none: the application may not read it, and asks `search_customers`.
create table search_entry (
  object_id text collate "C" primary key,
  owner_id  text collate "C" not null references customer (id) on delete cascade,
  words     text collate "C" not null
);
create index search_entry_by_owner on search_entry (owner_id, object_id);
create index search_entry_by_beginning on search_entry (left(words, 100));

-- The parts of three characters that a text has. They are indexed with what every Postgres has, so that no extension is needed.
create function trigrams(value text) returns text[] language sql immutable parallel safe cost 200
  return array(select substr(value, n, 3) from generate_series(1, length(value) - 2) n);

create function search_words(variadic texts text[]) returns text language sql immutable parallel safe
  return E'\n' || lower(array_to_string(texts, E'\n'));

create function note_search_entry() returns trigger language plpgsql security definer set search_path = portico as $$
declare
  entry search_entry;
begin
  if tg_op = 'DELETE' then
    delete from search_entry where object_id = old.id;
    return null;
  end if;
  if tg_table_name = 'customer' then
    entry := row(new.id, new.id, search_words(new.name, new.company_name, new.email, new.external_id));
  elsif tg_table_name = 'invoice' then
    entry := row(new.id, new.customer_id, search_words(new.number));
  elsif new.last4 is not null and new.deleted_at is null then
    entry := row(new.id, new.customer_id, search_words(new.last4));
  else
    delete from search_entry where object_id = new.id;
    return null;
  end if;
  insert into search_entry select (entry).*
      on conflict (object_id) do update set words = excluded.words where search_entry.words <> excluded.words;
  return null;
end $$;

create trigger note_search_entry after insert or update of name, company_name, email, external_id on customer for each row execute function note_search_entry();
-- The number of an invoice is its id until the transaction ends.
create trigger note_search_entry after update of number on invoice for each row execute function note_search_entry();
create trigger note_new_search_entry after insert on invoice for each row when (new.number <> new.id) execute function note_search_entry();
create trigger note_search_entry after insert or update of last4, deleted_at on payment_method for each row execute function note_search_entry();
create trigger drop_search_entry after delete on invoice for each row execute function note_search_entry();
create trigger drop_search_entry after delete on payment_method for each row execute function note_search_entry();

-- The ids of customers with a word that has the text anywhere, or begins with it where it has one or two characters; for staff. Of more than 500 matching entries the newest
-- customers'. A text that is rare among the newest entries is looked up by its trigrams; a frequent one is met soon on the way back from the newest.
create function search_customers(search text) returns setof text language plpgsql stable security definer rows 50
  set search_path = portico set plan_cache_mode = force_custom_plan as $$
declare
  part constant text collate "C" := case when length(search) < 3 then E'\n' else '' end || lower(search);
  pattern constant text collate "C" := '%' || replace(replace(replace(part, '\', '\\'), '%', '\%'), '_', '\_') || '%';
begin
  if current_setting('app.actor', true) is distinct from 'STAFF' then
    return;
  elsif length(part) < 3 then
    return query select distinct e.owner_id
      from (select owner_id from search_entry where left(words, 100) >= part and left(words, 100) < part || chr(1114111) limit 500) e;
  elsif (select count(*) from (select words from search_entry order by owner_id desc limit 4000) newest where words like pattern) >= 40 then
    return query select distinct e.owner_id
      from (select owner_id from search_entry where words like pattern order by owner_id desc limit 500) e;
  else
    return query select distinct e.owner_id
      from (select owner_id from search_entry where trigrams(words) @> trigrams(part) and words like pattern order by owner_id desc limit 500) e;
  end if;
end $$;
revoke all on function search_customers(text) from public;
grant execute on function search_customers(text) to portico_app;
