-- Deprecated documents are answered, and flagged, until they are retired.
alter table stored_document
  add deprecated_at timestamptz,
  add deprecation   text not null default '' check (length(deprecation) <= 500),
  -- The digest of the schema and limits by which it was last found to hold.
  add fits          text collate "C" not null default '',
  add check (deprecated_at is not null or deprecation = '');
create index stored_document_by_age on stored_document (published_at, client_id, id);

-- Which schema a document fits changes nothing that processes keep in memory.
drop trigger tell_registry on stored_document;
create trigger tell_registry after insert or delete or update of alias, cost, published_at, retired_at, deprecated_at on stored_document
  for each statement execute function tell_registry();

grant update (deprecated_at, deprecation, fits) on stored_document to portico_app;
