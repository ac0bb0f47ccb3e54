-- name: events.by_id
-- returns: EventRow
select * from portal_event where customer_id = :customer_id and seq = event_seq(:key) and id = :key

-- name: events.of_customer
-- returns: EventRow
-- order seq: seq
-- Select the events of the customer, which are numbered in the order of the commits.
select *
  from portal_event
 where customer_id = :customer_id
   and (cast(:types as text[]) is null or event_type = any(:types))

-- name: events.feed
-- returns: EventRow
-- order position: position
-- check position: feed_position
-- Select the events of all customers that have their place in the feed.
select *
  from portal_event
 where position is not null
   and (cast(:types as text[]) is null or event_type = any(:types))

-- name: timed_events.coming
-- returns: Due
-- Select customers after :after to whom time may bring an event that is not written yet. The bounds are a day wider than the days in the customer's time zone, which is not
-- read here.
select due.customer_id, min(due.id) as id
  from (select s.customer_id, s.id
          from subscription s
         where s.status = 'TRIALING' and s.trial_ends_at > :now and s.trial_ends_at < cast(:now as timestamptz) + make_interval(days => cast(:trial_days as integer) + 2)
           and not exists (select from timed_event t where t.customer_id = s.customer_id and t.type = 'subscription.trial_ending' and t.object_id = s.id
                              and t.occurrence = cast(extract(epoch from s.trial_ends_at) as text))
        union all
        select s.customer_id, s.id
          from subscription s
         where s.status = 'ACTIVE' and s.renews_at > :now and s.renews_at < cast(:now as timestamptz) + make_interval(days => cast(:renewal_days as integer) + 2)
           and s.renews_at - s.period_starts_at > make_interval(days => cast(:renewal_days as integer))
           and not exists (select from timed_event t where t.customer_id = s.customer_id and t.type = 'invoice.upcoming' and t.object_id = s.id
                              and t.occurrence = cast(extract(epoch from s.renews_at) as text))
        union all
        select m.customer_id, m.id
          from payment_method m
         where m.kind = 'CARD' and m.deleted_at is null
           and m.expires_on >= cast(cast(:now as timestamptz) at time zone 'UTC' as date) - 1
           and m.expires_on <= cast(cast(:now as timestamptz) at time zone 'UTC' as date) + cast(:card_days as integer) + 1
           and greatest(m.expires_on - cast(:card_days as integer), cast(m.created_at as date)) >= cast(cast(:now as timestamptz) as date) - cast(:window_days as integer) - 1
           and not exists (select from timed_event t where t.customer_id = m.customer_id and t.type = 'payment_method.expiring' and t.object_id = m.id
                              and t.occurrence = cast(m.expires_on as text))
        union all
        select i.customer_id, i.id
          from invoice i
         where i.remaining_minor > 0 and i.written_off_at is null
           and i.due_on <= cast(cast(:now as timestamptz) at time zone 'UTC' as date)
           and i.due_on >= cast(cast(:now as timestamptz) at time zone 'UTC' as date) - cast(:window_days as integer) - 1
           and not exists (select from timed_event t where t.customer_id = i.customer_id and t.type = 'invoice.overdue' and t.object_id = i.id
                              and t.occurrence = cast(i.due_on as text))
        union all
        select p.customer_id, p.id
          from installment p
         where p.remaining_minor > 0
           and p.due_on <= cast(cast(:now as timestamptz) at time zone 'UTC' as date) + 1
           and p.due_on >= cast(cast(:now as timestamptz) at time zone 'UTC' as date) - cast(:window_days as integer) - 1
           and 2 > (select count(*) from timed_event t where t.customer_id = p.customer_id and t.type in ('installment.due', 'installment.overdue') and t.object_id = p.id
                                                         and t.occurrence = cast(p.due_on as text))) due
 where due.customer_id > :after
 group by due.customer_id
 order by due.customer_id
 limit :wanted

-- name: timed_events.add
-- returns: nothing
-- Add what time has brought to the customer, in days of their time zone, each once. An occurrence of more than :window_days ago gets no event.
insert into timed_event (customer_id, type, object_id, occurrence, written_at)
select c.id, due.type, due.object_id, due.occurrence, cast(:now as timestamptz)
  from customer c
 cross join lateral (select today_in(c.time_zone) as today_on offset 0) t
 cross join lateral (
        select 'subscription.trial_ending' as type, s.id as object_id, cast(extract(epoch from s.trial_ends_at) as text) as occurrence
          from subscription s
         where s.customer_id = c.id and s.status = 'TRIALING' and s.trial_ends_at > :now
           and cast(s.trial_ends_at at time zone c.time_zone as date) - cast(:trial_days as integer) <= t.today_on
        union all
        select 'invoice.upcoming', s.id, cast(extract(epoch from s.renews_at) as text)
          from subscription s
         where s.customer_id = c.id and s.status = 'ACTIVE' and s.renews_at > :now
           and s.renews_at - s.period_starts_at > make_interval(days => cast(:renewal_days as integer))
           and cast(s.renews_at at time zone c.time_zone as date) - cast(:renewal_days as integer) <= t.today_on
        union all
        select 'payment_method.expiring', m.id, cast(m.expires_on as text)
          from payment_method m
         where m.customer_id = c.id and m.kind = 'CARD' and m.deleted_at is null and m.expires_on >= t.today_on
           and m.expires_on - cast(:card_days as integer) <= t.today_on
           and greatest(m.expires_on - cast(:card_days as integer), cast(m.created_at at time zone c.time_zone as date)) >= t.today_on - cast(:window_days as integer)
        union all
        select 'invoice.overdue', i.id, cast(i.due_on as text)
          from invoice i
         where i.customer_id = c.id and i.remaining_minor > 0 and i.written_off_at is null
           and i.due_on < t.today_on and i.due_on >= t.today_on - cast(:window_days as integer)
        union all
        select occasion.type, p.id, cast(p.due_on as text)
          from installment p
         cross join lateral (values ('installment.due', p.due_on <= t.today_on), ('installment.overdue', p.due_on < t.today_on)) occasion (type, is_so)
         where p.customer_id = c.id and p.remaining_minor > 0 and occasion.is_so and p.due_on >= t.today_on - cast(:window_days as integer)) due
 where c.id = :customer_id
    on conflict do nothing
