-- Row security is the second lock behind `customer_id = :customer_id` in every block: the application role sees the rows of the customer whom the
-- unit of work named, staff may read all, and who named nobody sees nothing. Forced, so that not even the owner slips past.
-- (Postgres tries policies in reverse order of their names: own_rows first, which is what nearly every request needs.)
-- (Written as a case, because Postgres would multiply the selectivity of a plain comparison with that of the block's own, expect one row of a customer who has
-- thousands, and sort them all where an index gives the first ones in order.)
do $$
declare
  item record;
begin
  for item in
    select c.relname as name, case c.relname when 'customer' then 'id' else 'customer_id' end as key
      from pg_class c join pg_namespace n on n.oid = c.relnamespace
     where n.nspname = 'portico' and c.relkind = 'r'
       and (c.relname = 'customer' or exists (select from pg_attribute a where a.attrelid = c.oid and a.attname = 'customer_id'))
  loop
    execute format('alter table %I enable row level security', item.name);
    execute format('alter table %I force row level security', item.name);
    execute format($p$create policy own_rows on %I to portico_app
                      using (case when %I = nullif(current_setting('app.customer_id', true), '') then true else false end)
                      with check (%I = nullif(current_setting('app.customer_id', true), ''))$p$, item.name, item.key, item.key);
    if item.name not in ('credential', 'idempotency_key') then
      execute format($p$create policy any_row_for_staff on %I for select to portico_app using (case when current_setting('app.actor', true) = 'STAFF' then true else false end)$p$, item.name);
    end if;
  end loop;
end $$;

-- Each later migration grants what its mutations need, and no more.
grant usage on schema portico to portico_app;
grant select on all tables in schema portico to portico_app;
