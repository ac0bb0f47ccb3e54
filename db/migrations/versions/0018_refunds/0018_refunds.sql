-- Money of a payment that went back, whoever began it. `reference` is the processor's. A refund that is told before its payment has settled is PENDING until then.
create table refund (
  customer_id  text collate "C" not null references customer (id),
  id           text collate "C" not null check (id like 'ref\_%'),
  payment_id   text collate "C" not null,
  currency     text not null,
  amount_minor bigint not null check (amount_minor > 0),
  reason       text not null check (reason in ('REQUESTED', 'GOODWILL', 'DUPLICATE', 'FRAUDULENT', 'DISPUTE', 'RETURNED')),
  status       text not null check (status in ('PENDING', 'SUCCEEDED', 'FAILED', 'REVERSED')),
  reference    text,
  note         text not null default '',
  created_at   timestamptz not null,
  settled_at   timestamptz,
  version      integer not null default 1,
  primary key (customer_id, id),
  unique (customer_id, id, currency),
  foreign key (customer_id, payment_id, currency) references payment (customer_id, id, currency),
  check ((status in ('SUCCEEDED', 'REVERSED')) = (settled_at is not null))
);
create index refund_of_payment on refund (customer_id, payment_id, id);

-- What a refund takes from: an allocation's invoice or installment, or with neither the part of the payment that had become credit. Without rows nothing was taken yet, or
-- it was given back to us.
create table refund_allocation (
  customer_id    text collate "C" not null,
  id             text collate "C" not null check (id like 'rfa\_%'),
  refund_id      text collate "C" not null,
  invoice_id     text collate "C",
  installment_id text collate "C",
  currency       text not null,
  amount_minor   bigint not null check (amount_minor > 0),
  created_at     timestamptz not null,
  primary key (customer_id, id),
  foreign key (customer_id, refund_id, currency) references refund (customer_id, id, currency),
  foreign key (customer_id, invoice_id, currency) references invoice (customer_id, id, currency),
  foreign key (customer_id, installment_id, currency) references installment (customer_id, id, currency)
);
create index refund_allocation_of_refund on refund_allocation (customer_id, refund_id, id);
create index refund_allocation_of_invoice on refund_allocation (customer_id, invoice_id, refund_id) where invoice_id is not null;
create index refund_allocation_of_installment on refund_allocation (customer_id, installment_id, refund_id) where installment_id is not null;

-- A document that takes back a part of an issued invoice: what was still open of it (`released_minor`), what became the customer's credit (`granted_minor`), and what
-- was paid back (`refunded_minor`). Until the transaction that issues it ends, it has its id in place of its number.
create table credit_note (
  customer_id    text collate "C" not null,
  id             text collate "C" not null check (id like 'cn\_%'),
  number         text not null,
  sequence       bigint,
  reason         text not null check (reason in ('UNUSED_TIME', 'REFUND', 'CORRECTION')),
  currency       text not null,
  invoice_id     text collate "C" not null,
  refund_id      text collate "C",
  issued_at      timestamptz not null,
  subtotal_minor bigint not null,
  tax_minor      bigint not null check (tax_minor >= 0),
  total_minor    bigint not null check (total_minor > 0),
  released_minor bigint not null default 0 check (released_minor >= 0),
  granted_minor  bigint not null default 0 check (granted_minor >= 0),
  refunded_minor bigint not null default 0 check (refunded_minor >= 0),
  created_at     timestamptz not null,
  primary key (customer_id, id),
  unique (customer_id, id, currency),
  unique (customer_id, number),
  foreign key (customer_id, invoice_id, currency) references invoice (customer_id, id, currency),
  foreign key (customer_id, refund_id, currency) references refund (customer_id, id, currency),
  check (total_minor = subtotal_minor + tax_minor),
  check (total_minor = released_minor + granted_minor + refunded_minor)
);
create index credit_note_by_id on credit_note (id);
create index credit_note_by_issue on credit_note (customer_id, issued_at, id);
create index credit_note_of_invoice on credit_note (customer_id, invoice_id, issued_at, id);

create table credit_note_line (
  customer_id      text collate "C" not null,
  id               text collate "C" not null check (id like 'line\_%'),
  credit_note_id   text collate "C" not null,
  currency         text not null,
  position         integer not null check (position >= 1),
  description      text not null,
  subtotal_minor   bigint not null,
  tax_minor        bigint not null,
  total_minor      bigint not null,
  period_starts_at timestamptz,
  period_ends_at   timestamptz,
  primary key (customer_id, id),
  unique (customer_id, credit_note_id, position),
  foreign key (customer_id, credit_note_id, currency) references credit_note (customer_id, id, currency),
  check (total_minor = subtotal_minor + tax_minor),
  check (period_ends_at > period_starts_at)
);
create index credit_note_line_by_id on credit_note_line (id);

-- Money that pays what is owed on the account is an entry of its own kind.
alter table balance_entry drop constraint balance_entry_kind_check;
alter table balance_entry add constraint balance_entry_kind_check
  check (kind in ('CREDIT_NOTE', 'OVERPAYMENT', 'APPLIED_TO_INVOICE', 'ADJUSTMENT', 'CHARGE', 'REFUND', 'PAYMENT'));
alter table balance_entry add column refund_id text collate "C", add column credit_note_id text collate "C",
  add foreign key (customer_id, refund_id, currency) references refund (customer_id, id, currency),
  add foreign key (customer_id, credit_note_id, currency) references credit_note (customer_id, id, currency);

do $$
declare
  item text;
begin
  foreach item in array array['refund', 'refund_allocation', 'credit_note', 'credit_note_line'] loop
    execute format('alter table %I enable row level security', item);
    execute format('alter table %I force row level security', item);
    execute format($p$create policy own_rows on %I to portico_app
      using (case when customer_id = nullif(current_setting('app.customer_id', true), '') then true else false end)
      with check (customer_id = nullif(current_setting('app.customer_id', true), ''))$p$, item);
    execute format($p$create policy any_row_for_staff on %I for select to portico_app
      using (case when current_setting('app.actor', true) = 'STAFF' then true else false end)$p$, item);
  end loop;
end $$;

grant select on refund, refund_allocation, credit_note, credit_note_line to portico_app;
grant insert on refund, refund_allocation, credit_note_line to portico_app;
grant insert (customer_id, id, number, reason, currency, invoice_id, refund_id, issued_at, subtotal_minor, tax_minor, total_minor, released_minor, granted_minor,
  refunded_minor, created_at) on credit_note to portico_app;
grant update (status, settled_at, note, version) on refund to portico_app;
grant delete on refund_allocation to portico_app;
