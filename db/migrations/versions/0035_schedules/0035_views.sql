-- As before, and three columns: how it is collected, what was canceled of it, and whether a payment of it is in flight.
create or replace view portal_payment_schedule with (security_invoker = true) as
select s.id, s.customer_id, s.name, s.currency, s.subscription_id, s.invoicing, s.status, s.total_minor, s.paid_minor, s.remaining_minor,
       exists (select from installment i join customer c on c.id = i.customer_id
                where i.customer_id = s.customer_id and i.schedule_id = s.id and i.remaining_minor > 0 and i.due_on < today_in(c.time_zone)) as is_overdue,
       s.version, s.created_at, s.refunded_minor,
       (select cast(count(*) as integer) from attachment a
         where a.customer_id = s.customer_id and a.schedule_id = s.id
           and (a.status <> 'PENDING' or a.uploaded_at > operation_now() - interval '1 hour')) as file_count,
       visible_external_id(s.external_id) as external_id, visible_metadata(s.metadata) as metadata,
       s.collection, s.canceled_minor,
       exists (select from installment i where i.customer_id = s.customer_id and i.schedule_id = s.id and i.status = 'PROCESSING') as is_in_payment
  from payment_schedule s;

-- As before. An installment that is charged by itself comes on the day of its charge, with its own id; once that has failed, its invoice is retried.
-- One of which the clock is late with the invoice comes today.
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
                select greatest((greatest(i.collect_at, operation_now()) at time zone c.time_zone)::date,
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

-- As before; an automatic schedule with something left uses the method that its installments are charged to.
create or replace view portal_payment_method with (security_invoker = true) as
select m.id, m.customer_id, m.kind, m.brand, m.last4, m.expires_on, m.is_default,
       coalesce(m.expires_on < (select today_in(c.time_zone) from customer c where c.id = m.customer_id), false) as is_expired,
       exists (select from subscription s
                where s.customer_id = m.customer_id and s.status <> 'CANCELED'
                  and (s.payment_method_id = m.id or (s.payment_method_id is null and m.is_default))
                  and (s.renewal_minor > 0
                       or exists (select from coupon_redemption r
                                    join price p on p.id = coalesce(s.pending_price_id, s.price_id)
                                   where r.customer_id = s.customer_id and r.subscription_id = s.id and r.ended_at is null
                                     and r.periods_left is not null and p.unit_minor > 0)))
         or exists (select from payment_schedule h
                      left join subscription s on s.customer_id = h.customer_id and s.id = h.subscription_id
                     where h.customer_id = m.customer_id and h.collection = 'AUTOMATIC' and h.status = 'ACTIVE'
                       and (s.payment_method_id = m.id or (s.payment_method_id is null and m.is_default))) as is_in_use,
       exists (select from payment p
                where p.customer_id = m.customer_id and p.payment_method_id = m.id and p.status in ('PROCESSING', 'REQUIRES_ACTION')) as has_payment_in_flight,
       m.version, m.created_at,
       visible_external_id(m.external_id) as external_id, visible_metadata(m.metadata) as metadata
  from payment_method m
 where m.deleted_at is null;
