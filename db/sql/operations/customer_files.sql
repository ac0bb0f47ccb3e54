-- Blocks that write customers as the files of an import. Each takes :customers, the ids of some customers, and selects one JSON object for each line. The owner of the tables runs them, in one snapshot, as the audit does. What has no line is in `customer_files.skipped`.

-- name: customer_files.next
-- returns: WrittenRow
-- Select the ids of the next customers in their order.
select c.id from customer c where c.id > :after order by c.id limit :limit

-- name: customer_files.customers
-- returns: ImportJson
-- Select customers who are neither erased nor closed.
select cast(json_strip_nulls(json_build_object(
         'externalId', coalesce(c.external_id, c.id), 'email', c.email, 'name', c.name, 'currency', c.currency, 'locale', c.locale, 'timeZone', c.time_zone,
         'companyName', c.company_name,
         'billingAddress', case when c.address_line1 is not null and c.address_country is not null
                                then json_build_object('line1', c.address_line1, 'line2', c.address_line2, 'city', c.address_city, 'region', c.address_region,
                                                       'postalCode', c.address_postal_code, 'country', c.address_country) end,
         'taxIds', nullif(to_json(c.tax_ids)::text, '[]')::json, 'taxExemption', c.tax_exemption,
         'taxRate', case when c.tax_rate_ppm <> 0 then trim_scale(c.tax_rate_ppm / 10000.0)::text end, 'taxName', c.tax_name,
         'allowSharedEmail', case when c.shares_email then true end, 'metadata', nullif(c.metadata, '{}'), 'createdAt', c.created_at)) as text) as body
  from customer c
 where c.id = any(:customers) and c.erased_at is null and c.closed_at is null
 order by c.id

-- name: customer_files.payment_methods
-- returns: ImportJson
-- Select methods that are not deleted. Stripe's reference has three parts: customer, method and type.
select cast(json_strip_nulls(json_build_object(
         'externalId', coalesce(m.external_id, m.id), 'customer', coalesce(c.external_id, c.id),
         'processorReference', case when m.processor = 'stripe' then split_part(m.processor_reference, '/', 2) else m.processor_reference end,
         'processorCustomer', case when m.processor = 'stripe' then split_part(m.processor_reference, '/', 1) end,
         'processor', m.processor, 'kind', m.kind, 'brand', m.brand, 'last4', m.last4, 'expiresOn', m.expires_on,
         'isDefault', case when m.is_default then true end, 'metadata', nullif(m.metadata, '{}'), 'createdAt', m.created_at)) as text) as body
  from payment_method m
  join customer c on c.id = m.customer_id
 where m.customer_id = any(:customers) and m.deleted_at is null and c.erased_at is null and c.closed_at is null
 order by m.customer_id, m.created_at, m.id

-- name: customer_files.subscriptions
-- returns: ImportJson
-- Select subscriptions whose present and coming price has a code. One that an import still holds has the state that it will be released to.
select cast(json_strip_nulls(json_build_object(
         'externalId', coalesce(s.external_id, s.id), 'customer', coalesce(c.external_id, c.id), 'price', p.code, 'quantity', s.quantity, 'status', state.status,
         'startedAt', s.started_at, 'trialEndsAt', s.trial_ends_at, 'periodStartsAt', s.period_starts_at, 'periodEndsAt', s.period_ends_at, 'anchorAt', s.anchor_at,
         'timeZone', s.billing_zone,
         'paymentMethod', (select coalesce(m.external_id, m.id) from payment_method m
                            where m.customer_id = s.customer_id and m.id = s.payment_method_id and m.deleted_at is null),
         'pendingChange', s.pending_kind, 'pendingAt', s.pending_at, 'pendingPrice', pending.code, 'pendingQuantity', s.pending_quantity,
         'pendingResumesAt', s.pending_resumes_at, 'pausedAt', s.paused_at, 'resumesAt', s.resumes_at,
         'holds', nullif(to_json(state.holds)::text, '[]')::json, 'suspendedAt', case when state.status <> 'SUSPENDED' then null else s.suspended_at end, 'canceledAt', s.canceled_at, 'cancelReason', s.cancel_reason,
         'cancelComment', nullif(s.cancel_comment, ''), 'coupon', redeemed.line, 'metadata', nullif(s.metadata, '{}'), 'createdAt', s.created_at)) as text) as body
  from subscription s
  join customer c on c.id = s.customer_id
  join price p on p.id = s.price_id
  left join price pending on pending.id = s.pending_price_id
 cross join lateral (select array_remove(s.holds, 'IMPORT') as holds) other
 cross join lateral (
        select other.holds,
               case when not 'IMPORT' = any(s.holds) or other.holds <> '{}' then s.status
                    when s.paused_at is not null and s.pending_kind is null then 'PAUSED'
                    when s.period_starts_at is null then 'SCHEDULED'
                    when s.trial_ends_at = s.period_ends_at then 'TRIALING'
                    else 'ACTIVE' end as status) state
  left join lateral (
        select json_build_object('code', k.code, 'periodsLeft', r.periods_left, 'redeemedAt', r.redeemed_at, 'usedUntil', r.used_until) as line
          from coupon_redemption r
          join coupon k on k.id = r.coupon_id
         where r.customer_id = s.customer_id and r.subscription_id = s.id and r.ended_at is null and s.status <> 'CANCELED') redeemed on true
 where s.customer_id = any(:customers) and s.status <> 'PENDING' and p.code is not null and (s.pending_price_id is null or pending.code is not null)
   and c.erased_at is null and c.closed_at is null
 order by s.customer_id, s.created_at, s.id

