-- As before. The clock charges nothing before a promise has passed; and seven columns: the due day that the document prints, the promise, and on what staff's actions depend.
-- `awaited_on`: the promised day, while the promise is open. `is_retryable`: the clock charges it, and something of it is due, or its tries have begun. `is_awaited`: something remains that is
-- not written off.
create or replace view portal_invoice with (security_invoker = true) as
select i.id, i.customer_id, i.number, i.reason, i.status, i.currency, i.subscription_id, i.schedule_id, i.issued_at, i.due_on, i.period_starts_at, i.period_ends_at,
       i.subtotal_minor, i.discount_minor, i.tax_minor, i.total_minor, i.paid_minor, i.credited_minor, i.remaining_minor, i.paid_at,
       i.remaining_minor > 0 and i.written_off_at is null and i.due_on < (select today_in(c.time_zone) from customer c where c.id = i.customer_id) as is_overdue,
       case when i.remaining_minor > 0 and i.written_off_at is null
            then greatest((select today_in(c.time_zone) from customer c where c.id = i.customer_id) - i.due_on, 0) else 0 end as days_overdue,
       i.version,
       case when i.remaining_minor > 0 then i.collection else 'NONE' end as collection,
       case when i.remaining_minor > 0 then i.retry_count else 0 end as retry_count,
       case when i.remaining_minor > 0 and i.status <> 'PROCESSING' and i.collection in ('DUE', 'RETRYING') then greatest(i.collect_at, i.promise_until) end as next_attempt_at,
       case when i.remaining_minor > 0 and i.status <> 'PROCESSING' and i.collection in ('DUE', 'RETRYING')
            then (select (greatest(i.collect_at, i.promise_until) at time zone c.time_zone)::date from customer c where c.id = i.customer_id) end as next_attempt_on,
       i.refunded_minor,
       i.status = 'PROCESSING'
         or i.status in ('OPEN', 'PARTIALLY_PAID') and exists (select from subscription s
             where s.customer_id = i.customer_id and s.id = i.subscription_id and s.charging_payment_id is not null) as is_in_payment,
       (select cast(count(*) as integer) from attachment a
         where a.customer_id = i.customer_id and a.invoice_id = i.id
           and (a.status <> 'PENDING' or a.uploaded_at > operation_now() - interval '1 hour')) as file_count,
       visible_external_id(i.external_id) as external_id, visible_metadata(i.metadata) as metadata,
       i.memo,
       case when i.is_automatic or (i.subscription_id is not null and i.schedule_id is null) then 'AUTOMATIC' else 'MANUAL' end as collection_method,
       case when current_setting('app.actor', true) in ('STAFF', 'SYSTEM') then i.written_off_at end as written_off_at,
       i.status = 'OPEN' and i.paid_minor = 0 and i.credited_minor = 0 and i.refunded_minor = 0 and i.noted_minor = 0 and not is_scheduled as is_voidable,
       i.remaining_minor > 0 and i.written_off_at is null and not is_scheduled as is_expected,
       case when i.status = 'VOID' then 0 else i.total_minor - i.noted_minor end as creditable_minor,
       exists (select from refund_request q where q.customer_id = i.customer_id and q.invoice_id = i.id and q.settled_at is null) as is_being_credited,
       i.issued_due_on,
       case when promise.state is not null then i.promised_on end as promised_on,
       case when promise.state is not null and current_setting('app.actor', true) in ('STAFF', 'SYSTEM') then i.promise_note end as promise_note,
       promise.state as promise_state,
       case when promise.state = 'OPEN' then i.promised_on end as awaited_on,
       i.remaining_minor > 0 and i.written_off_at is null
         and (i.is_automatic or i.collection <> 'NONE' or (i.subscription_id is not null and i.schedule_id is null) or schedule.is_automatic)
         and case when schedule.is_automatic
                  then exists (select from installment p join customer c on c.id = p.customer_id
                                where p.customer_id = i.customer_id and p.invoice_id = i.id and p.remaining_minor > 0
                                  and p.due_on <= (operation_now() at time zone c.time_zone - interval '9 hours')::date)
                  else i.collection in ('RETRYING', 'WAITING_FOR_METHOD', 'GIVEN_UP') or i.collect_at <= operation_now()
                    or i.due_on <= (select today_in(c.time_zone) from customer c where c.id = i.customer_id) end as is_retryable,
       i.remaining_minor > 0 and i.written_off_at is null as is_awaited
  from invoice i
 cross join lateral (
        select i.schedule_id is not null or exists (select from installment p where p.customer_id = i.customer_id and p.invoice_id = i.id) as is_scheduled,
               exists (select from payment_schedule h where h.customer_id = i.customer_id and h.id = i.schedule_id and h.collection = 'AUTOMATIC') as is_automatic) schedule
 cross join lateral (
        select case when i.promised_on is null or i.status in ('VOID', 'REFUNDED') then null
                    when i.remaining_minor = 0 then 'FULFILLED'
                    when i.promise_until > operation_now() then 'OPEN'
                    else 'BROKEN' end as state) promise;

