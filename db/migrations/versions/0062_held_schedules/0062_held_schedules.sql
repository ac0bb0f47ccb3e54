-- Whether an import holds the schedule: it cannot be changed before the release, which lets its installments be invoiced here. A program of the version before does not know the
-- column: it imports schedules without the mark, and leaves it at a release until the next one.
alter table payment_schedule add column is_import_held boolean not null default false;
grant update (is_import_held) on payment_schedule to portico_app;
insert into staff_write (relation, scope) values ('payment_schedule', 'imports:run') on conflict do nothing;
insert into column_erasure (relation, attribute, treatment, is_exported, is_in_events) values ('payment_schedule', 'is_import_held', 'KEPT', true, false);
