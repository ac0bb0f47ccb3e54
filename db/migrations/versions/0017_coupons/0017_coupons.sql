-- Coupon codes are stored in one form, capitals without spaces around them, so that a code is found whatever the case in which it is typed or was entered.

-- The one form of a code.
create function coupon_code(code text) returns text language sql immutable strict parallel safe
  return upper(regexp_replace(code, '^[\s\u00a0]+|[\s\u00a0]+$', '', 'g'));

-- What the code was before this version, where it was another.
alter table coupon add column former_code text;

-- Of several codes that have the same form, one coupon keeps it: the one that was stored in that form, because customers could redeem that one alone, or else the oldest.
-- The others get a number behind their code and become inactive: a customer could not redeem them before either. Where they run on a subscription they go on.
-- A code of nothing but spaces, or one that is too long in capitals, is treated alike.
do $$
declare
  item record;
  stem text;
  number integer;
begin
  for item in
    select id, code, coupon_code(code) as form
      from (select id, code, row_number() over (partition by coupon_code(code) order by code = coupon_code(code) desc, created_at, id) as place from coupon) c
     where place > 1 or length(coupon_code(code)) not between 1 and 60
     order by id
  loop
    stem := coalesce(nullif(coupon_code(left(item.form, 50)), ''), 'COUPON');
    number := 2;
    while exists (select from coupon where coupon_code(code) = stem || '-' || number) loop
      number := number + 1;
    end loop;
    update coupon set former_code = code, code = stem || '-' || number, is_active = false where id = item.id;
  end loop;
end $$;

update coupon set former_code = code, code = coupon_code(code) where code <> coupon_code(code);

-- Whoever enters a code may write it in any case.
create function store_coupon_code() returns trigger language plpgsql as $$
begin
  new.code := portico.coupon_code(new.code);
  return new;
end $$;
create trigger coupon_code before insert or update of code on coupon for each row execute function store_coupon_code();
alter table coupon add constraint coupon_code_form check (code = coupon_code(code));

-- As before, and the coupon that runs on it: LASTING counts for the next invoice too, ENDING makes room for another. The twin of billing.coupons.running_coupon.
create or replace view portal_subscription with (security_invoker = true) as
select s.id, s.customer_id, s.plan_id, s.price_id, s.currency, s.quantity, s.status, s.suspended_by, s.started_at, s.trial_ends_at, s.period_starts_at, s.period_ends_at,
       s.renews_at, s.renewal_minor, s.pending_kind, s.pending_at, s.pending_plan_id, s.pending_price_id, s.pending_quantity, s.pending_resumes_at,
       s.resumes_at, s.paused_at, s.suspended_at, s.canceled_at, s.cancel_reason, s.cancel_comment, s.payment_method_id,
       exists (select from invoice i join customer c on c.id = i.customer_id
                where i.customer_id = s.customer_id and i.subscription_id = s.id and i.remaining_minor > 0 and i.due_on < today_in(c.time_zone)) as has_overdue,
       s.charging_payment_id is not null as is_charging,
       s.version, s.created_at,
       (select case when r.periods_left = 0 then 'ENDING' else 'LASTING' end
          from coupon_redemption r where r.customer_id = s.customer_id and r.subscription_id = s.id and r.ended_at is null) as running_coupon
  from subscription s;
