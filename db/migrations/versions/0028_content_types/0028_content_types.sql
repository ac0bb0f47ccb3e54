-- What was announced of a file may be wrong about its type. It is put right in the step that stores the file, and stays as it is from then on.
create or replace function attachment_stays_what_it_is() returns trigger language plpgsql as $$
begin
  if (new.customer_id, new.id, new.uploaded_by, new.uploader, new.sha256, new.size_bytes, new.uploaded_on_behalf)
     is distinct from (old.customer_id, old.id, old.uploaded_by, old.uploader, old.sha256, old.size_bytes, old.uploaded_on_behalf)
     or (old.status <> 'PENDING' and (new.status, new.object_key, new.content_type, new.file_name)
         is distinct from (old.status, old.object_key, old.content_type, old.file_name)) then
    raise exception 'an attachment stays what it is' using errcode = 'restrict_violation';
  end if;
  return new;
end $$;

grant update (content_type, file_name) on attachment to portico_app;
