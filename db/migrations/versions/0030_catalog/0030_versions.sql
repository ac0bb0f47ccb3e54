-- The price to which subscriptions to this one move when their next period begins. It is always the present version, which moves nowhere itself.
alter table price add column moves_to text collate "C", add constraint price_moves_to foreign key (moves_to, currency) references price (id, currency),
  add check (moves_to is null or code is null);

-- As before, at the price to which the merchant moves the subscription, once its first period or trial has begun.
create or replace function renewal_of(s subscription) returns bigint language sql stable parallel safe
  return (
    select case when p.tax_behavior = 'INCLUSIVE' then net.minor else net.minor + div(2 * cast(net.minor as numeric) * c.tax_rate_ppm + 1000000, 2000000)::bigint end
      from customer c
      join price ordered on ordered.id = coalesce(s.pending_price_id, s.price_id)
      join price p on p.id = case when s.period_starts_at is null then ordered.id else coalesce(ordered.moves_to, ordered.id) end
      left join coupon_redemption r on r.customer_id = s.customer_id and r.subscription_id = s.id and r.ended_at is null and r.periods_left is distinct from 0
      left join coupon k on k.id = r.coupon_id
     cross join lateral (select p.unit_minor * coalesce(s.pending_quantity, s.quantity) as minor) whole
     cross join lateral (
            select whole.minor - case when k.percent_off_ppm is not null then div(2 * cast(whole.minor as numeric) * k.percent_off_ppm + 1000000, 2000000)::bigint
                                      else least(coalesce(k.amount_off_minor, 0), whole.minor) end as minor) net
     where c.id = s.customer_id);
