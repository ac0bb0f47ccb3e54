-- name: calendar_links.of_customer
-- returns: CalendarLinkRow
select * from portal_calendar_link where customer_id = :key and customer_id = :customer_id

-- name: calendar_links.add
-- returns: nothing
insert into calendar_link (customer_id, secret_hash, sealed, created_at) values (:customer_id, :secret_hash, :sealed, :now)

-- name: calendar_links.revoke
-- returns: CalendarLinkRow
delete from calendar_link where customer_id = :customer_id
returning customer_id, created_at, last_used_at

-- name: calendar_links.by_secret
-- returns: CalendarLinkRow
-- Select the link of the presented secret (app.secret).
select customer_id, created_at, last_used_at from calendar_link where secret_hash = :secret_hash

-- name: calendar_links.use
-- returns: nothing
-- Note that the link of the presented secret was used.
update calendar_link set last_used_at = :now where customer_id = :customer_id and secret_hash = :secret_hash

-- name: calendars.reader
-- returns: CalendarReader
-- Select whose calendar it is. No row where the customer is closed, or the link was revoked since it was looked up.
select c.id as customer_id, c.locale, c.time_zone
  from customer c
  join calendar_link l on l.customer_id = c.id and l.secret_hash = :secret_hash
 where c.id = :customer_id and c.closed_at is null

-- name: calendars.entries
-- returns: CalendarEntryRow
-- Select what is in the customer's calendar: invoices, installments and the next renewal of each subscription. What has ended stays for :days_after_end days after its day, or
-- after it ended if that is known. Of more than are wanted, what is open comes first, and what is next to today. Money is counted once: an invoice of installments is not there.
select e.id, e.kind, e.starts_on, e.state, e.total_minor, e.remaining_minor, e.currency, e.name, e.part_of, e.page_id, e.version + r.version as sequence,
       greatest(e.known_at, changed.at, own.at) as changed_at
  from (select c.id, c.version, today_in(c.time_zone) as today from customer c where c.id = :customer_id) r
 cross join (
        select i.id, 'INVOICE' as kind, i.due_on as starts_on,
               case when i.status = 'VOID' or i.noted_minor >= i.total_minor then 'CANCELED'
                    when i.status = 'REFUNDED' then 'REFUNDED'
                    when i.remaining_minor = 0 then 'PAID'
                    when i.written_off_at is not null then 'CANCELED'
                    else 'OPEN' end as state,
               i.total_minor, i.remaining_minor, i.currency, i.number as name, '' as part_of, i.id as page_id, i.version,
               greatest(i.created_at, i.paid_at) as known_at, greatest(i.paid_at, i.written_off_at) as ended_at
          from invoice i
         where i.customer_id = :customer_id and i.total_minor > 0 and i.schedule_id is null
           and not exists (select from installment p where p.customer_id = i.customer_id and p.invoice_id = i.id)
         union all
        select p.id, 'INSTALLMENT', p.due_on,
               case when p.status = 'CANCELED' then 'CANCELED'
                    when p.remaining_minor = 0 and p.refunded_minor >= p.amount_minor then 'REFUNDED'
                    when p.remaining_minor = 0 then 'PAID'
                    when v.written_off_at is not null then 'CANCELED'
                    else 'OPEN' end,
               p.amount_minor, p.remaining_minor, p.currency, p.name, h.name, h.id, p.version + coalesce(v.version, 0), greatest(h.created_at, v.paid_at), v.written_off_at
          from installment p
          join payment_schedule h on h.customer_id = p.customer_id and h.id = p.schedule_id
          left join invoice v on v.customer_id = p.customer_id and v.id = p.invoice_id
         where p.customer_id = :customer_id
         union all
        select s.id, 'RENEWAL',
               cast(coalesce(s.renews_at, greatest(s.resumes_at, s.period_ends_at), s.pending_at, s.canceled_at, s.started_at) at time zone c.time_zone as date),
               case when s.renews_at is not null or (s.status = 'PAUSED' and s.resumes_at is not null) then 'OPEN' else 'CANCELED' end,
               s.renewal_minor, s.renewal_minor, s.currency, n.name, '', s.id, s.version, greatest(s.created_at, s.canceled_at), s.canceled_at
          from subscription s
          join plan n on n.id = s.plan_id
          join customer c on c.id = s.customer_id
         where s.customer_id = :customer_id and s.status <> 'PENDING') e
  left join (select v.object_id, max(v.occurred_at) as at from event v where v.customer_id = :customer_id group by v.object_id) changed on changed.object_id = e.id
  left join (select max(v.occurred_at) as at from event v where v.customer_id = :customer_id and v.object_id = :customer_id) own on true
 where e.state = 'OPEN' or (e.kind = 'RENEWAL' and e.ended_at is null) or e.starts_on >= r.today - cast(:days_after_end as integer)
    or greatest(e.ended_at, changed.at) >= operation_now() - make_interval(days => :days_after_end)
 order by e.state <> 'OPEN', abs(e.starts_on - r.today), e.id
 limit :wanted
