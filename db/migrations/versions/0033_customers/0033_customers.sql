-- `shares_email`: the e-mail address signs in to another customer or to none, so this one is entered by portal links only. An address that does not share has one customer.
-- `closed_at`: since when the customer cannot sign in.
alter table customer
  add column shares_email boolean not null default false,
  add column closed_at timestamptz;

-- `closed_at` is that of the customer, whose row cannot be read before the password was checked.
-- `is_email_proved`: a letter to the address was used by who has the account; false after staff have changed the address.
alter table credential
  add column closed_at timestamptz,
  add column is_email_proved boolean not null default true;

-- Customers who have one address already: it signs in to the one with a credential for it, and to none where nobody has one, as before.
alter table customer no force row level security;
alter table credential no force row level security;
update customer c
   set shares_email = true
 where exists (select from customer o where o.email_key = c.email_key and o.id <> c.id)
   and not exists (select from credential k where k.customer_id = c.id and k.email = c.email_key);
alter table customer force row level security;
alter table credential force row level security;

-- A credential of a closed customer is like none, for the program of the version before too.
drop policy by_email on credential;
create policy by_email on credential for select to portico_app using (email = nullif(current_setting('app.email', true), '') and closed_at is null);

-- As before, and a token of a closed customer names none. Tokens of other issuers have no session that could end.
create or replace function assert_customer() returns void language plpgsql stable as $$
begin
  if not exists (select from customer where id = current_setting('app.customer_id', true) and closed_at is null) then
    raise exception 'the token names no customer' using errcode = 'PO402';
  end if;
end $$;

alter table portal_session drop constraint portal_session_end_reason_check;
alter table portal_session add constraint portal_session_end_reason_check
  check (end_reason in ('SIGNED_OUT', 'REUSED_TOKEN', 'PASSWORD_CHANGED', 'SIGNED_IN', 'ACCOUNT_CLOSED')) not valid;

-- An invitation sets the first password, as a letter that was asked for does, and is valid for longer.
alter table identity_link drop constraint identity_link_kind_check;
alter table identity_link add constraint identity_link_kind_check check (kind in ('PORTAL', 'EMAIL', 'PASSWORD', 'INVITATION')) not valid;
alter table identity_link drop constraint identity_link_email;
alter table identity_link add constraint identity_link_email check (
  case kind when 'EMAIL' then email is not null when 'PASSWORD' then true when 'INVITATION' then email is not null
            else (email is not null) = (delivery is not distinct from 'MAIL') end) not valid;

create or replace view portal_customer with (security_invoker = true) as
select id, id as customer_id, name, email, locale, time_zone, currency, version, created_at,
       company_name, address_line1, address_line2, address_city, address_region, address_postal_code, address_country, tax_ids, tax_exemption,
       visible_external_id(external_id) as external_id, visible_metadata(metadata) as metadata, tax_rate_ppm, tax_name,
       closed_at, shares_email and current_setting('app.actor', true) in ('STAFF', 'SYSTEM') as shares_email
  from customer;

-- What the merchant decides about a customer, no customer changes, whatever statement a program would send.
create function guard_merchant_columns() returns trigger language plpgsql as $$
begin
  if current_user = 'portico_app' and coalesce(current_setting('app.actor', true), '') not in ('STAFF', 'SYSTEM')
     and (new.currency, new.tax_rate_ppm, new.tax_exemption, new.tax_name, new.external_id, new.metadata, new.closed_at)
         is distinct from (old.currency, old.tax_rate_ppm, old.tax_exemption, old.tax_name, old.external_id, old.metadata, old.closed_at) then
    raise exception 'only the merchant changes this of a customer' using errcode = 'insufficient_privilege';
  end if;
  return new;
end $$;
create trigger guard_merchant_columns before update of currency, tax_rate_ppm, tax_exemption, tax_name, external_id, metadata, closed_at on customer
  for each row execute function guard_merchant_columns();

create policy created_by_staff on customer for insert to portico_app
  with check (case when current_setting('app.actor', true) = 'STAFF' then staff_may('customers:write') else false end);
create policy saved_by_staff on customer for update to portico_app
  using (case when current_setting('app.actor', true) = 'STAFF' then staff_may('customers:write') else false end);

-- A change of address moves the credential, ends sessions and writes a letter; a change of the tax rate changes what renewals cost; closing ends subscriptions as the
-- customer could have, and with them the charge that decides about one, the coupon of an order and its record of the plan.
insert into staff_write (relation, scope)
select relation, 'customers:write'
  from unnest(array['credential', 'portal_session', 'partner_grant', 'subscription', 'subscription_event', 'coupon', 'coupon_redemption', 'taken_plan', 'charge']) relation;

grant insert (id, name, email, locale, time_zone, currency, tax_rate_ppm, tax_exemption, tax_name, company_name, address_line1, address_line2, address_city,
              address_region, address_postal_code, address_country, tax_ids, external_id, metadata, shares_email, created_at) on customer to portico_app;
grant update (currency, tax_rate_ppm, tax_exemption, tax_name, company_name, address_line1, address_line2, address_city, address_region, address_postal_code,
              address_country, tax_ids, shares_email, closed_at) on customer to portico_app;
grant update (closed_at, is_email_proved), delete on credential to portico_app;
