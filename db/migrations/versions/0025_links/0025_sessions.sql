-- How a session began, and who made the portal link that it began with: a link that was returned to staff may have been opened by staff.

-- `made_by` is the app of who made it, as before. A link that is mailed names the address to which it goes, as one that sets a password does.
alter table identity_link
  add column delivery text check (delivery in ('RETURN', 'MAIL')),
  add column made_by_subject text collate "C",
  add column made_by_issuer text collate "C";
alter table identity_link drop constraint identity_link_email;
alter table identity_link add constraint identity_link_email check (
  case kind when 'EMAIL' then email is not null when 'PASSWORD' then true else (email is not null) = (delivery is not distinct from 'MAIL') end);
alter table identity_link add constraint identity_link_delivery check (kind = 'PORTAL' or delivery is null);

-- The version of the program before this one writes no delivery, and knows returned links only.
alter table portal_session
  add column link_delivery text check (link_delivery in ('RETURN', 'MAIL')),
  add column made_by text,
  add column made_by_subject text collate "C",
  add column made_by_issuer text collate "C",
  add column needs_sign_in boolean not null generated always as (method = 'PORTAL_LINK' and link_delivery is distinct from 'MAIL') stored,
  add constraint portal_session_link check (method = 'PORTAL_LINK' or link_delivery is null);
alter table portal_session drop constraint portal_session_end_reason_check;
alter table portal_session add constraint portal_session_end_reason_check check (end_reason in ('SIGNED_OUT', 'REUSED_TOKEN', 'PASSWORD_CHANGED', 'SIGNED_IN'));

-- Who acts in a customer's name beside the customer, by a portal link or by the `act` of another issuer's token. `acting_client` is the app.
alter table audit_event
  add column acting_subject text collate "C",
  add column acting_issuer  text collate "C",
  add column acting_client  text;

-- The owner of the tables is under row security too, and no policy is theirs.
alter table identity_link no force row level security;
alter table portal_session no force row level security;
alter table audit_event no force row level security;

-- A link, the session that it began and the events of both were written at the same instants.
update identity_link l
   set delivery = 'RETURN', made_by_subject = a.actor_subject, made_by_issuer = a.actor_issuer
  from identity_link o
  left join audit_event a on a.customer_id = o.customer_id and a.event = 'createPortalLink' and a.outcome = 'OK' and a.happened_at = o.created_at
 where l.kind = 'PORTAL' and o.secret_hash = l.secret_hash;
update portal_session s
   set link_delivery = 'RETURN', made_by = l.made_by, made_by_subject = l.made_by_subject, made_by_issuer = l.made_by_issuer
  from portal_session o
  left join identity_link l on l.customer_id = o.customer_id and l.kind = 'PORTAL' and l.used_at = o.created_at
 where s.method = 'PORTAL_LINK' and o.customer_id = s.customer_id and o.id = s.id;
-- A new address that was requested while such a session ran may be that of who had the link.
update identity_link l
   set used_at = greatest(now(), l.created_at)
 where l.kind = 'EMAIL' and l.used_at is null
   and exists (select from portal_session s
                where s.customer_id = l.customer_id and s.needs_sign_in and l.created_at between s.created_at and coalesce(s.ended_at, s.expires_at));

alter table identity_link force row level security;
alter table portal_session force row level security;
alter table audit_event force row level security;

-- Whether somebody other than the customer may be acting in the customer's name: the token says so (app.acting_party), or the session does.
create function is_acted_for() returns boolean language sql stable
  return coalesce(current_setting('app.acting_party', true), '') <> ''
      or exists (select from portal_session s
                  where s.customer_id = nullif(current_setting('app.customer_id', true), '')
                    and s.id = nullif(current_setting('app.session_id', true), '') and s.needs_sign_in);

-- Every event of such a session names who made the link, whatever writes it. The token of the session names only the app: customers can read tokens.
create function name_who_made_the_link() returns trigger language plpgsql set search_path = portico as $$
declare
  session portal_session;
begin
  select * into session from portal_session s
   where s.customer_id = nullif(current_setting('app.customer_id', true), '') and s.id = nullif(current_setting('app.session_id', true), '') and s.needs_sign_in;
  if found then
    new.acting_client := coalesce(new.acting_client, session.made_by, '');
    new.acting_subject := coalesce(new.acting_subject, session.made_by_subject);
    new.acting_issuer := coalesce(new.acting_issuer, session.made_by_issuer);
  end if;
  return new;
end $$;
create trigger name_who_made_the_link before insert on audit_event for each row execute function name_who_made_the_link();

-- How a session began is never changed: only these columns were granted for updates, and no others are.
create policy given_by_customers on partner_grant as restrictive for insert to portico_app with check (not is_acted_for());
create policy revoked_by_customers on partner_grant as restrictive for update to portico_app using (not is_acted_for());
