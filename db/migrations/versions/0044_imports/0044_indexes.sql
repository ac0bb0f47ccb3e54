create index concurrently subscription_held_by_import on subscription (customer_id, id) where holds @> array['IMPORT'];
