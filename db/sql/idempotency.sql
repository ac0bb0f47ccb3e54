-- name: idempotency.claim
-- returns: KeptAnswer
-- A row: the key is ours from now on. None: it was used before; whoever uses it at this moment is waited for.
insert into idempotency_key (customer_id, mutation, key, input_hash, created_at)
values (:customer_id, :mutation, :key, :input_hash, :now)
on conflict do nothing
returning customer_id, mutation, key, input_hash, cast(answer as text) as answer

-- name: idempotency.kept
-- returns: KeptAnswer
select customer_id, mutation, key, input_hash, cast(answer as text) as answer from idempotency_key
 where customer_id = :customer_id and mutation = :mutation and key = :key

-- name: idempotency.finish
-- returns: nothing
update idempotency_key set answer = cast(:answer as json), finished_at = :now
 where customer_id = :customer_id and mutation = :mutation and key = :key