-- name: customer_files.payment_schedules
-- returns: ImportJson
-- Select payment schedules with their installments. What no payment says was paid by the customer's credit.
select cast(json_strip_nulls(json_build_object(
         'externalId', coalesce(h.external_id, h.id), 'customer', coalesce(c.external_id, c.id), 'name', h.name, 'currency', h.currency, 'invoicing', h.invoicing,
         'collection', h.collection,
         'subscription', (select coalesce(s.external_id, s.id) from subscription s where s.customer_id = h.customer_id and s.id = h.subscription_id),
         'installments', (select json_agg(json_build_object('externalId', coalesce(p.external_id, p.id), 'name', p.name, 'dueOn', p.due_on, 'amount', p.amount_minor,
                                            'creditUsed', nullif(greatest(p.paid_minor - paid.minor, 0), 0), 'isCanceled', case when p.status = 'CANCELED' then true end, 'metadata', nullif(p.metadata, '{}'),
                                            'invoice', (select coalesce(i.external_id, i.id) from invoice i where i.customer_id = p.customer_id and i.id = p.invoice_id))
                                          order by p.position)
                            from installment p
                           cross join lateral (
                                  select coalesce((select sum(a.amount_minor) from payment_allocation a join payment y on y.customer_id = a.customer_id and y.id = a.payment_id
                                                    where a.customer_id = p.customer_id and a.installment_id = p.id and y.status in ('SUCCEEDED', 'REFUNDED')), 0)
                                       - coalesce((select sum(b.amount_minor) from refund_allocation b
                                                    where b.customer_id = p.customer_id and b.installment_id = p.id), 0) as minor) paid
                           where p.customer_id = h.customer_id and p.schedule_id = h.id),
         'metadata', nullif(h.metadata, '{}'), 'createdAt', h.created_at)) as text) as body
  from payment_schedule h
  join customer c on c.id = h.customer_id
 where h.customer_id = any(:customers) and c.erased_at is null and c.closed_at is null
 order by h.customer_id, h.created_at, h.id

