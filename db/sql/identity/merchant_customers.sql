-- name: customers.to_save
-- returns: StoredCustomer
-- Select and lock the customer with the id, or else with the external id, as JSON; and another customer with the address, the one who signs in with it before others.
with c as (
    select k.id, to_jsonb(k) as stored from customer k where k.id = :key or (cast(:key as text) is null and k.external_id = :external_id) for no key update),
other as (
    select o.id, o.external_id, not o.shares_email as is_owner
      from customer o where o.email_key = lower(:email) and o.id not in (select c.id from c) order by o.shares_email, o.id limit 1)
select c.stored, other.id as other_id, other.external_id as other_external_id, coalesce(other.is_owner, false) as is_owner,
       cast(:time_zone as text) is null or is_time_zone(:time_zone) as is_time_zone
  from (select) one
  left join c on true
  left join other on true

-- name: customers.insert
-- returns: CustomerRow
insert into customer (id, name, email, locale, time_zone, currency, tax_rate_ppm, tax_exemption, tax_name, company_name, address_line1, address_line2, address_city,
       address_region, address_postal_code, address_country, tax_ids, external_id, metadata, shares_email, created_at)
select :customer_id, n.name, n.email, n.locale, n.time_zone, n.currency, n.tax_rate_ppm, n.tax_exemption, n.tax_name, n.company_name, n.address_line1, n.address_line2,
       n.address_city, n.address_region, n.address_postal_code, n.address_country, n.tax_ids, n.external_id, n.metadata, n.shares_email, :now
  from jsonb_populate_record(cast(null as customer), cast(:row as jsonb)) n
returning id, id as customer_id, name, email, locale, time_zone, currency, version, created_at,
       company_name, address_line1, address_line2, address_city, address_region, address_postal_code, address_country, tax_ids, tax_exemption,
       visible_external_id(external_id) as external_id, visible_metadata(metadata) as metadata, tax_rate_ppm, tax_name, closed_at, shares_email, erased_at,
       own_calendar_secret(id) as calendar_secret

-- name: customers.update
-- returns: CustomerRow
update customer c
   set name = n.name, email = n.email, locale = n.locale, time_zone = n.time_zone, currency = n.currency, tax_rate_ppm = n.tax_rate_ppm,
       tax_exemption = n.tax_exemption, tax_name = n.tax_name, company_name = n.company_name, address_line1 = n.address_line1, address_line2 = n.address_line2,
       address_city = n.address_city, address_region = n.address_region, address_postal_code = n.address_postal_code, address_country = n.address_country,
       tax_ids = n.tax_ids, external_id = n.external_id, metadata = n.metadata, shares_email = n.shares_email, version = c.version + 1
  from jsonb_populate_record(cast(null as customer), cast(:row as jsonb)) n
 where c.id = :customer_id
returning c.id, c.id as customer_id, c.name, c.email, c.locale, c.time_zone, c.currency, c.version, c.created_at,
       c.company_name, c.address_line1, c.address_line2, c.address_city, c.address_region, c.address_postal_code, c.address_country, c.tax_ids, c.tax_exemption,
       visible_external_id(c.external_id) as external_id, visible_metadata(c.metadata) as metadata, c.tax_rate_ppm, c.tax_name, c.closed_at, c.shares_email, c.erased_at,
       own_calendar_secret(c.id) as calendar_secret

-- name: customers.history
-- returns: CustomerHistory
-- Select whether anything of the customer is in a currency.
select exists (select from subscription where customer_id = :customer_id) or exists (select from invoice where customer_id = :customer_id)
       or exists (select from payment where customer_id = :customer_id) or exists (select from payment_schedule where customer_id = :customer_id)
       or exists (select from balance_entry where customer_id = :customer_id) as has_history

-- name: customers.close
-- returns: Owner
-- Close the customer. No row if they are closed already.
update customer set closed_at = :now, version = version + 1 where id = :customer_id and closed_at is null
returning id, id as customer_id

-- name: customers.reopen
-- returns: Owner
-- Let the customer sign in again. No row if they are not closed.
update customer set closed_at = null, version = version + 1 where id = :customer_id and closed_at is not null
returning id, id as customer_id

-- name: credentials.able
-- returns: Credential
-- Close or reopen the customer's credential.
update credential set closed_at = case when cast(:is_closed as boolean) then cast(:now as timestamptz) end where customer_id = :customer_id
returning email, customer_id, password_hash, is_email_proved

-- name: credentials.correct_email
-- returns: Credential
-- Let the customer sign in with an address that the merchant has set. Device values of the former address become invalid.
update credential set email = lower(:email), is_email_proved = false, changed_at = :now where customer_id = :customer_id
returning email, customer_id, password_hash, is_email_proved

-- name: credentials.delete
-- returns: Credential
delete from credential where customer_id = :customer_id
returning email, customer_id, password_hash, is_email_proved

-- name: grants.revoke_all
-- returns: RegistryId
update partner_grant set revoked_at = :now where customer_id = :customer_id and revoked_at is null
returning id

-- name: subscriptions.unended
-- returns: Owner
-- Select the ids of the subscriptions that have not ended.
select id, customer_id from subscription where customer_id = :customer_id and status <> 'CANCELED' order by id