-- As before, but no retry before a promise has passed.
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
        select charge.charged_on, coalesce(parts.due_minor, i.remaining_minor), i.currency,
               case when parts.first_id is null or i.retry_count > 0 then 'RETRY' else 'INSTALLMENT' end,
               case when parts.first_id is null or i.retry_count > 0 then i.id else parts.first_id end
          from invoice i
          left join payment_schedule h on h.customer_id = i.customer_id and h.id = i.schedule_id and h.collection = 'AUTOMATIC'
         cross join lateral (
                select greatest((greatest(i.collect_at, i.promise_until, operation_now()) at time zone c.time_zone)::date,
                                (select min(o.due_on) from installment o
                                  where o.customer_id = h.customer_id and o.schedule_id = h.id and o.invoice_id = i.id and o.remaining_minor > 0)) as charged_on) charge
         cross join lateral (
                select cast(least(sum(p.remaining_minor), i.remaining_minor) as bigint) as due_minor, min(p.id) filter (where p.place = 1) as first_id
                  from (select o.id, o.remaining_minor, row_number() over (order by o.due_on, o.id) as place
                          from installment o
                         where o.customer_id = h.customer_id and o.schedule_id = h.id and o.invoice_id = i.id and o.remaining_minor > 0
                           and o.due_on <= charge.charged_on) p) parts
         where i.customer_id = c.id and i.collect_at is not null and i.remaining_minor > 0 and i.status in ('OPEN', 'PARTIALLY_PAID') and i.collection in ('DUE', 'RETRYING')
         union all
        (select greatest(p.due_on, today_in(c.time_zone)), p.remaining_minor, p.currency, 'INSTALLMENT', p.id
           from installment p
           join payment_schedule h on h.customer_id = p.customer_id and h.id = p.schedule_id and h.collection = 'AUTOMATIC'
          where p.customer_id = c.id and p.invoice_at is not null and p.remaining_minor > 0 and p.due_on < today_in(c.time_zone)
          order by p.due_on, p.id limit 1)
         union all
        (select due_on, remaining_minor, currency, 'INSTALLMENT', id
           from portal_installment p
          where customer_id = c.id and remaining_minor > 0 and status <> 'PROCESSING' and due_on >= today_in(c.time_zone)
            and (invoice_status is null or invoice_status in ('OPEN', 'PARTIALLY_PAID'))
            and not exists (select from invoice i join payment_schedule h on h.customer_id = i.customer_id and h.id = i.schedule_id
                             where i.customer_id = p.customer_id and i.id = p.invoice_id and h.collection = 'AUTOMATIC' and i.collect_at is not null
                               and i.collection in ('DUE', 'RETRYING'))
          order by due_on, id limit 1)) coming;
