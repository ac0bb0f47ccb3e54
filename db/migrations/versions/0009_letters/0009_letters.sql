-- Letters that are still to be sent. What they say is sealed by the portal's secret, for links are secrets of which nothing but a digest may stand here.
create table letter (
  id          text collate "C" primary key check (id like 'let\_%'),
  customer_id text collate "C" not null references customer (id),
  kind        text not null,
  sealed      bytea not null,
  written_at  timestamptz not null,
  tries       integer not null default 0,
  -- Not before this instant. Whoever takes a letter on moves it ahead, and who dies with one gives it back by that.
  send_at     timestamptz not null
);
create index letter_to_send on letter (send_at, id);

alter table letter enable row level security;
alter table letter force row level security;
create policy own_rows on letter to portico_app
  using (case when customer_id = nullif(current_setting('app.customer_id', true), '') then true else false end)
  with check (customer_id = nullif(current_setting('app.customer_id', true), ''));
create policy staff_links on letter for insert to portico_app with check (current_setting('app.actor', true) = 'STAFF' and kind = 'portal_link');
create policy sent_by_system on letter to portico_app using (current_setting('app.actor', true) = 'SYSTEM');

grant select, insert, delete on letter to portico_app;
grant update (tries, send_at) on letter to portico_app;
