-- Every document with its remainder, of which `owed_item` selects what is owed: an invoice, or an installment, which an invoice may cover. Both parts are plain selections
-- of one table, so that the planner reads pages of all customers in the order of an index of each.
create view open_document with (security_invoker = true) as
select 'INVOICE' as kind, i.customer_id, i.id as item_id, i.id as invoice_id, cast(null as text) collate "C" as installment_id, cast(null as text) collate "C" as covered_by,
       i.subscription_id, i.currency, i.due_on, i.remaining_minor, i.status, i.written_off_at, i.collection, i.retry_count, i.collect_at, i.promised_on, i.promise_until
  from invoice i
 union all
select 'INSTALLMENT', p.customer_id, p.id, null, p.id, p.invoice_id,
       null, p.currency, p.due_on, p.remaining_minor, p.status, null, 'NONE', 0, null, null, null
  from installment p;

-- As before, and what open items show beside it.
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

-- The ageing of what is owed: buckets, and the first day overdue of each. What was written off is in none.
create function ageing_buckets() returns text[] language sql immutable parallel safe
  return array['CURRENT', 'DAYS_1_30', 'DAYS_31_60', 'DAYS_61_90', 'DAYS_OVER_90'];
create function ageing_first_days() returns integer[] language sql immutable parallel safe
  return array[0, 1, 31, 61, 91];
create function ageing_of(days_overdue integer) returns text language sql immutable parallel safe
  return (ageing_buckets())[width_bucket(days_overdue, ageing_first_days())];

-- The first and the last due day that what is in one of these buckets may have, wherever the customer lives. Null for no buckets.
create function ageing_due_from(buckets text[]) returns date language sql stable parallel safe set search_path = portico
  return (select case when max(array_position(ageing_buckets(), b)) = cardinality(ageing_buckets()) then '-infinity'
                      else today_in('UTC') - (ageing_first_days())[max(array_position(ageing_buckets(), b)) + 1] end from unnest(buckets) b);
create function ageing_due_until(buckets text[]) returns date language sql stable parallel safe set search_path = portico
  return (select case when min(array_position(ageing_buckets(), b)) = 1 then 'infinity'
                      else today_in('UTC') + 1 - (ageing_first_days())[min(array_position(ageing_buckets(), b))] end from unnest(buckets) b);
grant execute on function ageing_buckets(), ageing_first_days(), ageing_of(integer), ageing_due_from(text[]), ageing_due_until(text[]) to portico_app;

create view portal_open_item with (security_invoker = true) as
select o.item_id, o.customer_id, o.kind, o.invoice_id, o.installment_id, o.currency, o.due_on, o.remaining_minor, o.overdue_minor, o.days_overdue,
       case when o.written_off_at is null then ageing_of(o.days_overdue) end as ageing,
       o.collection, o.retry_count,
       case when o.status <> 'PROCESSING' and o.collection in ('DUE', 'RETRYING') then greatest(o.collect_at, o.promise_until) end as next_attempt_at,
       case when o.promise_until > (select operation_now()) then o.promised_on end as promised_on,
       o.status = 'PROCESSING' as is_in_payment, o.written_off_at is not null as is_written_off
  from owed_item o;
grant select on open_document, portal_open_item to portico_app;
