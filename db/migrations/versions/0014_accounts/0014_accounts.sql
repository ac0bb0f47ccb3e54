-- Who acted: the subject of the access token and its issuer. Null for requests without a token, and in rows from before this version.
alter table audit_event
  add column actor_subject text collate "C",
  add column actor_issuer  text collate "C";

-- From when on a deprecated document is no longer answered. It counts only while the document is deprecated: the previous version of the program takes a deprecation
-- back without clearing it.
alter table stored_document add column sunset_at timestamptz;
grant update (sunset_at) on stored_document to portico_app;

-- Processes keep the reason and the sunset in memory too.
drop trigger tell_registry on stored_document;
create trigger tell_registry after insert or delete or update of alias, cost, published_at, retired_at, deprecated_at, deprecation, sunset_at on stored_document
  for each statement execute function tell_registry();

-- Called in the round trip that opens a unit of work for the token of a registered app: a token ends with the commit that disables its app.
create function assert_client(wanted text) returns void language plpgsql stable as $$
begin
  if exists (select from api_client where id = wanted and disabled_at is not null) then
    raise exception 'the app is disabled' using errcode = 'PO403';
  end if;
end $$;

-- The request for a first password begins with an address: it shows the customers who have that address.
-- (The name is before those of the other policies, so Postgres tries it last.)
create policy addressed on customer for select to portico_app
  using (case when email_key = nullif(current_setting('app.email', true), '') then true else false end);

-- A link that sets a password names the address to which it is sent: it is void once the customer has another one. Those of the version before name none.
alter table identity_link drop constraint identity_link_check1;
alter table identity_link add constraint identity_link_email check (case kind when 'EMAIL' then email is not null when 'PASSWORD' then true else email is null end);
