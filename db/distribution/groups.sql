-- What a group of shards has in other forms than the distributed database: as in the migrations, since Postgres plans here, and by tables in place of shards that are looked up.

create or replace function is_acted_for() returns boolean language sql stable as $$
  select coalesce(current_setting('app.acting_party', true), '') <> ''
      or exists (select from portal_session s
                  where s.customer_id = nullif(current_setting('app.customer_id', true), '') and s.id = nullif(current_setting('app.session_id', true), '')
                    and s.needs_sign_in)
$$;

-- The same text as on the coordinator, so that an answer has one revision wherever it is made.
create or replace function customer_revision(with_catalog boolean) returns text language sql stable security definer set search_path = portico as $$
  select concat_ws(' ', (select string_agg(cast(s.revision as text), ' ' order by s.name) from shared_revision s where s.name = 'all' or with_catalog),
                   coalesce((select coalesce(cast(c.revision as text), cast(c.seq as text)) from event_counter c
                              where c.owner_id = nullif(current_setting('app.customer_id', true), '')), '0'))
$$;

create or replace view open_document with (security_invoker = true) as
select 'INVOICE' as kind, i.customer_id, i.id as item_id, i.id as invoice_id, cast(null as text) collate "C" as installment_id, cast(null as text) collate "C" as covered_by,
       i.subscription_id, i.currency, i.due_on, i.remaining_minor, i.status, i.written_off_at, i.collection, i.retry_count, i.collect_at, i.promised_on, i.promise_until
  from invoice i
 union all
select 'INSTALLMENT', p.customer_id, p.id, null, p.id, p.invoice_id,
       null, p.currency, p.due_on, p.remaining_minor, p.status, null, 'NONE', 0, null, null, null
  from installment p;
