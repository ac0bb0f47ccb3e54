-- How an unpaid invoice is collected: the state machine of billing/dunning.py.

-- `collect_at` is when the clock looks at it next. `failed_attempts` counts all of the clock's failed tries; the other columns are about those since another method came,
-- so that they can be compared with the days of the policy: how many, the customer's days of the first and the last, and the method that failed last, if there was one.
alter table invoice
  add column collection text not null default 'NONE' check (collection in ('NONE', 'DUE', 'RETRYING', 'WAITING_FOR_METHOD', 'GIVEN_UP')),
  add column retry_count integer not null default 0 check (retry_count >= 0),
  add column retry_began_on date,
  add column retry_last_on date,
  add column retry_method_id text collate "C",
  add foreign key (customer_id, retry_method_id) references payment_method (customer_id, id),
  add check ((retry_count = 0) = (retry_began_on is null) and (retry_count = 0) = (retry_last_on is null));

-- What was under way goes on where it was. What an earlier version left without a date, because there was no method, is charged when there is another one; the clock
-- does not begin to count failed tries of it, which would hold subscriptions for invoices of long ago.
-- Row security is forced on the owner too, so it is set aside meanwhile.
alter table customer no force row level security;
alter table invoice no force row level security;
alter table payment no force row level security;
alter table payment_allocation no force row level security;
alter table charge no force row level security;

update invoice i
   set collection = case when i.collect_at is not null or i.status = 'PROCESSING' then case when i.failed_attempts > 0 then 'RETRYING' else 'DUE' end
                         when i.failed_attempts > 0 then 'GIVEN_UP'
                         else 'WAITING_FOR_METHOD' end
 where i.subscription_id is not null and i.remaining_minor > 0 and i.status in ('OPEN', 'PARTIALLY_PAID', 'PROCESSING');
update invoice i
   set retry_count = f.count, retry_began_on = f.first_on, retry_last_on = f.last_on, retry_method_id = f.method_id
  from (select a.customer_id, a.invoice_id, count(*) as count, min((p.created_at at time zone c.time_zone)::date) as first_on,
               max((p.created_at at time zone c.time_zone)::date) as last_on, (array_agg(p.payment_method_id order by p.created_at desc, p.id desc))[1] as method_id
          from payment_allocation a
          join payment p on p.customer_id = a.customer_id and p.id = a.payment_id
          join charge h on h.customer_id = p.customer_id and h.payment_id = p.id and h.mutation is null
          join customer c on c.id = a.customer_id
         where p.status = 'FAILED' and p.decline_code not in ('processor_unavailable', 'never_arrived')
         group by a.customer_id, a.invoice_id) f
 where i.collection in ('RETRYING', 'GIVEN_UP') and f.customer_id = i.customer_id and f.invoice_id = i.id;

alter table customer force row level security;
alter table invoice force row level security;
alter table payment force row level security;
alter table payment_allocation force row level security;
alter table charge force row level security;

-- Of what is to be collected at the same instant, a customer's oldest debt comes first.
drop index invoice_collecting;
create index invoice_collecting on invoice (collect_at, customer_id, due_on, id)
  where collect_at is not null and remaining_minor > 0 and status in ('OPEN', 'PARTIALLY_PAID');
create index subscription_held_by_dunning on subscription (customer_id, id) where 'DUNNING' = any(holds);

-- As before, and how it is collected. While a payment decides, no other is tried.
create or replace view portal_invoice with (security_invoker = true) as
select i.id, i.customer_id, i.number, i.reason, i.status, i.currency, i.subscription_id, i.schedule_id, i.issued_at, i.due_on, i.period_starts_at, i.period_ends_at,
       i.subtotal_minor, i.discount_minor, i.tax_minor, i.total_minor, i.paid_minor, i.credited_minor, i.remaining_minor, i.paid_at,
       i.remaining_minor > 0 and i.due_on < (select today_in(c.time_zone) from customer c where c.id = i.customer_id) as is_overdue,
       case when i.remaining_minor > 0 then greatest((select today_in(c.time_zone) from customer c where c.id = i.customer_id) - i.due_on, 0) else 0 end as days_overdue,
       i.version,
       case when i.remaining_minor > 0 then i.collection else 'NONE' end as collection,
       case when i.remaining_minor > 0 then i.retry_count else 0 end as retry_count,
       case when i.remaining_minor > 0 and i.status <> 'PROCESSING' and i.collection in ('DUE', 'RETRYING') then i.collect_at end as next_attempt_at,
       case when i.remaining_minor > 0 and i.status <> 'PROCESSING' and i.collection in ('DUE', 'RETRYING')
            then (select (i.collect_at at time zone c.time_zone)::date from customer c where c.id = i.customer_id) end as next_attempt_on
  from invoice i;

-- As before, and the invoices that are charged by themselves: what is late already is charged today.
create index invoice_coming on invoice (customer_id, collect_at, id)
  where collect_at is not null and remaining_minor > 0 and status in ('OPEN', 'PARTIALLY_PAID');
create or replace view portal_upcoming_payment with (security_invoker = true) as
select c.id as customer_id, coming.due_on, coming.amount_minor, coming.currency, coming.kind, coming.source_id
  from customer c
 cross join lateral (
        (select (renews_at at time zone c.time_zone)::date as due_on, renewal_minor as amount_minor, currency, 'RENEWAL' as kind, id as source_id
           from subscription
          where customer_id = c.id and renewal_minor > 0 and renews_at >= operation_now()
            and renews_at < (select min(n.renews_at) + interval '27 hours' from subscription n
                              where n.customer_id = c.id and n.renewal_minor > 0 and n.renews_at >= operation_now())
          order by 1, id limit 1)
         union all
        select (resumes_at at time zone c.time_zone)::date, renewal_minor, currency, 'RESUME', id
          from subscription
         where customer_id = c.id and renewal_minor > 0 and resumes_at >= operation_now()
         union all
        select (greatest(collect_at, operation_now()) at time zone c.time_zone)::date, remaining_minor, currency, 'RETRY', id
          from invoice
         where customer_id = c.id and collect_at is not null and remaining_minor > 0 and status in ('OPEN', 'PARTIALLY_PAID') and collection in ('DUE', 'RETRYING')
         union all
        (select due_on, remaining_minor, currency, 'INSTALLMENT', id
           from installment
          where customer_id = c.id and remaining_minor > 0 and status <> 'PROCESSING' and due_on >= today_in(c.time_zone)
          order by due_on, id limit 1)) coming;

grant insert (collection) on invoice to portico_app;
grant update (collection, retry_count, retry_began_on, retry_last_on, retry_method_id) on invoice to portico_app;
