-- What a renewal will cost, at the tax rate of today. A rate is changed by whoever keeps the customers' addresses, outside of the rules of the lifecycle.

-- The twin of billing.lifecycle.bills.renewal_minor: a whole period at the price that is to come, less the coupon if it counts for the next period, with tax.
create function renewal_of(s subscription) returns bigint language sql stable parallel safe
  return (
    select case when p.tax_behavior = 'INCLUSIVE' then net.minor else net.minor + div(2 * cast(net.minor as numeric) * c.tax_rate_ppm + 1000000, 2000000)::bigint end
      from customer c
      join price p on p.id = coalesce(s.pending_price_id, s.price_id)
      left join coupon_redemption r on r.customer_id = s.customer_id and r.subscription_id = s.id and r.ended_at is null and r.periods_left is distinct from 0
      left join coupon k on k.id = r.coupon_id
     cross join lateral (select p.unit_minor * coalesce(s.pending_quantity, s.quantity) as minor) whole
     cross join lateral (
            select whole.minor - case when k.percent_off_ppm is not null then div(2 * cast(whole.minor as numeric) * k.percent_off_ppm + 1000000, 2000000)::bigint
                                      else least(coalesce(k.amount_off_minor, 0), whole.minor) end as minor) net
     where c.id = s.customer_id);

-- Under the customer's lock, as every decision about a subscription. The version stays: a charge that is under way was decided on with it.
create function follow_tax_rate() returns trigger language plpgsql set search_path = portico as $$
begin
  update subscription s set renewal_minor = renewal_of(s) where s.customer_id = new.id and s.status <> 'CANCELED';
  return null;
end $$;
create trigger follow_tax_rate after update of tax_rate_ppm on customer for each row when (old.tax_rate_ppm <> new.tax_rate_ppm) execute function follow_tax_rate();

-- A charge that decides over a subscription brings the amounts of the instant at which it began. By the end of the transaction that settles it, its coupon is written too.
create function settle_renewal() returns trigger language plpgsql set search_path = portico as $$
begin
  update subscription s set renewal_minor = renewal_of(s)
   where s.customer_id = new.customer_id and s.id = new.id and s.status <> 'CANCELED' and s.renewal_minor <> renewal_of(s);
  return null;
end $$;
create constraint trigger settle_renewal after update of charging_payment_id on subscription deferrable initially deferred for each row
  when (old.charging_payment_id is not null and new.charging_payment_id is null) execute function settle_renewal();
