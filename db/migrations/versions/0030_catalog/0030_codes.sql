-- A code names a price, and a cancellation option, among those of its kind. Plans and coupons have codes already.
-- A price with other terms is another row, to which the code moves: the row before keeps its code as `former_code`.
alter table price add column code text, add column former_code text;
alter table retention_offer add column code text;

-- The first code that no price has: plan, currency and interval, such as team-usd-month, and a number where that is taken.
create function free_price_code(wanted_plan text, currency text, billing_interval text, interval_count integer) returns text language plpgsql set search_path = portico as $$
declare
  stem constant text := (select code from plan where id = wanted_plan) || '-' || lower(currency) || '-' || case when interval_count = 1 then '' else interval_count || '-' end
                        || lower(billing_interval);
  free text := stem;
  number integer := 2;
begin
  while exists (select from price where free in (code, former_code)) loop
    free := stem || '-' || number;
    number := number + 1;
  end loop;
  return free;
end $$;

create function free_option_code(kind text) returns text language plpgsql set search_path = portico as $$
declare
  free text := lower(kind);
  number integer := 2;
begin
  while exists (select from retention_offer where code = free) loop
    free := lower(kind) || '-' || number;
    number := number + 1;
  end loop;
  return free;
end $$;

do $$
declare
  item record;
begin
  for item in select * from price order by is_archived, created_at, id loop
    update price set code = free_price_code(item.plan_id, item.currency, item.billing_interval, item.interval_count) where id = item.id;
  end loop;
  for item in select * from retention_offer order by rank loop
    update retention_offer set code = free_option_code(item.kind) where id = item.id;
  end loop;
end $$;

-- Rows of a program that knows no codes get one too.
create function give_price_code() returns trigger language plpgsql as $$
begin
  new.code := portico.free_price_code(new.plan_id, new.currency, new.billing_interval, new.interval_count);
  return new;
end $$;
create trigger give_price_code before insert on price for each row when (new.code is null and new.former_code is null) execute function give_price_code();
create function give_option_code() returns trigger language plpgsql as $$
begin
  new.code := portico.free_option_code(new.kind);
  return new;
end $$;
create trigger give_option_code before insert on retention_offer for each row when (new.code is null) execute function give_option_code();

alter table price add constraint price_has_one_code check ((code is null) <> (former_code is null));
alter table retention_offer alter column code set not null;

-- Options exchange their ranks in one transaction, and an archived option has none to defend. Writers of the catalog take turns, so the look at the end of each is enough.
alter table retention_offer drop constraint retention_offer_rank_key;
create function refuse_equal_rank() returns trigger language plpgsql set search_path = portico as $$
begin
  if (select count(*) from retention_offer o where o.is_active and o.rank = new.rank) > 1 then
    raise exception 'two cancellation options have rank %', new.rank using errcode = 'unique_violation';
  end if;
  return null;
end $$;
create constraint trigger refuse_equal_rank after insert or update on retention_offer deferrable initially deferred for each row
  when (new.is_active) execute function refuse_equal_rank();
