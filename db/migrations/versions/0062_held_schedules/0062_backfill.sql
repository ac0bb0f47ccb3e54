-- What the ledger says is marked, and nothing else: 0061 read no row of the ledger, whose row security is forced on the owner, too. Programs from before 0061 released without
-- clearing the mark. Row security is set aside to read and write the rows of all customers.
alter table import_record no force row level security;
alter table invoice no force row level security;
alter table installment no force row level security;
alter table payment_schedule no force row level security;
alter table subscription no force row level security;
update invoice i set is_import_held = false where i.is_import_held;
-- The ledger is on the coordinator of a distributed database, so no statement reads it together with what it marks, and each writes the rows of one customer. What a returned payment
-- or a request has let the clock collect is left to the source again, unless a dispute has ended it.
do $$
declare
  held record;
begin
  for held in
      select r.owner_id, array_agg(r.target_id) filter (where r.kind = 'invoices') as invoice_ids, array_agg(r.target_id) filter (where r.kind = 'payment_schedules') as schedule_ids
        from import_record r
       where r.on_release is not null
       group by r.owner_id
  loop
    update invoice i set is_import_held = true where i.customer_id = held.owner_id and i.id = any(held.invoice_ids);
    update invoice i
       set collection = 'NONE', collect_at = null, retry_count = 0, retry_began_on = null, retry_last_on = null, retry_method_id = null, version = i.version + 1
     where i.customer_id = held.owner_id and i.id = any(held.invoice_ids) and i.collection not in ('NONE', 'GIVEN_UP');
    update payment_schedule h set is_import_held = true where h.customer_id = held.owner_id and h.id = any(held.schedule_ids);
  end loop;
end $$;
-- The source says of these that their customer pays them by hand; that their schedule is automatic, or that they are of a subscription, has let the clock collect them.
update invoice i
   set collection = 'NONE', collect_at = null, retry_count = 0, retry_began_on = null, retry_last_on = null, retry_method_id = null, version = i.version + 1
 where i.imported_at is not null and not i.is_automatic and i.collection not in ('NONE', 'GIVEN_UP')
   and (exists (select from payment_schedule h where h.customer_id = i.customer_id and h.id = i.schedule_id and h.collection = 'AUTOMATIC')
        or i.schedule_id is null and exists (select from subscription s where s.customer_id = i.customer_id and s.id = i.subscription_id and s.status = 'CANCELED'));
set constraints all immediate;
set constraints all deferred;
alter table import_record force row level security;
alter table invoice force row level security;
alter table installment force row level security;
alter table payment_schedule force row level security;
alter table subscription force row level security;
