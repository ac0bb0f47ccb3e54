create index concurrently webhook_event_of_payment on webhook_event (payment_id) where payment_id is not null;
create index concurrently client_key_of_owner on client_key (owner_id) where owner_id is not null;
