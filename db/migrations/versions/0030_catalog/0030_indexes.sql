create index concurrently subscription_of_price on subscription (price_id) where status <> 'CANCELED';
create index concurrently subscription_to_price on subscription (pending_price_id) where pending_price_id is not null;
