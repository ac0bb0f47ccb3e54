-- The Summary page written by hand for this page only: one statement over the tables themselves.
-- $1 is the customer. Row security and app.now are set by the transaction.
with me as materialized (
  select id, name, operation_now() as now, today_in(time_zone) as today, time_zone from customer where id = $1
),
total as materialized (
  select currency, sum(balance) as balance, sum(due) as due, sum(overdue) as overdue, sum(processing) as processing
    from (select currency, amount_minor as balance, 0 as due, 0 as overdue, 0 as processing from balance_entry where customer_id = $1
          union all
          select currency, 0, remaining_minor,
                 case when due_on < me.today then remaining_minor
                      else coalesce((select sum(p.remaining_minor) from installment p
                                      where p.customer_id = $1 and p.invoice_id = invoice.id and p.remaining_minor > 0 and p.due_on < me.today), 0) end, 0
            from invoice, me where customer_id = $1 and remaining_minor > 0
          union all
          select currency, 0, remaining_minor, case when due_on < me.today then remaining_minor else 0 end, 0
            from installment, me where customer_id = $1 and remaining_minor > 0 and invoice_id is null and due_on <= me.today
          union all
          select currency, 0, 0, 0, amount_minor from payment where customer_id = $1 and status in ('PROCESSING', 'REQUIRES_ACTION')
          union all
          select currency, 0, 0, 0, 0 from portal_known_currency where customer_id = $1) part
   group by currency
),
overdue as materialized (
  select subscription_id from invoice, me where customer_id = $1 and remaining_minor > 0 and due_on < me.today
)
select cast(json_build_object('data', json_build_object('customer', json_build_object(
  'id', me.id, 'name', me.name,
  'summary', (select json_build_object(
      'balance', coalesce(json_agg(json_build_object('amount', decimal_text(cast(balance as bigint), currency), 'currency', currency) order by currency), '[]'),
      'totalDue', coalesce(json_agg(json_build_object('amount', decimal_text(cast(due as bigint), currency), 'currency', currency) order by currency), '[]'),
      'totalOverdue', coalesce(json_agg(json_build_object('amount', decimal_text(cast(overdue as bigint), currency), 'currency', currency) order by currency), '[]'),
      'processing', coalesce(json_agg(json_build_object('amount', decimal_text(cast(processing as bigint), currency), 'currency', currency) order by currency), '[]'),
      'activeSubscriptions', (select count(*) from subscription where customer_id = $1 and status in ('TRIALING', 'ACTIVE')),
      'activeSchedules', (select count(*) from payment_schedule where customer_id = $1 and status = 'ACTIVE'),
      'lastPayment', (
        select json_build_object('id', id, 'status', status, 'settledAt', to_char(settled_at at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"'),
                 'amount', json_build_object('amount', decimal_text(amount_minor, currency), 'currency', currency),
                 'methodSnapshot', json_build_object('brand', method_brand, 'last4', method_last4))
          from payment where customer_id = $1 and status = 'SUCCEEDED' order by settled_at desc, id desc limit 1),
      'nextPayment', (
        select json_build_object('date', due_on, 'kind', kind, 'amount', json_build_object('amount', decimal_text(amount_minor, currency), 'currency', currency),
                 'source', json_build_object('__typename', case kind when 'INSTALLMENT' then 'Installment' else 'Subscription' end, 'id', id))
          from ((select (renews_at at time zone me.time_zone)::date as due_on, 'RENEWAL' as kind, id, renewal_minor as amount_minor, currency
                   from subscription where customer_id = $1 and renews_at >= me.now and renewal_minor > 0)
                union all
                (select (resumes_at at time zone me.time_zone)::date, 'RESUME', id, renewal_minor, currency
                   from subscription where customer_id = $1 and resumes_at >= me.now and renewal_minor > 0)
                union all
                (select due_on, 'INSTALLMENT', id, remaining_minor, currency
                   from installment where customer_id = $1 and remaining_minor > 0 and status <> 'PROCESSING' and due_on >= me.today order by due_on, id limit 1)
               ) coming
         order by due_on, kind desc, id limit 1))
    from total),
  'subscriptions', (
    select json_build_object('nodes', coalesce(json_agg(json_build_object(
             'id', s.id, 'status', s.status,
             'hasOverdue', exists (select from overdue where overdue.subscription_id = s.id),
             'quantity', s.quantity,
             'renewsAt', to_char(s.renews_at at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"'),
             'renewalAmount', json_build_object('amount', decimal_text(s.renewal_minor, s.currency), 'currency', s.currency),
             'pendingChange', case when s.pending_kind is not null then
               json_build_object('kind', s.pending_kind, 'effectiveAt', to_char(s.pending_at at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"')) end,
             'plan', (select json_build_object('id', p.id, 'name', p.name) from plan p where p.id = s.plan_id))) filter (where nth <= 5), '[]'),
           'pageInfo', json_build_object('hasNextPage', count(*) > 5, 'endCursor', max(translate(encode(convert_to(cast(json_build_array('newest',
             to_char(s.started_at at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"'), s.id) as text), 'UTF8'), 'base64'), E'+/\n', '-_'))
             filter (where nth = least(found, 5))))
      from (select n.*, row_number() over () as nth, count(*) over () as found
              from (select * from subscription where customer_id = $1 and status in ('TRIALING', 'ACTIVE', 'PAUSED', 'SUSPENDED')
                     order by started_at desc, id desc limit 6) n) s),
  'paymentSchedules', (
    select json_build_object('nodes', coalesce(json_agg(json_build_object(
             'id', s.id, 'name', s.name,
             'isOverdue', exists (select from installment where customer_id = $1 and schedule_id = s.id and remaining_minor > 0 and due_on < me.today),
             'total', json_build_object('amount', decimal_text(s.total_minor, s.currency), 'currency', s.currency),
             'remaining', json_build_object('amount', decimal_text(s.remaining_minor, s.currency), 'currency', s.currency),
             'nextInstallment', (
               select json_build_object('id', id, 'name', name, 'dueOn', due_on,
                        'remaining', json_build_object('amount', decimal_text(remaining_minor, currency), 'currency', currency))
                 from installment where customer_id = $1 and schedule_id = s.id and remaining_minor > 0 order by due_on, id limit 1))) filter (where nth <= 5), '[]'),
           'pageInfo', json_build_object('hasNextPage', count(*) > 5, 'endCursor', max(translate(encode(convert_to(cast(json_build_array('newest',
             to_char(s.created_at at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"'), s.id) as text), 'UTF8'), 'base64'), E'+/\n', '-_'))
             filter (where nth = least(found, 5))))
      from (select n.*, row_number() over () as nth, count(*) over () as found
              from (select * from payment_schedule where customer_id = $1 and status = 'ACTIVE' order by created_at desc, id desc limit 6) n) s),
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
              from (select * from payment where customer_id = $1 order by created_at desc, id desc limit 6) n) p),
  'paymentMethods', json_build_object('nodes', (
    select coalesce(json_agg(json_build_object('id', m.id, 'kind', m.kind, 'brand', m.brand, 'last4', m.last4, 'expiresOn', m.expires_on,
             'isDefault', m.is_default, 'isExpired', coalesce(m.expires_on < me.today, false))), '[]')
      from (select * from payment_method where customer_id = $1 and deleted_at is null order by is_default desc, created_at desc, id desc limit 10) m))
))) as text)
  from me
