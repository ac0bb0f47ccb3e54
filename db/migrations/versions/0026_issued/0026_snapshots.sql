-- What an issued document prints beside its own row: of an invoice, of a credit note, and of a settled payment (its receipt). It never changes.
-- `issuer_…` is the merchant as its settings were then; null where a program wrote the document that did not know them. `is_backfilled`: copied by this migration,
-- so as the customer was on its day, because nothing older is known.
create table document_snapshot (
  customer_id         text collate "C" not null references customer (id),
  document_id         text collate "C" not null check (document_id like 'inv\_%' or document_id like 'cn\_%' or document_id like 'pay\_%'),
  invoice_id          text collate "C" generated always as (case when document_id like 'inv\_%' then document_id end) stored,
  credit_note_id      text collate "C" generated always as (case when document_id like 'cn\_%' then document_id end) stored,
  payment_id          text collate "C" generated always as (case when document_id like 'pay\_%' then document_id end) stored,
  name                text not null,
  company_name        text,
  email               text not null,
  address_line1       text,
  address_line2       text,
  address_city        text,
  address_region      text,
  address_postal_code text,
  address_country     text,
  tax_ids             text[] not null,
  tax_exemption       text check (tax_exemption in ('EXEMPT', 'REVERSE_CHARGE')),
  locale              text not null,
  time_zone           text not null,
  issuer_name         text,
  issuer_address      text[],
  issuer_tax_ids      text[],
  issuer_footer       text[],
  is_backfilled       boolean not null default false,
  primary key (customer_id, document_id),
  foreign key (customer_id, invoice_id) references invoice (customer_id, id),
  foreign key (customer_id, credit_note_id) references credit_note (customer_id, id),
  foreign key (customer_id, payment_id) references payment (customer_id, id),
  check (num_nulls(issuer_name, issuer_address, issuer_tax_ids, issuer_footer) in (0, 4))
);

create view portal_document_snapshot with (security_invoker = true) as
select customer_id, document_id, name, company_name, email, address_line1, address_line2, address_city, address_region, address_postal_code, address_country,
       tax_ids, tax_exemption, locale, time_zone, issuer_name, issuer_address, issuer_tax_ids, issuer_footer, is_backfilled
  from document_snapshot;

-- Row security is forced on the owner too, so it is set aside to read the rows of all customers.
alter table customer no force row level security;
alter table invoice no force row level security;
alter table credit_note no force row level security;
alter table payment no force row level security;

insert into document_snapshot (customer_id, document_id, name, email, tax_ids, locale, time_zone, is_backfilled)
select c.id, d.id, c.name, c.email, c.tax_ids, c.locale, c.time_zone, true
  from (select customer_id, id from invoice
         union all
        select customer_id, id from credit_note
         union all
        select customer_id, id from payment where settled_at is not null) d
  join customer c on c.id = d.customer_id;

alter table customer force row level security;
alter table invoice force row level security;
alter table credit_note force row level security;
alter table payment force row level security;

-- Whoever issues a document without a snapshot, such as a program of the last version beside this one, leaves it to the end of the transaction. Deferred, because
-- a program that knows the merchant's settings writes its own.
create function keep_document_snapshot() returns trigger language plpgsql set search_path = portico as $$
begin
  insert into document_snapshot (customer_id, document_id, name, company_name, email, address_line1, address_line2, address_city, address_region,
         address_postal_code, address_country, tax_ids, tax_exemption, locale, time_zone)
  select c.id, new.id, c.name, c.company_name, c.email, c.address_line1, c.address_line2, c.address_city, c.address_region, c.address_postal_code,
         c.address_country, c.tax_ids, c.tax_exemption, c.locale, c.time_zone
    from customer c
   where c.id = new.customer_id and not exists (select from document_snapshot s where s.customer_id = new.customer_id and s.document_id = new.id)
      on conflict do nothing;
  return null;
end $$;

create constraint trigger keep_document_snapshot after insert on invoice deferrable initially deferred for each row execute function keep_document_snapshot();
create constraint trigger keep_document_snapshot after insert on credit_note deferrable initially deferred for each row execute function keep_document_snapshot();
create constraint trigger keep_document_snapshot after insert or update of settled_at on payment deferrable initially deferred for each row
  when (new.settled_at is not null) execute function keep_document_snapshot();

create function refuse_snapshot_change() returns trigger language plpgsql set search_path = portico as $$
begin
  raise exception 'what document % printed when it was issued never changes', old.document_id using errcode = 'restrict_violation';
end $$;
create trigger refuse_snapshot_change before update or delete on document_snapshot for each row execute function refuse_snapshot_change();

alter table document_snapshot enable row level security;
alter table document_snapshot force row level security;
create policy own_rows on document_snapshot to portico_app
  using (case when customer_id = nullif(current_setting('app.customer_id', true), '') then true else false end)
  with check (customer_id = nullif(current_setting('app.customer_id', true), ''));
create policy any_row_for_staff on document_snapshot for select to portico_app using (case when current_setting('app.actor', true) = 'STAFF' then true else false end);

grant select, insert on document_snapshot to portico_app;
grant select on portal_document_snapshot to portico_app;
