-- Null: until it is replaced. The program of the version before, which does not read the column, accepts the credential until its row is deleted.
alter table client_credential add column expires_at timestamptz;
grant update (expires_at) on client_credential to portico_app;
