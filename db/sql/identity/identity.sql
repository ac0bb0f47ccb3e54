-- name: credentials.by_email
-- returns: PresentedCredential
-- Select the one credential of the address that the unit of work set (app.email), and whether the account signed in from the network that it set (app.network) since the
-- last change of the password. One statement, so that it takes as long for an account that does not exist.
select c.email, c.customer_id, c.password_hash, c.changed_at,
       has_signed_in(c.customer_id, cast(:network as text), c.changed_at) as is_familiar
  from credential c
 where c.email = :email

-- name: credentials.of_customer
-- returns: Credential
select email, customer_id, password_hash, is_email_proved from credential where customer_id = :customer_id

-- name: credentials.other_owner
-- returns: Owner
-- Select another customer who signs in with the address that the unit of work set (app.email), or can as soon as they have a password, so that this customer cannot.
select o.customer_id as id, o.customer_id from credential o where o.email = lower(:email) and o.customer_id <> :customer_id
union all
select c.id, c.id from customer c where c.email_key = lower(:email) and c.id <> :customer_id and not c.shares_email
 limit 1

-- name: credentials.set_password
-- returns: Credential
update credential set password_hash = :password_hash, changed_at = :now, is_email_proved = is_email_proved or cast(:is_by_letter as boolean) where customer_id = :customer_id
returning email, customer_id, password_hash, is_email_proved

-- name: credentials.unchanged
-- returns: Credential
-- Select the credential if the password that was compared is still the one and it may sign in, and lock it: who changes, closes or erases it waits for this transaction.
select email, customer_id, password_hash, is_email_proved from credential
 where customer_id = :customer_id and changed_at = :changed_at and closed_at is null for share

-- name: credentials.rehash
-- returns: Credential
-- Store the same password with the present parameters of the hash, unless it was changed since it was compared. Known devices and networks stay known.
update credential set password_hash = :password_hash where customer_id = :customer_id and changed_at = :changed_at
returning email, customer_id, password_hash, is_email_proved

-- name: customers.at_address
-- returns: AddressHolder
-- Select the customer who can sign in with the address that the unit of work set (app.email), or if there is none, one of those who share it.
select id, id as customer_id, shares_email from customer where email_key = :email and closed_at is null order by shares_email, id limit 1

-- name: credentials.create
-- returns: Credential
-- Create the credential of a customer without a password; a letter to the customer's address leads here.
insert into credential (email, customer_id, password_hash, changed_at, created_at)
values (lower(:email), :customer_id, :password_hash, :now, :now)
returning email, customer_id, password_hash, is_email_proved

-- name: credentials.set_email
-- returns: Credential
update credential set email = lower(:email), is_email_proved = true where customer_id = :customer_id
returning email, customer_id, password_hash, is_email_proved

-- name: sessions.of_customer
-- returns: PortalSessionRow
-- order newest: created_at desc, id desc
-- order oldest: created_at asc, id asc
-- Select the active sessions; for a caller that may not be the customer, only the caller's own. A session from before revision 0010 has the User-Agent as its client.
select id, customer_id, method, case when user_agent = '' then 'portal' else client end as client, network, created_at, last_used_at, expires_at,
       case when user_agent = '' and client <> 'portal' then client else user_agent end as user_agent, link_delivery, made_by, needs_sign_in
  from portal_session
 where customer_id = :key and customer_id = :customer_id and ended_at is null and expires_at > operation_now()
   and (id = current_setting('app.session_id', true) or not is_acted_for())

-- name: sessions.by_id
-- returns: PortalSessionRow
-- Select one of the sessions that `sessions.of_customer` selects.
select id, customer_id, method, case when user_agent = '' then 'portal' else client end as client, network, created_at, last_used_at, expires_at,
       case when user_agent = '' and client <> 'portal' then client else user_agent end as user_agent, link_delivery, made_by, needs_sign_in
  from portal_session
 where id = :key and customer_id = :customer_id and ended_at is null and expires_at > operation_now()
   and (id = current_setting('app.session_id', true) or not is_acted_for())

-- name: sessions.create
-- returns: PortalSessionRow
insert into portal_session (customer_id, id, method, client, user_agent, network, throttle_network, created_at, last_used_at, expires_at,
                            link_delivery, made_by, made_by_subject, made_by_issuer)
values (:customer_id, :id, :method, :client, :user_agent, :network, :throttle_network, :now, :now, :expires_at,
        :link_delivery, :made_by, :made_by_subject, :made_by_issuer)
returning id, customer_id, method, client, network, created_at, last_used_at, expires_at, user_agent,
          link_delivery, made_by, needs_sign_in