-- name: customer_files.invoices
-- returns: ImportJson
-- Select invoices with their lines and credit notes. `paidElsewhere` is what no payment says, for example of an invoice that was imported so itself.
select cast(json_strip_nulls(json_build_object(
         'externalId', coalesce(i.external_id, i.id), 'customer', coalesce(c.external_id, c.id), 'number', i.number, 'currency', i.currency, 'issuedAt', i.issued_at,
         'dueOn', i.due_on, 'status', case when i.status in ('PARTIALLY_PAID', 'PROCESSING') then 'OPEN' else i.status end, 'reason', i.reason,
         'subscription', (select coalesce(s.external_id, s.id) from subscription s where s.customer_id = i.customer_id and s.id = i.subscription_id),
         'schedule', (select coalesce(h.external_id, h.id) from payment_schedule h where h.customer_id = i.customer_id and h.id = i.schedule_id),
         'periodStartsAt', i.period_starts_at, 'periodEndsAt', i.period_ends_at, 'total', i.total_minor, 'lines', lines.list,
         'paidElsewhere', nullif(greatest(i.paid_minor - paid.minor, 0), 0), 'paidAt', i.paid_at, 'writtenOffAt', i.written_off_at,
         'collection', case when i.remaining_minor > 0 and (i.collection <> 'NONE' or waiting.columns is not null) then 'AUTOMATIC' end,
         'collectAt', case when i.remaining_minor > 0 and i.collection <> 'NONE' then to_json(i.collect_at)#>>'{}' when i.remaining_minor > 0 then waiting.columns->>'collect_at' end,
         'dunning', case when i.remaining_minor > 0 and i.collection in ('DUE', 'RETRYING', 'WAITING_FOR_METHOD', 'GIVEN_UP')
                         then json_build_object('state', i.collection, 'failedAttempts', i.failed_attempts, 'retryCount', i.retry_count, 'retryBeganOn', i.retry_began_on,
                                                'retryLastOn', i.retry_last_on)
                         when i.remaining_minor > 0 and waiting.columns is not null
                         then json_build_object('state', waiting.columns->'collection', 'failedAttempts', waiting.columns->'failed_attempts',
                                                'retryCount', waiting.columns->'retry_count', 'retryBeganOn', waiting.columns->'retry_began_on',
                                                'retryLastOn', waiting.columns->'retry_last_on') end,
         'memo', nullif(i.memo, ''), 'creditNotes', notes.list, 'metadata', nullif(i.metadata, '{}'), 'createdAt', i.created_at)) as text) as body
  from invoice i
  join customer c on c.id = i.customer_id
  left join lateral (
        select r.on_release as columns from import_record r where r.owner_id = i.customer_id and r.kind = 'invoices' and r.target_id = i.id limit 1) waiting on true
 cross join lateral (
        select json_agg(json_build_object('description', l.description, 'quantity', l.quantity, 'unitAmount', l.unit_minor, 'subtotal', l.subtotal_minor,
                                          'discount', nullif(l.discount_minor, 0), 'tax', nullif(l.tax_minor, 0),
                                          'taxRate', trim_scale(l.tax_rate_ppm / 10000.0)::text, 'periodStartsAt', l.period_starts_at, 'periodEndsAt', l.period_ends_at)
                        order by l.position) as list
          from invoice_line l where l.customer_id = i.customer_id and l.invoice_id = i.id) lines
 cross join lateral (
        select coalesce((select sum(a.amount_minor) from payment_allocation a join payment p on p.customer_id = a.customer_id and p.id = a.payment_id
                          where a.customer_id = i.customer_id and a.invoice_id = i.id and p.status in ('SUCCEEDED', 'REFUNDED')), 0)
             - coalesce((select sum(b.amount_minor) from refund_allocation b join refund r on r.customer_id = b.customer_id and r.id = b.refund_id
                          where b.customer_id = i.customer_id and b.invoice_id = i.id and r.status = 'SUCCEEDED'), 0) as minor) paid
 cross join lateral (
        select json_agg(json_build_object('number', n.number, 'issuedAt', n.issued_at, 'reason', n.reason, 'released', nullif(n.released_minor, 0),
                                          'granted', nullif(n.granted_minor, 0), 'refunded', nullif(n.refunded_minor, 0), 'refund', n.refund_id, 'memo', nullif(n.memo, ''),
                                          'lines', (select json_agg(json_build_object('description', l.description, 'subtotal', l.subtotal_minor, 'tax', nullif(l.tax_minor, 0),
                                                                      'taxRate', trim_scale(l.tax_rate_ppm / 10000.0)::text, 'periodStartsAt', l.period_starts_at,
                                                                      'periodEndsAt', l.period_ends_at) order by l.position)
                                                      from credit_note_line l where l.customer_id = n.customer_id and l.credit_note_id = n.id))
                        order by n.issued_at, n.id) as list
          from credit_note n where n.customer_id = i.customer_id and n.invoice_id = i.id) notes
 where i.customer_id = any(:customers) and c.erased_at is null and c.closed_at is null
 order by i.customer_id, i.issued_at, i.sequence nulls first, i.id

