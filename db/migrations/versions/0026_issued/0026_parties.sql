-- What an invoice needs of a customer beside the name: company, address, tax ids, and why no tax is charged, where none is. Written by the merchant.
alter table customer
  add column company_name        text check (length(company_name) between 1 and 200),
  add column address_line1       text check (length(address_line1) between 1 and 200),
  add column address_line2       text check (length(address_line2) between 1 and 200),
  add column address_city        text check (length(address_city) between 1 and 100),
  add column address_region      text check (length(address_region) between 1 and 100),
  add column address_postal_code text check (length(address_postal_code) between 1 and 20),
  add column address_country     text check (address_country ~ '^[A-Z]{2}$'),
  add column tax_ids             text[] not null default '{}' check (cardinality(tax_ids) <= 10),
  add column tax_exemption       text check (tax_exemption in ('EXEMPT', 'REVERSE_CHARGE')),
  add check ((address_line1 is null) = (address_country is null)),
  add check (address_country is not null or coalesce(address_line2, address_city, address_region, address_postal_code) is null),
  add check (tax_exemption is null or tax_rate_ppm = 0);

create or replace view portal_customer with (security_invoker = true) as
select id, id as customer_id, name, email, locale, time_zone, currency, version, created_at,
       company_name, address_line1, address_line2, address_city, address_region, address_postal_code, address_country, tax_ids, tax_exemption
  from customer;
