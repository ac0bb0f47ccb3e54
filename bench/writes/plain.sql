-- The plain writes of the peers: no idempotency key, no lock of the customer and no entry in the audit trail. $1 is the customer.

-- name: pauseSubscription
update subscription set status = 'PAUSED', paused_at = now(), renews_at = null, version = version + 1
 where customer_id = $1 and id = $2 and status = 'ACTIVE'
returning id, status, version, renews_at

-- name: resumeSubscription
update subscription set status = 'ACTIVE', paused_at = null, renews_at = period_ends_at, version = version + 1
 where customer_id = $1 and id = $2 and status = 'PAUSED'
returning id, status, version, renews_at

-- name: updateProfile
update customer set name = $2, version = version + 1 where id = $1
returning id, version, name
