-- Everybody reads the catalog. Staff with the scope, and the command line (SYSTEM), write it; what a price costs is written once.
-- Orders count redemptions of coupons; their other columns are for those who write the catalog.
create function writes_catalog() returns boolean language sql stable
  return case when current_setting('app.actor', true) = 'STAFF' then portico.staff_may('catalog:write') else coalesce(current_setting('app.actor', true) = 'SYSTEM', false) end;
grant execute on function writes_catalog() to portico_app;

do $$
declare
  written text;
begin
  foreach written in array array['plan', 'price', 'retention_offer'] loop
    execute format('alter table %I enable row level security', written);
    execute format('create policy read_by_all on %I for select to portico_app using (true)', written);
    execute format('create policy written_by_merchant on %I for insert to portico_app with check (writes_catalog())', written);
    execute format('create policy changed_by_merchant on %I for update to portico_app using (true) with check (writes_catalog())', written);
  end loop;
end $$;
create policy written_by_merchant on coupon for insert to portico_app with check (writes_catalog());
-- The command line counts the subscriptions that have a coupon.
create policy any_row_for_system on coupon_redemption for select to portico_app using (case when current_setting('app.actor', true) = 'SYSTEM' then true else false end);

create function refuse_other_writers() returns trigger language plpgsql as $$
begin
  if current_user = 'portico_app' and not portico.writes_catalog() then
    raise exception 'only the merchant changes a coupon' using errcode = 'insufficient_privilege';
  end if;
  return new;
end $$;
create trigger refuse_other_writers before update of name, redeem_until_on, max_redemptions, is_active on coupon for each row execute function refuse_other_writers();

grant insert on plan, price, coupon, retention_offer to portico_app;
grant update (name, description, trial_days, is_archived) on plan to portico_app;
grant update (code, former_code, moves_to, is_archived) on price to portico_app;
grant update (name, redeem_until_on, max_redemptions, is_active) on coupon to portico_app;
grant update (rank, kind, headline, plan_id, coupon_id, is_active) on retention_offer to portico_app;

insert into staff_write (relation, scope) values
  ('plan', 'catalog:write'), ('price', 'catalog:write'), ('retention_offer', 'catalog:write'),
  -- Subscriptions move to the present version of a price, with an event and a letter.
  ('subscription', 'catalog:write'), ('subscription_event', 'catalog:write'), ('letter', 'catalog:write')
on conflict do nothing;
call guard_staff_writes('plan');
call guard_staff_writes('price');
call guard_staff_writes('retention_offer');
