create index concurrently subscription_trial_end on subscription (trial_ends_at) where status = 'TRIALING';
create index concurrently payment_method_expiry on payment_method (expires_on) where kind = 'CARD' and deleted_at is null;
