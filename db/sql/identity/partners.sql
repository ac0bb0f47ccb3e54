-- name: clients.all
-- returns: ApiClient
select id, kind, name, contact, mode, scopes, units_per_minute, created_at, disabled_at, issuer, issuer_client_id from api_client order by id

-- name: clients.by_id
-- returns: ApiClient
select id, kind, name, contact, mode, scopes, units_per_minute, created_at, disabled_at, issuer, issuer_client_id from api_client where id = :key

-- name: clients.save
-- returns: ApiClient
-- Create or update a client. Its kind never changes.
insert into api_client as c (id, kind, name, contact, mode, scopes, units_per_minute, created_at, issuer, issuer_client_id)
values (:id, :kind, :name, :contact, :mode, :scopes, :units_per_minute, :now, :issuer, :issuer_client_id)
    on conflict (id) do update
   set name = excluded.name, contact = excluded.contact, mode = excluded.mode, scopes = excluded.scopes, units_per_minute = excluded.units_per_minute,
       issuer = excluded.issuer, issuer_client_id = excluded.issuer_client_id
 where c.kind = excluded.kind
returning id, kind, name, contact, mode, scopes, units_per_minute, created_at, disabled_at, issuer, issuer_client_id

-- name: clients.begin
-- returns: nothing
-- Create the client of the shipped documents, which needs no registration.
insert into api_client (id, kind, name, mode, units_per_minute, created_at) values (:id, 'FIRST_PARTY', :name, 'REQUIRED', 1000000, :now)
    on conflict (id) do nothing

-- name: clients.able
-- returns: ApiClient
-- Disable or enable a client.
update api_client set disabled_at = case when cast(:is_disabled as boolean) then cast(:now as timestamptz) end where id = :id
returning id, kind, name, contact, mode, scopes, units_per_minute, created_at, disabled_at, issuer, issuer_client_id

-- name: client_credentials.of_client
-- returns: ClientCredential
select client_id, id, secret_hash, jwk from client_credential where client_id = :key and (expires_at is null or expires_at > :now) order by created_at desc, id

-- name: client_credentials.save
-- returns: ClientCredential
insert into client_credential (client_id, id, secret_hash, jwk, created_at) values (:client_id, :id, :secret_hash, cast(:jwk as json), :now)
returning client_id, id, secret_hash, jwk

-- name: client_credentials.end_others
-- returns: nothing
-- End the other credentials of a client at a time, or when they end anyway if that is earlier. Those that have ended are deleted.
with ended as (delete from client_credential where client_id = :client_id and id <> :id and (expires_at <= :now or cast(:ends_at as timestamptz) <= :now))
update client_credential set expires_at = least(expires_at, :ends_at) where client_id = :client_id and id <> :id and (expires_at is null or expires_at > :now) and cast(:ends_at as timestamptz) > :now

-- name: client_assertions.forget
-- returns: nothing
delete from client_assertion where expires_at < :now

-- name: client_assertions.use
-- returns: ClientAssertion
-- Record the use of an assertion. No row if it was used before.
insert into client_assertion (client_id, jti, expires_at) values (:client_id, :jti, :expires_at) on conflict do nothing
returning jti

-- name: trusted.texts
-- returns: PersistedTextRow
-- Select the documents that every process keeps in memory.
select d.client_id, d.id, d.alias, d.body, d.deprecated_at, d.deprecation, d.sunset_at, d.fits
  from stored_document d join api_client c on c.id = d.client_id
 where d.retired_at is null and c.disabled_at is null
 order by d.client_id, d.id

-- name: trusted.stamp
-- returns: RegistryStamp
select concat_ws(' ', (select concat_ws(' ', count(*), count(retired_at), count(deprecated_at), max(greatest(published_at, retired_at, deprecated_at)),
                                        md5(string_agg(concat_ws(' ', client_id, id, deprecation, sunset_at), '' order by client_id, id)
                                            filter (where deprecated_at is not null)))
                         from stored_document),
                      (select count(*) || ' ' || md5(string_agg(c::text, '' order by id)) from api_client c)) as stamp

