-- name: passes.register
-- returns: nothing
-- Register jobs, so that a pass of each of them is expected.
insert into job_pass (job, registered_at) select job, :now from unnest(cast(:jobs as text[])) job on conflict (job) do nothing

-- name: passes.begin
-- returns: nothing
insert into job_pass (job, registered_at, started_at, outcome) values (:job, :now, :now, 'RUNNING')
on conflict (job) do update set started_at = excluded.started_at, outcome = excluded.outcome

-- name: passes.end
-- returns: nothing
insert into job_pass as p (job, registered_at, started_at, finished_at, succeeded_at, outcome, detail)
values (:job, :started_at, :started_at, :now, case when :outcome <> 'FAILED' then cast(:now as timestamptz) end, :outcome, :detail)
on conflict (job) do update set started_at = excluded.started_at, finished_at = excluded.finished_at, succeeded_at = coalesce(excluded.succeeded_at, p.succeeded_at),
  outcome = excluded.outcome, detail = excluded.detail

-- name: passes.all
-- returns: JobPass
select job, registered_at, started_at, finished_at, succeeded_at, outcome, detail from job_pass order by job

-- name: passes.due_at_once
-- returns: nothing
-- Make due the schedules that run each minute, and those that this worker had picked when its connection was lost.
update pgqueuer_schedules set status = 'queued', next_run = now(), updated = now()
 where (status = 'queued' and expression = :expression) or (status = 'picked' and id = any(cast(:interrupted as bigint[])))
