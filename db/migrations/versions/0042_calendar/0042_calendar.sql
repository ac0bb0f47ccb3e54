-- The secret URL of a customer's calendar: the hash finds the row, and the sealed secret is shown to the customer again. At most one for a customer; a revoked one is deleted.
create table calendar_link (
  customer_id  text collate "C" primary key references customer (id),
  secret_hash  text collate "C" not null check (length(secret_hash) = 64),
  sealed       text not null,
  created_at   timestamptz not null,
  last_used_at timestamptz
);
create unique index calendar_link_by_secret on calendar_link (secret_hash);

alter table calendar_link enable row level security;
alter table calendar_link force row level security;
-- Partners' apps act for the customer, and neither read nor write the link.
create policy own_rows on calendar_link to portico_app
  using (case when customer_id = nullif(current_setting('app.customer_id', true), '') and current_setting('app.actor', true) <> 'PARTNER' then true else false end)
  with check (customer_id = nullif(current_setting('app.customer_id', true), '') and current_setting('app.actor', true) <> 'PARTNER');
create policy by_secret on calendar_link for select to portico_app using (secret_hash = nullif(current_setting('app.secret', true), ''));
create policy any_row_for_staff on calendar_link for select to portico_app using (case when current_setting('app.actor', true) = 'STAFF' then true else false end);
-- A link outlives the session that made it, so only a customer who has signed in makes one. Whoever presents the secret notes that it was used, and nothing else.
create policy made_by_customers on calendar_link as restrictive for insert to portico_app
  with check (current_setting('app.actor', true) = 'CUSTOMER' and not is_acted_for());
create policy used_by_holders on calendar_link as restrictive for update to portico_app
  using (secret_hash = nullif(current_setting('app.secret', true), ''));
call guard_staff_writes('calendar_link');
grant select, insert, delete on calendar_link to portico_app;
grant update (last_used_at) on calendar_link to portico_app;
insert into staff_write (relation, scope) select 'calendar_link', scope from unnest(array['profile:write', 'customers:write', 'customers:erase']) scope;

create view portal_calendar_link with (security_invoker = true) as
select customer_id, created_at, last_used_at
  from calendar_link;
grant select on portal_calendar_link to portico_app;

-- The sealed secret of the customer's calendar, for the customer who has signed in; null for everybody else.
create function own_calendar_secret(owner text) returns text language sql stable
return (select l.sealed from calendar_link l
         where l.customer_id = owner and owner = nullif(current_setting('app.customer_id', true), '')
           and current_setting('app.actor', true) = 'CUSTOMER' and not is_acted_for());
grant execute on function own_calendar_secret(text) to portico_app;

create or replace view portal_customer with (security_invoker = true) as
select id, id as customer_id, name, email, locale, time_zone, currency, version, created_at,
       company_name, address_line1, address_line2, address_city, address_region, address_postal_code, address_country, tax_ids, tax_exemption,
       visible_external_id(external_id) as external_id, visible_metadata(metadata) as metadata, tax_rate_ppm, tax_name,
       closed_at, shares_email and current_setting('app.actor', true) in ('STAFF', 'SYSTEM') as shares_email, erased_at,
       own_calendar_secret(id) as calendar_secret
  from customer;

insert into column_erasure (relation, attribute, treatment, is_exported)
select 'calendar_link', attname, 'GONE', attname not in ('secret_hash', 'sealed')
  from pg_attribute where attrelid = 'calendar_link'::regclass and attnum > 0 and not attisdropped;
