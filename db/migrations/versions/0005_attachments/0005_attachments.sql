-- Every object that is, or may be, in the bucket is named by a row at every moment: by an attachment, or here, before its first byte is sent and until it is
-- known to be gone. So whatever dies when, nothing is left over that a look at this table does not find.
create table loose_object (
  customer_id text collate "C" not null references customer (id),
  object_key  text collate "C" not null check (length(object_key) between 1 and 500),
  -- Before this moment somebody may still be writing it.
  expires_at  timestamptz not null,
  -- Somebody is deleting it; no attachment can own it any more.
  is_doomed   boolean not null default false,
  primary key (customer_id, object_key)
);
create index loose_object_by_age on loose_object (expires_at);

create index attachment_pending on attachment (uploaded_at) where status = 'PENDING';

alter table loose_object enable row level security;
alter table loose_object force row level security;
create policy own_rows on loose_object to portico_app
  using (case when customer_id = nullif(current_setting('app.customer_id', true), '') then true else false end)
  with check (customer_id = nullif(current_setting('app.customer_id', true), ''));
-- The sweep finds what is due whoever owns it; it then acts for one customer at a time.
create policy found_by_system on loose_object for select to portico_app using (current_setting('app.actor', true) = 'SYSTEM');
create policy found_by_system on attachment for select to portico_app using (current_setting('app.actor', true) = 'SYSTEM' and status = 'PENDING');

-- Who writes an attachment says truly who it is.
create policy true_uploader on attachment as restrictive for insert to portico_app
  with check (uploaded_by = case current_setting('app.actor', true) when 'STAFF' then 'STAFF' else 'CUSTOMER' end);
create policy own_kind on attachment as restrictive for delete to portico_app
  using (uploaded_by = case current_setting('app.actor', true) when 'STAFF' then 'STAFF' when 'CUSTOMER' then 'CUSTOMER' end
         or (current_setting('app.actor', true) = 'SYSTEM' and status = 'PENDING'));

-- What a customer uploaded is deleted by that customer or by nobody: not by staff, not by the owner of the table, not because something else is deleted.
create function attachment_is_the_customers() returns trigger language plpgsql as $$
begin
  if old.uploaded_by = 'CUSTOMER' and old.status <> 'PENDING'
     and (coalesce(current_setting('app.actor', true), '') <> 'CUSTOMER' or coalesce(current_setting('app.customer_id', true), '') <> old.customer_id) then
    raise exception 'what a customer uploaded is deleted by that customer or by nobody' using errcode = 'restrict_violation';
  end if;
  return old;
end $$;
create trigger customers_keep_theirs before delete on attachment for each row execute function attachment_is_the_customers();

create function attachment_is_never_emptied() returns trigger language plpgsql as $$
begin
  raise exception 'attachments are deleted one by one' using errcode = 'restrict_violation';
end $$;
create trigger never_emptied before truncate on attachment for each statement execute function attachment_is_never_emptied();

-- Nor can it be made to look like somebody else's first, or its bytes be exchanged.
create function attachment_stays_what_it_is() returns trigger language plpgsql as $$
begin
  if (new.customer_id, new.id, new.uploaded_by, new.uploader, new.sha256, new.size_bytes, new.content_type)
     is distinct from (old.customer_id, old.id, old.uploaded_by, old.uploader, old.sha256, old.size_bytes, old.content_type)
     or (old.status <> 'PENDING' and (new.status, new.object_key) is distinct from (old.status, old.object_key)) then
    raise exception 'an attachment stays what it is' using errcode = 'restrict_violation';
  end if;
  return new;
end $$;
create trigger stays_what_it_is before update on attachment for each row execute function attachment_stays_what_it_is();

grant select, insert, delete on loose_object to portico_app;
grant update (expires_at, is_doomed) on loose_object to portico_app;
grant insert, delete on attachment to portico_app;
grant update (status, object_key, version) on attachment to portico_app;
