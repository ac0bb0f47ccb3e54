-- Called in the round trip that opens a unit of work for a token without a session: another issuer may name customers who have no row here.
create function assert_customer() returns void language plpgsql stable as $$
begin
  if not exists (select from customer where id = current_setting('app.customer_id', true)) then
    raise exception 'the token names no customer' using errcode = 'PO402';
  end if;
end $$;

-- As before; and a session that cannot be found because its customer was deleted is told apart.
create or replace function assert_session(wanted text) returns void language plpgsql stable as $$
declare
  holder constant text := current_setting('app.customer_id', true);
begin
  if wanted like 'grant\_%' then
    if exists (select from partner_grant g join api_client c on c.id = g.client_id
                where g.customer_id = holder and g.id = wanted and g.revoked_at is null and c.disabled_at is null) then
      return;
    end if;
  elsif exists (select from portal_session where customer_id = holder and id = wanted and ended_at is null and expires_at > operation_now()) then
    return;
  end if;
  perform assert_customer();
  raise exception 'the session has ended' using errcode = 'PO401';
end $$;

-- Python and Postgres may have time zones of different years. Every read of a customer computes today where they live, so a zone that is unknown here must not get in.
create function is_time_zone(name text) returns boolean language plpgsql stable as $$
begin
  perform now() at time zone name;
  return true;
exception when invalid_parameter_value then
  return false;
end $$;

create function time_zone_is_known() returns trigger language plpgsql as $$
begin
  perform now() at time zone new.time_zone;
  return new;
end $$;

-- Whose zone is unknown could not be read at all. Row security is forced on the owner too, so it is set aside for the repair.
alter table customer no force row level security;
alter table subscription no force row level security;
update customer set time_zone = 'UTC'
 where time_zone in (select used.name from (select distinct time_zone as name from customer) used where not is_time_zone(used.name));
update subscription set billing_zone = 'UTC'
 where billing_zone in (select used.name from (select distinct billing_zone as name from subscription) used where not is_time_zone(used.name));
alter table customer force row level security;
alter table subscription force row level security;

create trigger time_zone_is_known before insert or update of time_zone on customer for each row execute function time_zone_is_known();
