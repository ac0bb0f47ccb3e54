-- Nothing is billed for a free subscription: no method is in use by it, and no payment is to come.

-- As before, without the payments of nothing.
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
        (select due_on, remaining_minor, currency, 'INSTALLMENT', id
           from installment
          where customer_id = c.id and remaining_minor > 0 and status <> 'PROCESSING' and due_on >= today_in(c.time_zone)
          order by due_on, id limit 1)) coming;

-- As before; a subscription uses a method only if periods to come cost something: the next one, or one after a coupon that ends. The twin of billing.lifecycle.bills.is_free.
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
                                     and r.periods_left is not null and p.unit_minor > 0))) as is_in_use,
       exists (select from payment p
                where p.customer_id = m.customer_id and p.payment_method_id = m.id and p.status in ('PROCESSING', 'REQUIRES_ACTION')) as has_payment_in_flight,
       m.version, m.created_at
  from payment_method m
 where m.deleted_at is null;
