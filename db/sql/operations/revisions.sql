-- name: revisions.confirmed
-- returns: CustomerRevision
-- Check the caller, and select the revision of what an answer to them depends on. The statement needs no transaction and no settings.
select confirmed_revision(cast(:customer_id as text), cast(:actor as text), cast(:now as timestamptz), cast(:session_id as text), cast(:acting_party as text), cast(:app as text),
                          cast(:is_known as boolean), cast(:with_catalog as boolean)) as revision

-- name: revisions.confirmed_each
-- returns: NumberedRevision
-- The same for several callers, each with the number of their place. The function sets the settings of each caller before it reads. If one caller is refused, all are.
select k.number, confirmed_revision(k.customer_id, k.actor, k.at, k.session_id, k.acting_party, k.app, k.is_known, k.with_catalog) as revision
  from unnest(cast(:customer_id as text[]), cast(:actor as text[]), cast(:now as timestamptz[]), cast(:session_id as text[]), cast(:acting_party as text[]),
              cast(:app as text[]), cast(:is_known as boolean[]), cast(:with_catalog as boolean[])) with ordinality
    as k (customer_id, actor, at, session_id, acting_party, app, is_known, with_catalog, number)

-- name: revisions.of_answer
-- returns: AnswerRevision
-- Select the revision of what an answer to the customer depends on, and the interval of time, without its end, in which time alone changes nothing of the answer: a part of the
-- customer's day. The other parameters say whose instants end it too: files that are announced, promises to pay, pauses, collections. Null in place of the interval on the days
-- of which the clock changes at midnight.
with day as (
    select d.today_on, d.since, d.until
      from (select t.today_on, c.time_zone, cast(t.today_on as timestamp) at time zone c.time_zone as since, cast(t.today_on + 1 as timestamp) at time zone c.time_zone as until
              from customer c
             cross join lateral (select today_in(c.time_zone) as today_on offset 0) t
             where c.id = :customer_id) d
     where d.since <= operation_now() and operation_now() < d.until
       and cast(d.since at time zone d.time_zone as date) = d.today_on and cast((d.until - interval '1 microsecond') at time zone d.time_zone as date) = d.today_on),
instant (at) as (
    select a.uploaded_at + interval '1 hour' from attachment a where :files and a.customer_id = :customer_id and a.status = 'PENDING'
     union all
    select i.promise_until from invoice i where :promises and i.customer_id = :customer_id and i.promise_until is not null
     union all
    select s.period_ends_at from subscription s where :pauses and s.customer_id = :customer_id and s.status = 'PAUSED' and s.resumes_at is not null
     union all
    select i.collect_at from invoice i where :collections and i.customer_id = :customer_id and i.collect_at is not null
     union all
    select (cast(d.today_on as timestamp) + interval '9 hours') at time zone c.time_zone from day d join customer c on c.id = :customer_id where :collections)
select customer_revision(:with_catalog) as revision,
       (select greatest(d.since, (select max(at) from instant where at <= operation_now())) from day d) as since,
       (select least(d.until, (select min(at) from instant where at > operation_now())) from day d) as until
