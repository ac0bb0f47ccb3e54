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

create or replace view owed_item with (security_invoker = true) as
select d.customer_id, d.kind, d.invoice_id, d.installment_id, d.subscription_id, d.currency, d.due_on, d.remaining_minor,
       case when d.written_off_at is not null then 0
            when d.due_on < t.today_on then d.remaining_minor
            when d.kind = 'INSTALLMENT' then 0
            else least(d.remaining_minor,
                       coalesce((select cast(sum(p.remaining_minor) as bigint) from installment p
                                  where p.customer_id = d.customer_id and p.invoice_id = d.invoice_id and p.remaining_minor > 0 and p.due_on < t.today_on), 0))
       end as overdue_minor,
       d.item_id, case when d.written_off_at is null then greatest(t.today_on - d.due_on, 0) else 0 end as days_overdue,
       d.status, d.written_off_at, d.collection, d.retry_count, d.collect_at, d.promised_on, d.promise_until
  from open_document d
  join customer c on c.id = d.customer_id
 cross join lateral (select today_in(c.time_zone) as today_on offset 0) t
 where d.remaining_minor > 0 and d.covered_by is null and (d.kind = 'INVOICE' or d.due_on <= t.today_on);
