-- When the next pass of each job is due, and which worker runs the present one. A worker that is killed does not renew its lease, so another takes the pass over.
-- The tables of pgqueuer stay for workers of the version before this one.
alter table job_pass
  add column due_at       timestamptz,
  add column worker       text,
  add column leased_until timestamptz,
  -- How many passes in a row the database broke off; each was tried again after seconds.
  add column refusals     int not null default 0,
  add constraint job_pass_lease_has_a_worker check ((worker is null) = (leased_until is null));
