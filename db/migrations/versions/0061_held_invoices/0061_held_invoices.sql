-- Whether an import holds the invoice: the system that it came from collects it until the release. The ledger of imports says the same, but on a distributed database it is not
-- where the invoices are. A program of the version before does not know the column: an invoice whose collection is not NONE was released by one, so readers compare both.
alter table invoice add column is_import_held boolean not null default false;
grant insert (is_import_held), update (is_import_held) on invoice to portico_app;
insert into column_erasure (relation, attribute, treatment, is_exported, is_in_events) values ('invoice', 'is_import_held', 'KEPT', true, false);

-- Row security is forced on the owner too, so it is set aside to read and write the rows of all customers.
alter table invoice no force row level security;
update invoice i set is_import_held = true
 where (i.customer_id, i.id) in (select r.owner_id, r.target_id from import_record r where r.kind = 'invoices' and r.on_release is not null);
-- What a returned payment or a request has let the clock collect is left to that system again, unless a dispute has ended it.
update invoice i
   set collection = 'NONE', collect_at = null, retry_count = 0, retry_began_on = null, retry_last_on = null, retry_method_id = null, version = i.version + 1
 where i.is_import_held and i.collection not in ('NONE', 'GIVEN_UP');
set constraints all immediate;
set constraints all deferred;
alter table invoice force row level security;
