-- What the customer's tax is called on documents, such as VAT, GST or Sales tax; null: the general word for tax in the language of the document.
alter table customer add column tax_name text check (length(tax_name) between 1 and 40);

create or replace view portal_customer with (security_invoker = true) as
select id, id as customer_id, name, email, locale, time_zone, currency, version, created_at,
       company_name, address_line1, address_line2, address_city, address_region, address_postal_code, address_country, tax_ids, tax_exemption,
       visible_external_id(external_id) as external_id, visible_metadata(metadata) as metadata, tax_rate_ppm, tax_name
  from customer;

-- The merchant in fields, as e-invoices need it: the address (`issuer_address` has its printed lines), the number in a public register, how to reach the merchant,
-- and the account for bank transfers. Null where the settings had none, or where a program of the last version issued the document.
alter table document_snapshot
  add column tax_name            text,
  add column issuer_street       text[],
  add column issuer_city         text,
  add column issuer_region       text,
  add column issuer_postal_code  text,
  add column issuer_country      text check (issuer_country ~ '^[A-Z]{2}$'),
  add column issuer_registration text,
  add column issuer_email        text,
  add column issuer_phone        text,
  add column issuer_iban         text,
  add column issuer_bic          text,
  add check (issuer_country is not null or num_nonnulls(issuer_street, issuer_city, issuer_region, issuer_postal_code) = 0);

create or replace view portal_document_snapshot with (security_invoker = true) as
select customer_id, document_id, name, company_name, email, address_line1, address_line2, address_city, address_region, address_postal_code, address_country,
       tax_ids, tax_exemption, locale, time_zone, issuer_name, issuer_address, issuer_tax_ids, issuer_footer, is_backfilled,
       tax_name, issuer_street, issuer_city, issuer_region, issuer_postal_code, issuer_country, issuer_registration, issuer_email, issuer_phone, issuer_iban, issuer_bic
  from document_snapshot;

create or replace function keep_document_snapshot() returns trigger language plpgsql set search_path = portico as $$
begin
  insert into document_snapshot (customer_id, document_id, name, company_name, email, address_line1, address_line2, address_city, address_region,
         address_postal_code, address_country, tax_ids, tax_exemption, tax_name, locale, time_zone)
  select c.id, new.id, c.name, c.company_name, c.email, c.address_line1, c.address_line2, c.address_city, c.address_region, c.address_postal_code,
         c.address_country, c.tax_ids, c.tax_exemption, c.tax_name, c.locale, c.time_zone
    from customer c
   where c.id = new.customer_id and not exists (select from document_snapshot s where s.customer_id = new.customer_id and s.document_id = new.id)
      on conflict do nothing;
  return null;
end $$;