-- name: trusted.publish
-- returns: RegistryId
-- Publish documents by client and id, each once. A retired document is published as if it were new; documents that are not named stay.
insert into stored_document as d (client_id, id, alias, body, names, cost, fits, version, published_at)
select :client_id, p.id, p.alias, p.body, string_to_array(p.names, ' '), p.cost, :fits,
       (select coalesce(max(version), 0) + 1 from stored_document where client_id = :client_id), :now
  from unnest(cast(:ids as text[]), cast(:aliases as text[]), cast(:bodies as text[]), cast(:names as text[]), cast(:costs as integer[]))
       p(id, alias, body, names, cost)
 order by p.id
    on conflict (client_id, id) do update
   set alias = coalesce(excluded.alias, d.alias), cost = excluded.cost, fits = excluded.fits, version = excluded.version, published_at = excluded.published_at,
       retired_at = null, deprecated_at = case when d.retired_at is null then d.deprecated_at end,
       deprecation = case when d.retired_at is null then d.deprecation else '' end, sunset_at = case when d.retired_at is null then d.sunset_at end
 where d.retired_at is not null or d.alias is distinct from coalesce(excluded.alias, d.alias) or d.cost <> excluded.cost
returning id

-- name: trusted.retire
-- returns: RegistryId
update stored_document set retired_at = :now
 where client_id = :client_id and (id = any(cast(:ids as text[])) or alias = any(cast(:ids as text[]))) and retired_at is null
returning id

-- name: trusted.deprecate
-- returns: RegistryId
-- Deprecate documents or undo that. The first date of deprecation stays. Returns also documents that were in that state already.
update stored_document
   set deprecated_at = case when cast(:is_deprecated as boolean) then coalesce(deprecated_at, :now) end,
       deprecation = case when cast(:is_deprecated as boolean) then cast(:deprecation as text) else '' end,
       sunset_at = case when cast(:is_deprecated as boolean) then cast(:sunset_at as timestamptz) end
 where client_id = :client_id and (id = any(cast(:ids as text[])) or alias = any(cast(:ids as text[]))) and retired_at is null
returning id

-- name: trusted.fit
-- returns: nothing
update stored_document d set fits = :fits
  from unnest(cast(:client_ids as text[]), cast(:ids as text[])) p(client_id, id)
 where d.client_id = p.client_id and d.id = p.id

-- name: trusted.listed
-- returns: PersistedDocumentRow
-- order newest: published_at desc, client_id desc, id desc
-- order oldest: published_at asc, client_id asc, id asc
-- Select documents and their use, for staff.
select d.client_id, d.id, d.alias, d.body, d.names, d.cost, d.version, d.published_at, d.deprecated_at, d.deprecation,
       case when d.deprecated_at is not null then d.sunset_at end as sunset_at, d.retired_at, u.first_used_at, u.last_used_at, coalesce(u.uses, 0) as uses
  from stored_document d left join document_use u on u.client_id = d.client_id and u.document_id = d.id
 where (cast(:of_client as text) is null or d.client_id = :of_client)
   and (cast(:is_deprecated as boolean) is null or :is_deprecated = (d.deprecated_at is not null))
   and (cast(:is_retired as boolean) is null or :is_retired = (d.retired_at is not null))

-- name: trusted.used
-- returns: nothing
-- Count uses of documents, in one order in all processes, so that no two of them wait for each other. Documents that were deleted meanwhile are not counted.
insert into document_use as u (client_id, document_id, first_used_at, last_used_at, uses)
select p.client_id, p.id, :now, :now, p.uses
  from unnest(cast(:client_ids as text[]), cast(:ids as text[]), cast(:uses as bigint[])) p(client_id, id, uses)
  join stored_document d on d.client_id = p.client_id and d.id = p.id
 order by p.client_id, p.id
    on conflict (client_id, document_id) do update set last_used_at = greatest(u.last_used_at, excluded.last_used_at), uses = u.uses + excluded.uses

-- name: grants.of_customer
-- returns: GrantRow
-- order newest: created_at desc, id desc
-- order oldest: created_at asc, id asc
-- Select the valid grants.
select * from portal_partner_grant where customer_id = :key and customer_id = :customer_id

-- name: grants.by_id
-- returns: GrantRow
-- Select a valid grant.
select * from portal_partner_grant where id = :key and customer_id = :customer_id

-- name: grants.current
-- returns: GrantRow
-- Select the valid grant of a client.
select * from portal_partner_grant where customer_id = :customer_id and client_id = :client_id

-- name: grants.create
-- returns: nothing
insert into partner_grant (customer_id, id, client_id, scopes, created_at) values (:customer_id, :id, :client_id, :scopes, :now)

-- name: grants.revoke
-- returns: RegistryId
update partner_grant set revoked_at = :now where customer_id = :customer_id and id = :id and revoked_at is null
returning id

-- name: grants.revoke_of_client
-- returns: RegistryId
-- Revoke the grant of a client before it is replaced.
update partner_grant set revoked_at = :now where customer_id = :customer_id and client_id = :client_id and revoked_at is null
returning id

-- name: budgets.spend
-- returns: CostBudget
select is_paid, available, maximum from spend_budget(:client_id, cast(:price as integer), :now)