-- name: customer_files.payments
-- returns: ImportJson
-- Select payments that have an outcome, with what they paid and what went back.
select cast(json_strip_nulls(json_build_object(
         'externalId', coalesce(p.external_id, p.id), 'customer', coalesce(c.external_id, c.id), 'currency', p.currency, 'amount', p.amount_minor,
         'status', case when p.status = 'FAILED' then 'FAILED' end, 'createdAt', p.created_at, 'settledAt', p.settled_at, 'methodKind', p.method_kind,
         'paymentMethod', (select coalesce(m.external_id, m.id) from payment_method m
                            where m.customer_id = p.customer_id and m.id = p.payment_method_id and m.deleted_at is null),
         'brand', p.method_brand, 'last4', p.method_last4, 'processorReference', p.processor_reference, 'declineCode', p.decline_code, 'reference', nullif(p.reference, ''),
         'allocations', (select json_agg(json_build_object('invoice', (select coalesce(i.external_id, i.id) from invoice i where i.customer_id = a.customer_id and i.id = a.invoice_id),
                                           'installment', (select coalesce(t.external_id, t.id) from installment t where t.customer_id = a.customer_id and t.id = a.installment_id),
                                           'amount', a.amount_minor) order by a.created_at, a.id)
                           from payment_allocation a where a.customer_id = p.customer_id and a.payment_id = p.id),
         'refunds', (select json_agg(json_build_object('externalId', r.id, 'amount', r.amount_minor, 'reason', r.reason, 'reference', r.reference, 'createdAt', r.created_at,
                                       'allocations', (select json_agg(json_build_object(
                                                                'invoice', (select coalesce(i.external_id, i.id) from invoice i where i.customer_id = b.customer_id and i.id = b.invoice_id),
                                                                'installment', (select coalesce(t.external_id, t.id) from installment t
                                                                                 where t.customer_id = b.customer_id and t.id = b.installment_id),
                                                                'amount', b.amount_minor) order by b.created_at, b.id)
                                                         from refund_allocation b where b.customer_id = r.customer_id and b.refund_id = r.id))
                                     order by r.created_at, r.id)
                       from refund r where r.customer_id = p.customer_id and r.payment_id = p.id and r.status = 'SUCCEEDED'),
         'metadata', nullif(p.metadata, '{}'))) as text) as body
  from payment p
  join customer c on c.id = p.customer_id
 where p.customer_id = any(:customers) and p.status in ('SUCCEEDED', 'REFUNDED', 'FAILED') and c.erased_at is null and c.closed_at is null
 order by p.customer_id, p.created_at, p.id

-- name: customer_files.credits
-- returns: ImportJson
-- Select the movements of credit.
select cast(json_strip_nulls(json_build_object(
         'externalId', b.id, 'customer', coalesce(c.external_id, c.id), 'currency', b.currency, 'amount', b.amount_minor, 'kind', case when b.kind = 'REFUND' and b.refund_id is null then 'ADJUSTMENT' else b.kind end, 'description', b.description,
         'invoice', (select coalesce(i.external_id, i.id) from invoice i where i.customer_id = b.customer_id and i.id = b.invoice_id),
         'payment', (select coalesce(p.external_id, p.id) from payment p where p.customer_id = b.customer_id and p.id = b.payment_id),
         'refund', b.refund_id,
         'creditNote', (select n.number from credit_note n where n.customer_id = b.customer_id and n.id = b.credit_note_id), 'createdAt', b.created_at)) as text) as body
  from balance_entry b
  join customer c on c.id = b.customer_id
 where b.customer_id = any(:customers) and c.erased_at is null and c.closed_at is null
 order by b.customer_id, b.created_at, b.id

-- name: customer_files.skipped
-- returns: ImportJson
-- Select what has no line, each with its reason.
select cast(json_strip_nulls(json_build_object('object', w.object, 'id', w.id, 'customer', w.customer_id, 'reason', w.reason)) as text) as body
  from (
        select 'customer' as object, c.id, c.id as customer_id, case when c.erased_at is not null then 'CUSTOMER_ERASED' else 'CUSTOMER_CLOSED' end as reason
          from customer c where c.id = any(:customers) and (c.erased_at is not null or c.closed_at is not null)
         union all
        select 'subscription', s.id, s.customer_id, case when s.status = 'PENDING' then 'ORDER_NOT_PAID' else 'PRICE_WITHOUT_CODE' end
          from subscription s
          join price p on p.id = s.price_id
          left join price pending on pending.id = s.pending_price_id
         where s.customer_id = any(:customers) and (s.status = 'PENDING' or p.code is null or (s.pending_price_id is not null and pending.code is null))
         union all
        select 'payment', p.id, p.customer_id, 'PAYMENT_UNDER_WAY'
          from payment p where p.customer_id = any(:customers) and p.status in ('PROCESSING', 'REQUIRES_ACTION')
         union all
        select 'refund', r.id, r.customer_id, 'REFUND_UNDER_WAY'
          from refund r where r.customer_id = any(:customers) and r.status = 'PENDING') w
 order by w.customer_id, w.object, w.id
