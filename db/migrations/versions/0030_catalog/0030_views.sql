-- New columns stand at the end of a view.
create or replace view portal_price with (security_invoker = true) as
select id, plan_id, currency, unit_minor, billing_interval, interval_count, tax_behavior, is_archived, code, former_code
  from price;

create or replace view portal_coupon with (security_invoker = true) as
select id, code, name, percent_off_ppm, amount_off_minor, currency, duration, duration_periods, redeem_until_on, max_redemptions, redeemed_count, not is_active as is_archived
  from coupon;

create view portal_catalog_cancellation_option with (security_invoker = true) as
select id, code, rank, kind, headline, plan_id, coupon_id, not is_active as is_archived
  from retention_offer;
grant select on portal_catalog_cancellation_option to portico_app;

-- As before, and what is pending: PRICE where the merchant moves it to another price, which the customer cannot withdraw.
create or replace view portal_subscription with (security_invoker = true) as
select s.id, s.customer_id, s.plan_id, s.price_id, s.currency, s.quantity, s.status, s.suspended_by, s.started_at, s.trial_ends_at, s.period_starts_at, s.period_ends_at,
       s.renews_at, s.renewal_minor, s.pending_kind, s.pending_at, s.pending_plan_id, s.pending_price_id, s.pending_quantity, s.pending_resumes_at,
       case when s.status = 'PAUSED' then s.resumes_at end as resumes_at, s.paused_at, s.suspended_at, s.canceled_at, s.cancel_reason, s.cancel_comment, s.payment_method_id,
       exists (select from owed_item o where o.customer_id = s.customer_id and o.subscription_id = s.id and o.overdue_minor > 0) as has_overdue,
       s.charging_payment_id is not null as is_charging,
       s.version, s.created_at,
       (select case when r.periods_left = 0 then 'ENDING' else 'LASTING' end
          from coupon_redemption r where r.customer_id = s.customer_id and r.subscription_id = s.id and r.ended_at is null) as running_coupon,
       visible_external_id(s.external_id) as external_id, visible_metadata(s.metadata) as metadata,
       case when s.pending_kind = 'PLAN' and s.pending_quantity = s.quantity
                 and exists (select from price p where p.id = s.price_id and p.moves_to = s.pending_price_id) then 'PRICE' else s.pending_kind end as pending_state
  from subscription s;
