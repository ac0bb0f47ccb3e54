-- What erasing a customer does with each column of a table that has rows of customers, and each text elsewhere, and whether the customer's export has it.
--   GONE      the row is deleted
--   REPLACED  the value is replaced by one that says nothing about the customer
--   KEPT      the value stays: bookkeeping law asks for it, or it says nothing about the person (ids, states, amounts, instants, texts of the merchant)
--   NONE      the table has no data of customers
-- A revision that adds a column adds a row. A test compares with the catalog of the database.
create table column_erasure (
  relation    text collate "C" not null,
  attribute   text collate "C" not null,
  treatment   text not null check (treatment in ('GONE', 'REPLACED', 'KEPT', 'NONE')),
  is_exported boolean not null,
  primary key (relation, attribute)
);
grant select on column_erasure to portico_app;

-- Tables as a whole.
insert into column_erasure
select c.relname, a.attname, t.treatment, t.treatment <> 'NONE'
  from (values
        ('GONE', array['attachment', 'credential', 'data_export', 'identity_link', 'idempotency_key', 'client_key', 'letter', 'letter_cause', 'portal_session',
                       'refresh_token', 'webhook_event']),
        ('KEPT', array['audit_event', 'balance_entry', 'charge', 'coupon_redemption', 'credit_note', 'credit_note_line', 'customer', 'document_snapshot', 'installment',
                       'invoice', 'invoice_line', 'loose_object', 'partner_grant', 'payment', 'payment_allocation', 'payment_method', 'payment_schedule', 'refund',
                       'refund_allocation', 'refund_request', 'search_entry', 'subscription', 'subscription_event', 'taken_plan']),
        ('NONE', array['alembic_version', 'api_client', 'client_assertion', 'client_budget', 'client_credential', 'column_erasure', 'coupon', 'document_use',
                       'invoice_number', 'invoice_series', 'job_pass', 'pgqueuer', 'pgqueuer_log', 'pgqueuer_schedules', 'pgqueuer_statistics', 'plan', 'price',
                       'retention_offer', 'staff_write', 'stored_document'])) t (treatment, relations)
  join pg_class c on c.relname = any(t.relations) and c.relnamespace = 'portico'::regnamespace and c.relkind = 'r'
  join pg_attribute a on a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped;

-- Columns of rows that stay.
update column_erasure e set treatment = 'REPLACED'
  from (values
        ('customer', array['name', 'email', 'name_key', 'email_key', 'company_name', 'address_line1', 'address_line2', 'address_city', 'address_region',
                           'address_postal_code', 'address_country', 'tax_ids', 'metadata', 'shares_email', 'version', 'closed_at', 'erased_at']),
        ('payment_method', array['brand', 'last4', 'expires_on', 'fingerprint', 'processor_reference', 'metadata', 'is_default', 'deleted_at', 'version']),
        ('subscription', array['cancel_comment', 'metadata']),
        ('subscription_event', array['note']),
        ('invoice', array['metadata']), ('payment', array['metadata']), ('payment_schedule', array['metadata']), ('installment', array['metadata']),
        ('charge', array['request', 'changes', 'on_failure', 'answer', 'ordered', 'agreed']),
        ('refund_request', array['request', 'note', 'answer']),
        ('refund', array['note']),
        ('audit_event', array['actor_subject', 'acting_subject']),
        ('search_entry', array['words'])) r (relation, attributes)
 where e.relation = r.relation and e.attribute = any(r.attributes);

-- What an export leaves out: secrets, notes and names of the merchant's staff, what only the processor can use, what the program stores to continue its own work, and what is computed of other columns.
update column_erasure e set is_exported = false
  from (values
        ('credential', array['password_hash']), ('identity_link', array['secret_hash']), ('refresh_token', array['secret_hash', 'successor_sealed']),
        ('letter', array['sealed']), ('attachment', array['object_key']), ('data_export', array['object_key']), ('loose_object', array['object_key']),
        ('payment_method', array['fingerprint', 'processor_reference']), ('payment', array['processor_reference']), ('refund', array['reference', 'note']), ('portal_session', array['made_by_subject', 'made_by_issuer']),
        ('audit_event', array['actor_subject', 'acting_subject']),
        ('idempotency_key', array['input_hash', 'answer']),
        ('charge', array['request', 'changes', 'on_failure', 'answer', 'ordered', 'agreed']), ('refund_request', array['request', 'note', 'answer']),
        ('customer', array['name_key', 'email_key'])) r (relation, attributes)
 where e.relation = r.relation and e.attribute = any(r.attributes);
-- Tables that the application finds by another column than the customer's id: the keys of programs, reports of processors, and the index of the search.
update column_erasure set is_exported = false where relation in ('client_key', 'webhook_event', 'search_entry');

-- Rows of a table that belong to a customer, as JSON, without what an export leaves out; a part of them, in the order of the primary key.
create function exported_rows(owner text, wanted text, skipped integer, most integer) returns setof jsonb language plpgsql stable set search_path = portico as $$
declare
  owned_by constant text := case wanted when 'customer' then 'id' else 'customer_id' end;
  hidden text[];
  ordered text;
begin
  if not exists (select from column_erasure where relation = wanted and is_exported) then
    raise exception 'no rows of % are exported', wanted using errcode = 'invalid_parameter_value';
  end if;
  select coalesce(array_agg(attribute), '{}') into hidden from column_erasure where relation = wanted and not is_exported;
  select string_agg(quote_ident(a.attname), ', ' order by array_position(i.indkey::smallint[], a.attnum)) into ordered
    from pg_index i
    join pg_attribute a on a.attrelid = i.indrelid and a.attnum = any(i.indkey)
   where i.indrelid = format('portico.%I', wanted)::regclass and i.indisprimary;
  return query execute format('select to_jsonb(t) - $1 from %I t where %I = $2 order by %s offset $3 limit $4', wanted, owned_by, ordered)
    using hidden, owner, skipped, most;
end $$;
