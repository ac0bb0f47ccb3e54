-- Views with the rows and columns of before, whose statements have fewer parts: Postgres prepares all parts, also those that it does not run.

-- The status of the invoice without the view of invoices, of which nothing else is needed here.
create or replace view portal_installment with (security_invoker = true) as
select i.id, i.customer_id, i.schedule_id, i.invoice_id, i.currency, i.position, i.name, i.due_on, i.amount_minor, i.paid_minor, i.remaining_minor, i.status,
       i.remaining_minor > 0 and i.due_on < (select today_in(c.time_zone) from customer c where c.id = i.customer_id) as is_overdue,
       case when i.remaining_minor > 0 then greatest((select today_in(c.time_zone) from customer c where c.id = i.customer_id) - i.due_on, 0) else 0 end as days_overdue,
       i.version, i.refunded_minor,
       (select case when v.status in ('OPEN', 'PARTIALLY_PAID')
                         and exists (select from subscription s where s.customer_id = v.customer_id and s.id = v.subscription_id and s.charging_payment_id is not null)
                    then 'PROCESSING' else v.status end
          from invoice v where v.customer_id = i.customer_id and v.id = i.invoice_id) as invoice_status,
       (select v.remaining_minor from invoice v where v.customer_id = i.customer_id and v.id = i.invoice_id) as invoice_remaining_minor,
       visible_external_id(i.external_id) as external_id, visible_metadata(i.metadata) as metadata
  from installment i;

-- An index of each table gives its first currency after the one before.
create or replace view portal_known_currency with (security_invoker = true) as
select c.id as customer_id, k.currency
  from customer c
 cross join lateral (
        with recursive known(currency) as (
            select ''
             union all
            select (select held.currency
                      from (select customer_id, currency from invoice
                             union all select customer_id, currency from payment
                             union all select customer_id, currency from subscription
                             union all select customer_id, currency from payment_schedule
                             union all select customer_id, currency from balance_entry) held
                     where held.customer_id = c.id and held.currency > known.currency
                     order by held.currency limit 1)
              from known
             where known.currency is not null)
        select currency from known where currency <> '') k;

-- The installments of a charge are read once, for its day, its amount and the first of them; and the invoice of an installment to come once, for all conditions.
create or replace view portal_upcoming_payment with (security_invoker = true) as
select c.id as customer_id, coming.due_on, coming.amount_minor, coming.currency, coming.kind, coming.source_id
  from customer c
 cross join lateral (
        (select (greatest(renews_at, operation_now()) at time zone c.time_zone)::date as due_on, renewal_minor as amount_minor, currency, 'RENEWAL' as kind, id as source_id
           from subscription
          where customer_id = c.id and renewal_minor > 0 and renews_at is not null
            and renews_at < (select greatest(min(n.renews_at), operation_now()) + interval '27 hours' from subscription n
                              where n.customer_id = c.id and n.renewal_minor > 0 and n.renews_at is not null)
          order by 1, id limit 1)
         union all
        select (greatest(s.resumes_at, operation_now(), case when paid.is_running then s.period_ends_at end) at time zone c.time_zone)::date, s.renewal_minor, s.currency,
               case when paid.is_running then 'RENEWAL' else 'RESUME' end, s.id
          from subscription s
         cross join lateral (select coalesce(s.period_ends_at > greatest(s.resumes_at, operation_now()), false) as is_running) paid
         where s.customer_id = c.id and s.renewal_minor > 0 and s.resumes_at is not null and s.status = 'PAUSED'
         union all
        select coalesce(parts.charged_on, charge.earliest_on), coalesce(least(parts.due_minor, i.remaining_minor), i.remaining_minor), i.currency,
               case when parts.first_id is null or i.retry_count > 0 then 'RETRY' else 'INSTALLMENT' end,
               case when parts.first_id is null or i.retry_count > 0 then i.id else parts.first_id end
          from invoice i
         cross join lateral (select (greatest(i.collect_at, i.promise_until, operation_now()) at time zone c.time_zone)::date as earliest_on) charge
         cross join lateral (
                select max(o.charged_on) as charged_on, cast(sum(o.remaining_minor) filter (where o.due_on <= o.charged_on) as bigint) as due_minor,
                       (array_agg(o.id order by o.due_on, o.id))[1] as first_id
                  from (select p.id, p.due_on, p.remaining_minor, greatest(charge.earliest_on, min(p.due_on) over ()) as charged_on
                          from installment p
                          join payment_schedule h on h.customer_id = p.customer_id and h.id = p.schedule_id and h.collection = 'AUTOMATIC'
                         where p.customer_id = i.customer_id and p.schedule_id = i.schedule_id and p.invoice_id = i.id and p.remaining_minor > 0) o) parts
         where i.customer_id = c.id and i.collect_at is not null and i.remaining_minor > 0 and i.status in ('OPEN', 'PARTIALLY_PAID') and i.collection in ('DUE', 'RETRYING')
         union all
        (select greatest(p.due_on, today_in(c.time_zone)), p.remaining_minor, p.currency, 'INSTALLMENT', p.id
           from installment p
           join payment_schedule h on h.customer_id = p.customer_id and h.id = p.schedule_id and h.collection = 'AUTOMATIC'
          where p.customer_id = c.id and p.invoice_at is not null and p.remaining_minor > 0 and p.due_on < today_in(c.time_zone)
          order by p.due_on, p.id limit 1)
         union all
        (select p.due_on, p.remaining_minor, p.currency, 'INSTALLMENT', p.id
           from installment p
           left join invoice i on i.customer_id = p.customer_id and i.id = p.invoice_id
          where p.customer_id = c.id and p.remaining_minor > 0 and p.status <> 'PROCESSING' and p.due_on >= today_in(c.time_zone)
            and (i.id is null
                 or i.status in ('OPEN', 'PARTIALLY_PAID')
                    and not exists (select from subscription s where s.customer_id = i.customer_id and s.id = i.subscription_id and s.charging_payment_id is not null)
                    and not (i.collect_at is not null and i.collection in ('DUE', 'RETRYING')
                             and exists (select from payment_schedule h where h.customer_id = i.customer_id and h.id = i.schedule_id and h.collection = 'AUTOMATIC')))
          order by p.due_on, p.id limit 1)) coming;
