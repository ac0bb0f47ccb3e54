create unique index concurrently customer_by_external_id on customer (external_id) where external_id is not null;
create unique index concurrently subscription_by_external_id on subscription (external_id) where external_id is not null;
create unique index concurrently payment_schedule_by_external_id on payment_schedule (external_id) where external_id is not null;
create unique index concurrently installment_by_external_id on installment (external_id) where external_id is not null;
create unique index concurrently invoice_by_external_id on invoice (external_id) where external_id is not null;
create unique index concurrently payment_by_external_id on payment (external_id) where external_id is not null;
create unique index concurrently payment_method_by_external_id on payment_method (external_id) where external_id is not null;
