-- The Summary page written by hand for this page only: one statement over the tables themselves, of which it reads each once, as far as an index allows.
-- $1 is the customer. Row security and app.now are set by the transaction.
with me as materialized (
  select id, name, operation_now() as now, today_in(time_zone) as today, time_zone from customer where id = $1
),
contract as materialized (
  select id, status, suspended_by, quantity, plan_id, currency, started_at, period_ends_at, renews_at, resumes_at, renewal_minor, payment_method_id, charging_payment_id,
         price_id, pending_kind, pending_at, pending_plan_id, pending_price_id, pending_quantity, pending_resumes_at
    from subscription where customer_id = $1
),
schedule as materialized (
  select id, name, status, collection, subscription_id, currency, total_minor, remaining_minor, created_at from payment_schedule where customer_id = $1 and status = 'ACTIVE'
),
unpaid as materialized (
  select id, name, schedule_id, invoice_id, status, currency, due_on, remaining_minor, invoice_at from installment where customer_id = $1 and remaining_minor > 0
),
debt as materialized (
  select i.id, i.subscription_id, i.schedule_id, i.status, i.currency, i.remaining_minor, i.collection, i.collect_at, i.promise_until, i.retry_count,
         case when i.written_off_at is not null then 0
              when i.due_on < me.today then i.remaining_minor
              else least(i.remaining_minor, coalesce((select cast(sum(p.remaining_minor) as bigint) from unpaid p where p.invoice_id = i.id and p.due_on < me.today), 0)) end
           as overdue_minor
    from me, invoice i where i.customer_id = $1 and i.remaining_minor > 0
),
flight as materialized (
  select payment_method_id, currency, amount_minor from payment where customer_id = $1 and status in ('PROCESSING', 'REQUIRES_ACTION')
),
total as materialized (
  select currency, sum(balance) as balance, greatest(-sum(balance), 0) + sum(due) as due, sum(overdue) as overdue, sum(processing) as processing
    from (select currency, amount_minor as balance, 0 as due, 0 as overdue, 0 as processing from balance_entry where customer_id = $1
          union all
          select currency, 0, remaining_minor, overdue_minor, 0 from debt
          union all
          select currency, 0, remaining_minor, case when due_on < me.today then remaining_minor else 0 end, 0 from me, unpaid where invoice_id is null and due_on <= me.today
          union all
          select currency, 0, 0, 0, amount_minor from flight
          union all
          select currency, 0, 0, 0, 0 from portal_known_currency where customer_id = $1) part
   group by currency
),
payable as materialized (
  select total.currency, owed.documents + owed.account - greatest(least(owed.documents, total.balance - held.reserved), 0) as minor
    from total
   cross join lateral (select coalesce(sum(reserved_minor), 0) as reserved, coalesce(sum(account_minor), 0) as account
                         from charge h where h.customer_id = $1 and h.currency = total.currency and h.settled_at is null) held
   cross join lateral (
          select coalesce(sum(remaining_minor), 0) as documents, greatest(-total.balance - held.account, 0) as account
            from (select d.remaining_minor from debt d
                   where d.currency = total.currency and d.status <> 'PROCESSING'
                     and not exists (select from contract s where s.id = d.subscription_id and s.charging_payment_id is not null)
                   union all
                  select u.remaining_minor from me, unpaid u
                   where u.currency = total.currency and u.invoice_id is null and u.due_on <= me.today and u.status <> 'PROCESSING') one) owed
   where owed.documents + owed.account > 0
)
select cast(json_build_object('data', json_build_object('customer', json_build_object(
  'id', me.id, 'name', me.name,
  'summary', (select json_build_object(
      'id', 'sum_' || right(me.id, 26),
      'balance', coalesce(json_agg(json_build_object('amount', decimal_text(cast(balance as bigint), currency), 'currency', currency) order by currency), '[]'),
      'totalDue', coalesce(json_agg(json_build_object('amount', decimal_text(cast(due as bigint), currency), 'currency', currency) order by currency), '[]'),
      'totalOverdue', coalesce(json_agg(json_build_object('amount', decimal_text(cast(overdue as bigint), currency), 'currency', currency) order by currency), '[]'),
      'processing', coalesce(json_agg(json_build_object('amount', decimal_text(cast(processing as bigint), currency), 'currency', currency) order by currency), '[]'),
      'payable', (select coalesce(json_agg(json_build_object('amount', decimal_text(cast(minor as bigint), currency), 'currency', currency) order by currency), '[]') from payable),
      'activeSubscriptions', (select count(*) from contract where status in ('TRIALING', 'ACTIVE')),
      'activeSchedules', (select count(*) from schedule),
      'lastPayment', (
        select json_build_object('id', id, 'status', status, 'settledAt', to_char(settled_at at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"'),
                 'amount', json_build_object('amount', decimal_text(amount_minor, currency), 'currency', currency),
                 'methodSnapshot', json_build_object('kind', method_kind, 'brand', method_brand, 'last4', method_last4))
          from payment where customer_id = $1 and status = 'SUCCEEDED' order by settled_at desc, id desc limit 1),
      'nextPayment', (
        select json_build_object('date', due_on, 'kind', kind, 'amount', json_build_object('amount', decimal_text(amount_minor, currency), 'currency', currency),
                 'source', json_build_object('__typename', case kind when 'INSTALLMENT' then 'Installment' when 'RETRY' then 'Invoice' else 'Subscription' end, 'id', id))
          from (select (greatest(renews_at, me.now) at time zone me.time_zone)::date as due_on, 'RENEWAL' as kind, id, renewal_minor as amount_minor, currency
                  from contract where renews_at is not null and renewal_minor > 0
                union all
                select (greatest(resumes_at, me.now, case when is_running then period_ends_at end) at time zone me.time_zone)::date,
                       case when is_running then 'RENEWAL' else 'RESUME' end, id, renewal_minor, currency
                  from (select *, coalesce(period_ends_at > greatest(resumes_at, me.now), false) as is_running
                          from contract where status = 'PAUSED' and resumes_at is not null and renewal_minor > 0) paused
                union all
                select coalesce(parts.charged_on, charge.earliest_on), case when parts.first_id is null or d.retry_count > 0 then 'RETRY' else 'INSTALLMENT' end,
                       case when parts.first_id is null or d.retry_count > 0 then d.id else parts.first_id end,
                       coalesce(least(parts.due_minor, d.remaining_minor), d.remaining_minor), d.currency
                  from debt d
                 cross join lateral (select (greatest(d.collect_at, d.promise_until, me.now) at time zone me.time_zone)::date as earliest_on) charge
                 cross join lateral (
                        select max(charged_on) as charged_on, cast(sum(o.remaining_minor) filter (where due_on <= charged_on) as bigint) as due_minor,
                               (array_agg(o.id order by due_on, o.id))[1] as first_id
                          from (select p.id, p.due_on, p.remaining_minor, greatest(charge.earliest_on, min(p.due_on) over ()) as charged_on
                                  from unpaid p join schedule h on h.id = p.schedule_id and h.collection = 'AUTOMATIC'
                                 where p.schedule_id = d.schedule_id and p.invoice_id = d.id) o) parts
                 where d.collect_at is not null and d.status in ('OPEN', 'PARTIALLY_PAID') and d.collection in ('DUE', 'RETRYING')
                union all
                (select me.today, 'INSTALLMENT', p.id, p.remaining_minor, p.currency
                   from unpaid p join schedule h on h.id = p.schedule_id and h.collection = 'AUTOMATIC'
                  where p.invoice_at is not null and p.due_on < me.today order by p.due_on, p.id limit 1)
                union all
                (select p.due_on, 'INSTALLMENT', p.id, p.remaining_minor, p.currency
                   from unpaid p
                  where p.status <> 'PROCESSING' and p.due_on >= me.today
                    and (p.invoice_id is null
                         or exists (select from debt d
                                     where d.id = p.invoice_id and d.status in ('OPEN', 'PARTIALLY_PAID')
                                       and not exists (select from contract c where c.id = d.subscription_id and c.charging_payment_id is not null)
                                       and not (d.collect_at is not null and d.collection in ('DUE', 'RETRYING')
                                                and exists (select from schedule h where h.id = d.schedule_id and h.collection = 'AUTOMATIC'))))
                  order by p.due_on, p.id limit 1)) coming
         order by due_on, kind desc, id limit 1))
    from total),
  'subscriptions', (
    select json_build_object('nodes', coalesce(json_agg(json_build_object(
             'id', s.id, 'status', s.status, 'suspendedBy', s.suspended_by,
             'hasOverdue', exists (select from debt d where d.subscription_id = s.id and d.overdue_minor > 0),
             'quantity', s.quantity,
             'renewsAt', to_char(s.renews_at at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"'),
             'renewalAmount', json_build_object('amount', decimal_text(s.renewal_minor, s.currency), 'currency', s.currency),
             'pendingChange', case when s.pending_kind is not null then json_build_object(
               'kind', s.pending_kind, 'effectiveAt', to_char(s.pending_at at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"'), 'quantity', s.pending_quantity,
               'resumesAt', to_char(s.pending_resumes_at at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"'),
               'plan', (select json_build_object('id', p.id, 'name', p.name) from plan p where p.id = s.pending_plan_id),
               'price', (select json_build_object('id', p.id, 'unitAmount', json_build_object('amount', decimal_text(p.unit_minor, p.currency), 'currency', p.currency),
                                  'interval', p.billing_interval, 'intervalCount', p.interval_count)
                           from price p where p.id = s.pending_price_id)) end,
             'plan', (select json_build_object('id', p.id, 'name', p.name) from plan p where p.id = s.plan_id))) filter (where nth <= 5), '[]'),
           'pageInfo', json_build_object('hasNextPage', count(*) > 5, 'endCursor', max(translate(encode(convert_to(cast(json_build_array('newest',
             to_char(s.started_at at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"'), s.id) as text), 'UTF8'), 'base64'), E'+/\n', '-_'))
             filter (where nth = least(found, 5))))
      from (select n.*, row_number() over () as nth, count(*) over () as found
              from (select * from contract where status in ('TRIALING', 'ACTIVE', 'PAUSED', 'SUSPENDED') order by started_at desc, id desc limit 6) n) s),
  'paymentSchedules', (
    select json_build_object('nodes', coalesce(json_agg(json_build_object(
             'id', s.id, 'name', s.name, 'status', s.status,
             'isOverdue', exists (select from unpaid where schedule_id = s.id and due_on < me.today),
             'total', json_build_object('amount', decimal_text(s.total_minor, s.currency), 'currency', s.currency),
             'remaining', json_build_object('amount', decimal_text(s.remaining_minor, s.currency), 'currency', s.currency),
             'nextInstallment', (
               select json_build_object('id', id, 'name', name, 'dueOn', due_on, 'isOverdue', due_on < me.today,
                        'remaining', json_build_object('amount', decimal_text(remaining_minor, currency), 'currency', currency))
                 from unpaid where schedule_id = s.id order by due_on, id limit 1))) filter (where nth <= 5), '[]'),
           'pageInfo', json_build_object('hasNextPage', count(*) > 5, 'endCursor', max(translate(encode(convert_to(cast(json_build_array('newest',
             to_char(s.created_at at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"'), s.id) as text), 'UTF8'), 'base64'), E'+/\n', '-_'))
             filter (where nth = least(found, 5))))
      from (select n.*, row_number() over () as nth, count(*) over () as found from (select * from schedule order by created_at desc, id desc limit 6) n) s),
  'payments', (
    select json_build_object('nodes', coalesce(json_agg(json_build_object(
             'id', p.id, 'status', p.status,
             'createdAt', to_char(p.created_at at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"'),
             'amount', json_build_object('amount', decimal_text(p.amount_minor, p.currency), 'currency', p.currency),
             'methodSnapshot', json_build_object('kind', p.method_kind, 'brand', p.method_brand, 'last4', p.method_last4),
             'allocations', (
               select coalesce(json_agg(json_build_object(
                        'amount', json_build_object('amount', decimal_text(a.amount_minor, a.currency), 'currency', a.currency),
                        'invoice', case when i.id is not null then json_build_object('id', i.id, 'number', i.number, 'status', i.status) end) order by a.id), '[]')
                 from payment_allocation a left join invoice i on i.customer_id = $1 and i.id = a.invoice_id
                where a.customer_id = $1 and a.payment_id = p.id))) filter (where nth <= 5), '[]'),
           'pageInfo', json_build_object('hasNextPage', count(*) > 5, 'endCursor', max(translate(encode(convert_to(cast(json_build_array('newest',
             to_char(p.created_at at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"'), p.id) as text), 'UTF8'), 'base64'), E'+/\n', '-_'))
             filter (where nth = least(found, 5))))
      from (select n.*, row_number() over () as nth, count(*) over () as found
              from (select id, status, created_at, amount_minor, currency, method_kind, method_brand, method_last4 from payment
                     where customer_id = $1 order by created_at desc, id desc limit 6) n) p),
  'paymentMethods', json_build_object('nodes', (
    select coalesce(json_agg(json_build_object('id', m.id, 'version', m.version, 'kind', m.kind, 'brand', m.brand, 'last4', m.last4, 'expiresOn', m.expires_on,
             'isDefault', m.is_default, 'isExpired', m.is_expired, 'isInUse', m.is_in_use,
             'availableActions', json_build_array(
               json_build_object('action', 'SET_DEFAULT', 'allowed', not m.is_default and not m.is_expired,
                 'reason', case when m.is_default then 'ALREADY_DEFAULT' when m.is_expired then 'METHOD_EXPIRED' end,
                 'message', case when m.is_default then 'This is the default method already.' when m.is_expired then 'This method has expired.' end),
               json_build_object('action', 'DELETE', 'allowed', not m.is_charging and not m.is_in_use,
                 'reason', case when m.is_charging then 'IN_PROGRESS' when m.is_in_use then 'METHOD_IN_USE' end,
                 'message', case when m.is_charging then 'A payment is in progress.'
                                 when m.is_in_use then 'A subscription is billed to this method. Choose another one for it first.' end)))), '[]')
      from (select m.id, m.version, m.kind, m.brand, m.last4, m.expires_on, m.is_default, coalesce(m.expires_on < me.today, false) as is_expired,
                   exists (select from flight f where f.payment_method_id = m.id) as is_charging,
                   exists (select from contract c
                            where c.status <> 'CANCELED' and (c.payment_method_id = m.id or (c.payment_method_id is null and m.is_default))
                              and (c.renewal_minor > 0
                                   or exists (select from coupon_redemption r join price p on p.id = coalesce(c.pending_price_id, c.price_id)
                                               where r.customer_id = $1 and r.subscription_id = c.id and r.ended_at is null and r.periods_left is not null
                                                 and p.unit_minor > 0)))
                     or exists (select from schedule h left join contract c on c.id = h.subscription_id
                                 where h.collection = 'AUTOMATIC' and (c.payment_method_id = m.id or (c.payment_method_id is null and m.is_default))) as is_in_use
              from payment_method m where m.customer_id = $1 and m.deleted_at is null
             order by m.is_default desc, m.created_at desc, m.id desc limit 50) m))
))) as text)
  from me
