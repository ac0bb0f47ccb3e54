-- One row for each job of the worker. pgqueuer's own `last_run` is set when a pass has failed, too, so it cannot say that billing has stopped.
create table job_pass (
  job           text collate "C" primary key,
  registered_at timestamptz not null,
  started_at    timestamptz,
  finished_at   timestamptz,
  -- The last pass that reached its end. Single things may have failed in it; the next pass tries them again.
  succeeded_at  timestamptz,
  outcome       text check (outcome in ('RUNNING', 'DONE', 'PARTIAL', 'FAILED')),
  detail        text not null default ''
);

alter table job_pass enable row level security;
alter table job_pass force row level security;
create policy for_system on job_pass to portico_app using (current_setting('app.actor', true) = 'SYSTEM');

grant select, insert, update on job_pass to portico_app;
