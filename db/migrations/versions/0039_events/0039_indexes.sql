-- What becomes due and overdue, for the worker.
create index concurrently installment_unpaid_by_due on installment (due_on, id) where remaining_minor > 0;
