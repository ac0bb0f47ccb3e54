-- A network from which an account signed in before has a budget of its own for further attempts. `throttle_network` is what `auth/throttle.py` calls the network;
-- empty where it is not known. `client` was what the caller's User-Agent said; from now on that is `user_agent`, and `client` is the app that the session belongs to.
-- The program before this one still writes its sessions so, and reads the view by its columns: the rows and the view stay, and `sessions.of_customer` tells them apart.
alter table portal_session
  add column user_agent text not null default '' check (length(user_agent) <= 200),
  add column throttle_network text collate "C" not null default '' check (length(throttle_network) <= 64);

-- The owner of the tables is under row security too, and no policy is theirs. Networks of IPv6 are left out: those sign in once more before they are known.
alter table portal_session no force row level security;
update portal_session
   set throttle_network = case when network ~ '^\d{1,3}(\.\d{1,3}){3}$' then 'network:' || network || '/32' else '' end;
alter table portal_session force row level security;

create index portal_session_by_network on portal_session (customer_id, throttle_network, last_used_at);

-- Who names an address and the network they call from sees whether that account signed in from that network, and no other session.
create policy by_email_and_network on portal_session for select to portico_app
  using (throttle_network = nullif(current_setting('app.network', true), '')
         and customer_id = (select c.customer_id from credential c where c.email = nullif(current_setting('app.email', true), '')));
