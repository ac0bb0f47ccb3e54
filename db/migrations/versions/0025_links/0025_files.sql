-- What a customer uploaded: who may delete its row, and that nothing deletes its bytes while the row is there.

-- Whether somebody acted in the customer's name when it was uploaded. It is the customer's file all the same.
alter table attachment add column uploaded_on_behalf boolean not null default false;

create function attachment_tells_who_acted() returns trigger language plpgsql set search_path = portico as $$
begin
  new.uploaded_on_behalf := new.uploaded_on_behalf or new.uploaded_by = 'CUSTOMER' and (coalesce(current_setting('app.actor', true), '') = 'PARTNER' or is_acted_for());
  return new;
end $$;
create trigger tells_who_acted before insert on attachment for each row execute function attachment_tells_who_acted();

create or replace view portal_attachment with (security_invoker = true) as
select id, customer_id, coalesce(invoice_id, schedule_id) as parent_id, invoice_id, schedule_id, file_name, content_type, size_bytes, sha256, status, uploaded_by, uploaded_at, version,
       uploaded_on_behalf
  from attachment;

-- As before; and the customer is who signed in, not who came by a link that staff had seen, nor somebody whom a token names beside the customer.
create or replace function attachment_is_the_customers() returns trigger language plpgsql set search_path = portico as $$
begin
  if old.uploaded_by = 'CUSTOMER' and old.status <> 'PENDING'
     and (coalesce(current_setting('app.actor', true), '') <> 'CUSTOMER' or coalesce(current_setting('app.customer_id', true), '') <> old.customer_id) then
    raise exception 'what a customer uploaded is deleted by that customer or by nobody' using errcode = 'restrict_violation';
  end if;
  if old.uploaded_by = 'CUSTOMER' and coalesce(current_setting('app.actor', true), '') = 'CUSTOMER' and is_acted_for() then
    raise exception 'what a customer uploaded is deleted by that customer after signing in' using errcode = 'restrict_violation';
  end if;
  return old;
end $$;

-- As before; and who acted stays, too.
create or replace function attachment_stays_what_it_is() returns trigger language plpgsql as $$
begin
  if (new.customer_id, new.id, new.uploaded_by, new.uploader, new.sha256, new.size_bytes, new.content_type, new.uploaded_on_behalf)
     is distinct from (old.customer_id, old.id, old.uploaded_by, old.uploader, old.sha256, old.size_bytes, old.content_type, old.uploaded_on_behalf)
     or (old.status <> 'PENDING' and (new.status, new.object_key) is distinct from (old.status, old.object_key)) then
    raise exception 'an attachment stays what it is' using errcode = 'restrict_violation';
  end if;
  return new;
end $$;

-- Who announced a file stores or rejects it, and nobody of the other side.
create policy own_kind_completes on attachment as restrictive for update to portico_app
  using (uploaded_by = case current_setting('app.actor', true) when 'STAFF' then 'STAFF' when 'CUSTOMER' then 'CUSTOMER' when 'PARTNER' then 'CUSTOMER' end);

-- No two rows have one object: else deleting the one would take the bytes of the other.
create unique index attachment_of_object on attachment (customer_id, object_key);

-- A loose object is deleted by the next sweep, so the object of a stored attachment is none, and nor is another customer's.
create function loose_object_is_loose() returns trigger language plpgsql set search_path = portico as $$
begin
  if split_part(new.object_key, '/', 2) not in (new.customer_id, '')
     or exists (select from attachment a where a.customer_id = new.customer_id and a.object_key = new.object_key and a.status = 'STORED') then
    raise exception 'an object that an attachment owns is not loose' using errcode = 'restrict_violation';
  end if;
  return new;
end $$;
create trigger is_loose before insert on loose_object for each row execute function loose_object_is_loose();
