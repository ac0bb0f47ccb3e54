-- Which issuer's tokens a client is known by, and what that issuer calls it. Without an issuer: our own tokens, and its id.
alter table api_client
  add column issuer text collate "C" check (length(issuer) between 1 and 255),
  add column issuer_client_id text collate "C" check (length(issuer_client_id) between 1 and 255),
  add constraint api_client_of_an_issuer check ((issuer is null) = (issuer_client_id is null));
create unique index api_client_by_issuer on api_client (issuer, issuer_client_id);

grant update (issuer, issuer_client_id) on api_client to portico_app;
