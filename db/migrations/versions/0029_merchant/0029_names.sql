-- The merchant's own id of an object, unique per kind and never changed, and pairs of texts for the merchant's programs (`is_metadata`).
-- The constraints are not validated here, which would read whole tables under a lock.
create function is_external_id(value text) returns boolean language sql immutable parallel safe
  return length(value) between 1 and 200 and value !~ '[\u0001-\u001f\u007f-\u009f\u2028\u2029]';

create function is_metadata(value jsonb) returns boolean language sql immutable parallel safe
  return case when value = '{}' then true
              when jsonb_typeof(value) <> 'object' then false
              else (select count(*) <= 50 and bool_and(length(pair.key) between 1 and 40 and jsonb_typeof(pair.value) = 'string' and length(pair.value #>> '{}') <= 500)
                      from jsonb_each(value) pair) end;

create function refuse_external_id_change() returns trigger language plpgsql as $$
begin
  raise exception 'an external id never changes' using errcode = 'restrict_violation';
end $$;

do $$
declare
  named text;
begin
  foreach named in array array['customer', 'subscription', 'payment_schedule', 'installment', 'invoice', 'payment', 'payment_method'] loop
    execute format('alter table %I add column external_id text collate "C", add column metadata jsonb not null default ''{}''', named);
    execute format('alter table %I add constraint %I check (is_external_id(external_id)) not valid', named, named || '_external_id');
    execute format('alter table %I add constraint %I check (is_metadata(metadata)) not valid', named, named || '_metadata');
    execute format('create trigger refuse_external_id_change before update of external_id on %I for each row
                      when (old.external_id is not null and new.external_id is distinct from old.external_id) execute function refuse_external_id_change()', named);
    execute format('grant update (external_id, metadata, version) on %I to portico_app', named);
  end loop;
end $$;
grant insert (external_id, metadata) on invoice to portico_app;
