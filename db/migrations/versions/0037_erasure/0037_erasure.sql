-- `erased_at`: the personal data of the customer was replaced. An erased customer is closed for good, and nothing is written for them any more.
alter table customer add column erased_at timestamptz, add check (erased_at is null or closed_at is not null);

create or replace view portal_customer with (security_invoker = true) as
select id, id as customer_id, name, email, locale, time_zone, currency, version, created_at,
       company_name, address_line1, address_line2, address_city, address_region, address_postal_code, address_country, tax_ids, tax_exemption,
       visible_external_id(external_id) as external_id, visible_metadata(metadata) as metadata, tax_rate_ppm, tax_name,
       closed_at, shares_email and current_setting('app.actor', true) in ('STAFF', 'SYSTEM') as shares_email, erased_at
  from customer;

-- Whether the transaction erases this customer: staff with the scope have marked the customer as erased, in this transaction or before.
create function is_erasing(wanted text) returns boolean language sql stable set search_path = portico
return staff_may('customers:erase') and wanted = nullif(current_setting('app.customer_id', true), '')
       and exists (select from customer c where c.id = wanted and c.erased_at is not null);

-- Who writes for an erased customer is refused. The system still applies what processors report about payments of before.
create function check_erased(erased_at timestamptz) returns boolean language plpgsql stable as $$
begin
  if erased_at is not null and coalesce(current_setting('app.actor', true), '') <> 'SYSTEM' then
    raise exception 'the customer is erased' using errcode = 'PO404';
  end if;
  return true;
end $$;

create function assert_not_erased() returns void language plpgsql stable as $$
begin
  perform check_erased(c.erased_at) from customer c where c.id = nullif(current_setting('app.customer_id', true), '');
end $$;

create function guard_erasure() returns trigger language plpgsql set search_path = portico as $$
begin
  if old.erased_at is not null then
    raise exception 'the customer is erased' using errcode = 'PO404';
  end if;
  if new.erased_at is not null and current_user = 'portico_app' and not staff_may('customers:erase') then
    raise exception 'only staff with the scope customers:erase erase a customer' using errcode = 'insufficient_privilege';
  end if;
  return new;
end $$;
create trigger guard_erasure before update on customer for each row
  when (old.erased_at is not null or new.erased_at is not null) execute function guard_erasure();

-- Columns that are written once, and emptied when the customer is erased.
create function refuse_unless_erasing() returns trigger language plpgsql set search_path = portico as $$
begin
  if current_user = 'portico_app' and not is_erasing(old.customer_id) then
    raise exception 'this changes only when the customer is erased' using errcode = 'insufficient_privilege';
  end if;
  return new;
end $$;
create trigger refuse_unless_erasing before update of request, changes, on_failure, answer, ordered, agreed on charge
  for each row execute function refuse_unless_erasing();
create trigger refuse_unless_erasing before update of request, note, answer on refund_request for each row execute function refuse_unless_erasing();
create trigger refuse_unless_erasing before update of note on subscription_event for each row execute function refuse_unless_erasing();
create trigger refuse_unless_erasing before update of fingerprint on payment_method for each row execute function refuse_unless_erasing();
grant update (request, changes, on_failure, answer, ordered, agreed) on charge to portico_app;
grant update (request, note, answer) on refund_request to portico_app;
grant update (note) on subscription_event to portico_app;
grant update (fingerprint) on payment_method to portico_app;
grant update (erased_at) on customer to portico_app;

-- What a customer uploaded is deleted by that customer, or with the customer.
create or replace function attachment_is_the_customers() returns trigger language plpgsql set search_path = portico as $$
begin
  if is_erasing(old.customer_id) then
    return old;
  end if;
  if old.uploaded_by = 'CUSTOMER' and old.status <> 'PENDING'
     and (coalesce(current_setting('app.actor', true), '') <> 'CUSTOMER' or coalesce(current_setting('app.customer_id', true), '') <> old.customer_id) then
    raise exception 'what a customer uploaded is deleted by that customer or by nobody' using errcode = 'restrict_violation';
  end if;
  if old.uploaded_by = 'CUSTOMER' and coalesce(current_setting('app.actor', true), '') = 'CUSTOMER' and is_acted_for() then
    raise exception 'what a customer uploaded is deleted by that customer after signing in' using errcode = 'restrict_violation';
  end if;
  return old;
end $$;
alter policy own_kind on attachment
  using (uploaded_by = case current_setting('app.actor', true) when 'STAFF' then 'STAFF' when 'CUSTOMER' then 'CUSTOMER' end
         or (current_setting('app.actor', true) = 'SYSTEM' and status = 'PENDING') or is_erasing(customer_id));

-- The audit trail stays append-only, except for the name by which an erased customer signed in at another provider.
create or replace function audit_is_append_only() returns trigger language plpgsql set search_path = portico as $$
begin
  if tg_op = 'UPDATE' and is_erasing(old.customer_id)
     and to_jsonb(new) - array['actor_subject', 'acting_subject'] = to_jsonb(old) - array['actor_subject', 'acting_subject'] then
    return new;
  end if;
  raise exception 'the audit trail is append-only' using errcode = 'insufficient_privilege';
end $$;
create policy erased_with_customer on audit_event for update to portico_app using (is_erasing(customer_id));
grant update (actor_subject, acting_subject) on audit_event to portico_app;

-- Answers that programs of the merchant got about the customer.
create policy erased_with_customer_found on client_key for select to portico_app using (owner_id = nullif(current_setting('app.customer_id', true), '') and is_erasing(owner_id));
create policy erased_with_customer on client_key for delete to portico_app using (owner_id = nullif(current_setting('app.customer_id', true), '') and is_erasing(owner_id));

insert into staff_write (relation, scope)
select relation, 'customers:erase'
  from unnest(array['customer', 'credential', 'portal_session', 'identity_link', 'partner_grant', 'payment_method', 'attachment', 'loose_object', 'letter',
         'letter_cause', 'idempotency_key', 'charge', 'refund_request', 'subscription', 'subscription_event', 'invoice', 'payment', 'payment_schedule', 'installment',
         'refund', 'data_export']) relation;
-- Who may read everything about a customer may have it exported.
insert into staff_write (relation, scope) values ('data_export', 'customers:read');
