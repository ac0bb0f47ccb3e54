-- name: passes.register
-- returns: nothing
-- Register jobs, so that a pass of each of them is expected. A pass that was due earlier stays due.
insert into job_pass as p (job, registered_at, due_at)
select job, now(), case when is_at_once then now() else date_bin(every, now(), timestamptz 'epoch' + starts) + every end
  from unnest(cast(:jobs as text[]), cast(:intervals as interval[]), cast(:offsets as interval[]), cast(:at_once as bool[])) as j (job, every, starts, is_at_once)
 order by job
    on conflict (job) do update set due_at = least(p.due_at, excluded.due_at)

-- name: passes.claim
-- returns: ClaimedPassRow
-- Claim the passes of these jobs that are due, and that no other worker runs. A pass whose lease has ended was left by a worker that was killed.
update job_pass as p set started_at = now(), outcome = 'RUNNING', worker = :worker, leased_until = now() + cast(:lease as interval)
  from (select job from job_pass
         where job = any(cast(:jobs as text[])) and due_at <= now() and (leased_until is null or leased_until <= now())
           for update skip locked) as due
 where p.job = due.job
returning p.job, p.started_at

-- name: passes.renew
-- returns: ClaimedPassRow
-- Renew the leases of the passes that a worker runs. Those that another worker has taken over are not returned.
update job_pass set leased_until = now() + cast(:lease as interval) where job = any(cast(:jobs as text[])) and worker = :worker
returning job, started_at

-- name: passes.end
-- returns: nothing
-- Record the end of a pass, unless another worker has taken it over. The next one is due at the first time after the start of this one, so times that were
-- missed are made up for by one pass; it is due after seconds where the database broke this one off, as long as that happens less than `attempts` times in a row.
update job_pass as p
   set finished_at = now(), succeeded_at = case when :outcome <> 'FAILED' then now() else succeeded_at end, outcome = :outcome, detail = :detail,
       worker = null, leased_until = null, refusals = next.refusals,
       due_at = case when next.refusals > 0 then least(next.due_at, now() + cast(:pause as interval)) else next.due_at end
  from (select job, case when cast(:is_refused as bool) and refusals + 1 < cast(:attempts as int) then refusals + 1 else 0 end as refusals,
               date_bin(:interval, :started_at, timestamptz 'epoch' + cast(:offset as interval)) + cast(:interval as interval) as due_at
          from job_pass where job = :job) as next
 where p.job = next.job and p.worker = :worker

-- name: passes.all
-- returns: JobPass
select job, registered_at, started_at, finished_at, succeeded_at, outcome, detail, now() as read_at from job_pass order by job
