create index concurrently installment_to_invoice on installment (invoice_at, customer_id, id) where invoice_at is not null;