-- name: sessions.use
-- returns: PortalSessionRow
update portal_session set last_used_at = :now
 where customer_id = :customer_id and id = :id and ended_at is null and expires_at > :now
returning id, customer_id, method, client, network, created_at, last_used_at, expires_at, user_agent,
          link_delivery, made_by, needs_sign_in

-- name: sessions.end
-- returns: PortalSessionRow
update portal_session set ended_at = :now, end_reason = :reason
 where customer_id = :customer_id and id = :id and ended_at is null
returning id, customer_id, method, client, network, created_at, last_used_at, expires_at, user_agent,
          link_delivery, made_by, needs_sign_in

-- name: sessions.end_others
-- returns: PortalSessionRow
-- All but one; a `keep` that is null ends all.
update portal_session set ended_at = :now, end_reason = :reason
 where customer_id = :customer_id and id is distinct from cast(:keep as text) and ended_at is null
returning id, customer_id, method, client, network, created_at, last_used_at, expires_at, user_agent,
          link_delivery, made_by, needs_sign_in

-- name: sessions.end_link
-- returns: PortalSessionRow
-- End the caller's own session, if it began with a portal link.
update portal_session set ended_at = :now, end_reason = 'SIGNED_IN'
 where customer_id = :customer_id and id = :id and method = 'PORTAL_LINK' and ended_at is null
returning id, customer_id, method, client, network, created_at, last_used_at, expires_at, user_agent,
          link_delivery, made_by, needs_sign_in

-- name: sessions.needing_sign_in
-- returns: PortalSessionRow
-- Select the session, if it began with a portal link that staff had seen.
select id, customer_id, method, client, network, created_at, last_used_at, expires_at, user_agent, link_delivery, made_by, needs_sign_in from portal_session
 where customer_id = :customer_id and id = :id and needs_sign_in

-- name: refresh_tokens.create
-- returns: RefreshToken
insert into refresh_token (secret_hash, customer_id, session_id, issued_at, expires_at)
values (:secret_hash, :customer_id, :session_id, :now, :expires_at)
returning secret_hash, customer_id, session_id, issued_at, expires_at, used_at, successor_sealed

-- name: refresh_tokens.by_secret
-- returns: RefreshToken
-- Select the token of the presented secret (app.secret).
select secret_hash, customer_id, session_id, issued_at, expires_at, used_at, successor_sealed from refresh_token where secret_hash = :secret_hash

-- name: refresh_tokens.use
-- returns: RefreshToken
-- Mark a token as used. No row if another request used it first.
update refresh_token set used_at = :now, successor_sealed = :successor_sealed
 where customer_id = :customer_id and secret_hash = :secret_hash and used_at is null
returning secret_hash, customer_id, session_id, issued_at, expires_at, used_at, successor_sealed

-- name: links.create
-- returns: IdentityLink
insert into identity_link (secret_hash, customer_id, kind, email, landing, delivery, made_by, made_by_subject, made_by_issuer, created_at, expires_at)
values (:secret_hash, :customer_id, :kind, :email, :landing, :delivery, :made_by, :made_by_subject, :made_by_issuer, :now, :expires_at)
returning secret_hash, customer_id, kind, email, landing, expires_at, used_at, delivery, made_by, made_by_subject, made_by_issuer

-- name: links.by_secret
-- returns: IdentityLink
-- Select the link of the presented secret (app.secret).
select secret_hash, customer_id, kind, email, landing, expires_at, used_at, delivery, made_by, made_by_subject, made_by_issuer from identity_link where secret_hash = :secret_hash

-- name: links.use
-- returns: IdentityLink
-- Mark a link as used. No row if it was used before or has expired, or the customer is closed.
update identity_link set used_at = :now
 where customer_id = :customer_id and secret_hash = :secret_hash and kind = :kind and used_at is null and expires_at > :now
   and exists (select from customer c where c.id = :customer_id and c.closed_at is null)
returning secret_hash, customer_id, kind, email, landing, expires_at, used_at, delivery, made_by, made_by_subject, made_by_issuer

-- name: links.void
-- returns: IdentityLink
-- Void every link of the customer that could still be used, or those of one kind.
update identity_link set used_at = :now
 where customer_id = :customer_id and (cast(:kind as text) is null or kind = :kind) and used_at is null and expires_at > :now
returning secret_hash, customer_id, kind, email, landing, expires_at, used_at, delivery, made_by, made_by_subject, made_by_issuer

-- name: links.holding
-- returns: IdentityLink
-- Select a link of the kind that was not used yet and is valid until the instant or longer.
select secret_hash, customer_id, kind, email, landing, expires_at, used_at, delivery, made_by, made_by_subject, made_by_issuer from identity_link
 where customer_id = :customer_id and kind = :kind and used_at is null and expires_at >= :until
 limit 1

