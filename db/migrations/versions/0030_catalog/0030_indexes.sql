-- Partial, so that a code can move while an order that names the row holds its share lock: Postgres takes the columns of a whole unique index for a key.
create unique index concurrently price_code on price (code) where code is not null;
create index concurrently price_by_former_code on price (former_code) where former_code is not null;
create unique index concurrently retention_offer_code on retention_offer (code);
create index concurrently subscription_of_price on subscription (price_id) where status <> 'CANCELED';
create index concurrently subscription_to_price on subscription (pending_price_id) where pending_price_id is not null;
