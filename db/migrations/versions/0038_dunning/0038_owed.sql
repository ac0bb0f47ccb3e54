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

-- The ageing of what is owed: the first and the last day overdue of each bucket. What was written off is in none.
create view ageing_bucket as
select bucket, first_day, last_day
  from (values ('CURRENT', 0, 0), ('DAYS_1_30', 1, 30), ('DAYS_31_60', 31, 60), ('DAYS_61_90', 61, 90), ('DAYS_OVER_90', 91, null)) buckets (bucket, first_day, last_day);

-- The first and the last due day that what is in one of these buckets may have, wherever the customer lives.
create function ageing_due_from(buckets text[]) returns date language sql stable set search_path = portico
  return (select case when bool_or(b.last_day is null) then '-infinity' else today_in('UTC') - 1 - max(b.last_day) end from ageing_bucket b where b.bucket = any(buckets));
create function ageing_due_until(buckets text[]) returns date language sql stable set search_path = portico
  return (select case when min(b.first_day) = 0 then 'infinity' else today_in('UTC') + 1 - min(b.first_day) end from ageing_bucket b where b.bucket = any(buckets));
grant execute on function ageing_due_from(text[]), ageing_due_until(text[]) to portico_app;

create view portal_open_item with (security_invoker = true) as
select o.item_id, o.customer_id, o.kind, o.invoice_id, o.installment_id, o.currency, o.due_on, o.remaining_minor, o.overdue_minor, o.days_overdue,
       case when o.written_off_at is null
            then (select b.bucket from ageing_bucket b where o.days_overdue >= b.first_day and (b.last_day is null or o.days_overdue <= b.last_day)) end as ageing,
       o.collection, o.retry_count,
       case when o.status <> 'PROCESSING' and o.collection in ('DUE', 'RETRYING') then greatest(o.collect_at, o.promise_until) end as next_attempt_at,
       case when o.promise_until > operation_now() then o.promised_on end as promised_on,
       o.status = 'PROCESSING' as is_in_payment, o.written_off_at is not null as is_written_off
  from owed_item o;
grant select on open_document, ageing_bucket, portal_open_item to portico_app;
