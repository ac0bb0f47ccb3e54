-- Whether an import holds the invoice: the system that it came from collects it until the release. The ledger of imports says the same, but on a distributed database it is not
-- where the invoices are.
alter table invoice add column is_import_held boolean not null default false;
grant insert (is_import_held), update (is_import_held) on invoice to portico_app;

-- Row security is forced on the owner too, so it is set aside to read and write the rows of all customers.
alter table invoice no force row level security;
update invoice i set is_import_held = true
 where (i.customer_id, i.id) in (select r.owner_id, r.target_id from import_record r where r.kind = 'invoices' and r.on_release is not null);
-- What has become of them before is left to that system, too.
update invoice i set collection = 'NONE', collect_at = null, retry_count = 0, retry_began_on = null, retry_last_on = null, retry_method_id = null
 where i.is_import_held and (i.collection <> 'NONE' or i.collect_at is not null);
set constraints all immediate;
set constraints all deferred;
alter table invoice force row level security;