-- name: customers.set_profile
-- returns: CustomerRow
-- Update the profile. Of name, locale and time zone a null does not change its column; `sent` is JSON with the other columns that change.
-- No row if the version differs, or the time zone is unknown to the database. A profile that is stored already keeps its version, and so is no event.
update customer
   set name = new_name, locale = new_locale, time_zone = new_time_zone,
       company_name = new_company_name, address_line1 = new_address_line1, address_line2 = new_address_line2, address_city = new_address_city,
       address_region = new_address_region, address_postal_code = new_address_postal_code, address_country = new_address_country, tax_ids = new_tax_ids,
       version = version + case when (new_name, new_locale, new_time_zone, new_company_name, new_address_line1, new_address_line2, new_address_city,
                                 new_address_region, new_address_postal_code, new_address_country, new_tax_ids)
                                is distinct from
                                (name, locale, time_zone, company_name, address_line1, address_line2, address_city,
                                 address_region, address_postal_code, address_country, tax_ids) then 1 else 0 end
  from (select coalesce(:name, name) as new_name,
               coalesce(:locale, locale) as new_locale,
               coalesce(:time_zone, time_zone) as new_time_zone,
               case when cast(:sent as jsonb) ? 'company_name' then cast(:sent as jsonb) ->> 'company_name' else company_name end as new_company_name,
               case when cast(:sent as jsonb) ? 'address_line1' then cast(:sent as jsonb) ->> 'address_line1' else address_line1 end as new_address_line1,
               case when cast(:sent as jsonb) ? 'address_line1' then cast(:sent as jsonb) ->> 'address_line2' else address_line2 end as new_address_line2,
               case when cast(:sent as jsonb) ? 'address_line1' then cast(:sent as jsonb) ->> 'address_city' else address_city end as new_address_city,
               case when cast(:sent as jsonb) ? 'address_line1' then cast(:sent as jsonb) ->> 'address_region' else address_region end as new_address_region,
               case when cast(:sent as jsonb) ? 'address_line1' then cast(:sent as jsonb) ->> 'address_postal_code' else address_postal_code end as new_address_postal_code,
               case when cast(:sent as jsonb) ? 'address_line1' then cast(:sent as jsonb) ->> 'address_country' else address_country end as new_address_country,
               case when cast(:sent as jsonb) ? 'tax_ids' then array(select jsonb_array_elements_text(cast(:sent as jsonb) -> 'tax_ids')) else tax_ids end as new_tax_ids
          from customer
         where id = :customer_id and version = coalesce(:expected_version, version) and (cast(:time_zone as text) is null or is_time_zone(:time_zone))
           for update) wanted
 where id = :customer_id
returning id, id as customer_id, name, email, locale, time_zone, currency, version, created_at,
       company_name, address_line1, address_line2, address_city, address_region, address_postal_code, address_country, tax_ids, tax_exemption,
       visible_external_id(external_id) as external_id, visible_metadata(metadata) as metadata,
       tax_rate_ppm, tax_name, closed_at, shares_email and current_setting('app.actor', true) in ('STAFF', 'SYSTEM') as shares_email, erased_at,
       own_calendar_secret(id) as calendar_secret

-- name: customers.set_email
-- returns: CustomerRow
update customer set email = :email, shares_email = false, version = version + 1 where id = :customer_id
returning id, id as customer_id, name, email, locale, time_zone, currency, version, created_at,
       company_name, address_line1, address_line2, address_city, address_region, address_postal_code, address_country, tax_ids, tax_exemption,
       visible_external_id(external_id) as external_id, visible_metadata(metadata) as metadata,
       tax_rate_ppm, tax_name, closed_at, shares_email and current_setting('app.actor', true) in ('STAFF', 'SYSTEM') as shares_email, erased_at,
       own_calendar_secret(id) as calendar_secret

-- name: audit.append
-- returns: nothing
insert into audit_event (id, customer_id, actor, actor_subject, actor_issuer, acting_subject, acting_issuer, acting_client, client, request_id, event, outcome,
                         detail, happened_at)
values (:id, :customer_id, :actor, :actor_subject, :actor_issuer, :acting_subject, :acting_issuer, :acting_client, :client, :request_id, :event, :outcome, :detail, :now)

-- name: audit.listed
-- returns: AuditEventRow
-- order newest: happened_at desc, id desc
-- order oldest: happened_at asc, id asc
-- Select audit events, for staff.
select id, customer_id, actor, client, request_id, event, outcome, detail, happened_at, actor_subject, actor_issuer, acting_subject, acting_issuer, acting_client
  from audit_event
 where (cast(:of_customer as text) is null or customer_id = :of_customer)
