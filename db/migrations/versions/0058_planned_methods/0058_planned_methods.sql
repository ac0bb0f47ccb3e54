-- As before, and the default is in use while the clock is to charge an invoice of staff to it, too.
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
                       and (s.payment_method_id = m.id or (s.payment_method_id is null and m.is_default)))
         or (m.is_default and exists (select from invoice i
                                       where i.customer_id = m.customer_id and i.is_automatic and i.collect_at is not null and i.remaining_minor > 0
                                         and i.status in ('OPEN', 'PARTIALLY_PAID') and i.collection in ('DUE', 'RETRYING'))) as is_in_use,
       exists (select from payment p
                where p.customer_id = m.customer_id and p.payment_method_id = m.id and p.status in ('PROCESSING', 'REQUIRES_ACTION')) as has_payment_in_flight,
       m.version, m.created_at,
       visible_external_id(m.external_id) as external_id, visible_metadata(m.metadata) as metadata
  from payment_method m
 where m.deleted_at is null;
