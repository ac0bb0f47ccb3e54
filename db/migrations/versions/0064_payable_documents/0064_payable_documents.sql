-- Credit that a charge under way will use is left out for staff too: without these rows the views would count it again.
create policy open_rows_for_staff on charge for select to portico_app
  using (case when current_setting('app.actor', true) = 'STAFF' and settled_at is null then true else false end);

-- As before, with what payInvoice would charge now if it names no amount: what remains, less the account's credit, which pays first. As in accounts.around, credit that a charge under way
-- will use is left out. 0 where credit pays all; null where payInvoice would be refused: nothing remains, or it is void, refunded or in payment. What was written off can still be paid.
create or replace view portal_invoice with (security_invoker = true) as
select i.id, i.customer_id, i.number, i.reason, i.status, i.currency, i.subscription_id, i.schedule_id, i.issued_at, i.due_on, i.period_starts_at, i.period_ends_at,
       i.subtotal_minor, i.discount_minor, i.tax_minor, i.total_minor, i.paid_minor, i.credited_minor, i.remaining_minor, i.paid_at,
       i.remaining_minor > 0 and i.written_off_at is null and i.due_on < (select today_in(c.time_zone) from customer c where c.id = i.customer_id) as is_overdue,
       case when i.remaining_minor > 0 and i.written_off_at is null
            then greatest((select today_in(c.time_zone) from customer c where c.id = i.customer_id) - i.due_on, 0) else 0 end as days_overdue,
       i.version,
       case when i.remaining_minor > 0 then i.collection else 'NONE' end as collection,
       case when i.remaining_minor > 0 then i.retry_count else 0 end as retry_count,
       case when i.remaining_minor > 0 and i.status <> 'PROCESSING' and i.collection in ('DUE', 'RETRYING') then greatest(i.collect_at, i.promise_until) end as next_attempt_at,
       case when i.remaining_minor > 0 and i.status <> 'PROCESSING' and i.collection in ('DUE', 'RETRYING')
            then (select (greatest(i.collect_at, i.promise_until) at time zone c.time_zone)::date from customer c where c.id = i.customer_id) end as next_attempt_on,
       i.refunded_minor,
       i.status = 'PROCESSING'
         or i.status in ('OPEN', 'PARTIALLY_PAID') and exists (select from subscription s
             where s.customer_id = i.customer_id and s.id = i.subscription_id and s.charging_payment_id is not null) as is_in_payment,
       (select cast(count(*) as integer) from attachment a
         where a.customer_id = i.customer_id and a.invoice_id = i.id
           and (a.status <> 'PENDING' or a.uploaded_at > operation_now() - interval '1 hour')) as file_count,
       visible_external_id(i.external_id) as external_id, visible_metadata(i.metadata) as metadata,
       i.memo,
       case when i.is_automatic or (i.subscription_id is not null and i.schedule_id is null) then 'AUTOMATIC' else 'MANUAL' end as collection_method,
       case when current_setting('app.actor', true) in ('STAFF', 'SYSTEM') then i.written_off_at end as written_off_at,
       i.status = 'OPEN' and i.paid_minor = 0 and i.credited_minor = 0 and i.refunded_minor = 0 and i.noted_minor = 0 and not is_scheduled as is_voidable,
       i.remaining_minor > 0 and i.written_off_at is null and not is_scheduled as is_expected,
       case when i.status = 'VOID' or i.paid_at <= i.imported_at then 0 else i.total_minor - i.noted_minor end as creditable_minor,
       exists (select from refund_request q where q.customer_id = i.customer_id and q.invoice_id = i.id and q.settled_at is null) as is_being_credited,
       i.issued_due_on,
       case when promise.state is not null then i.promised_on end as promised_on,
       case when promise.state is not null and current_setting('app.actor', true) in ('STAFF', 'SYSTEM') then i.promise_note end as promise_note,
       promise.state as promise_state,
       case when promise.state = 'OPEN' then i.promised_on end as awaited_on,
       i.remaining_minor > 0 and i.written_off_at is null and not (i.is_import_held and i.collection = 'NONE')
         and (i.is_automatic or i.collection <> 'NONE' or schedule.is_automatic
              or i.subscription_id is not null and i.schedule_id is null
                 and (i.imported_at is null or exists (select from subscription s where s.customer_id = i.customer_id and s.id = i.subscription_id
                                                          and s.status <> 'CANCELED' and not s.holds @> array['IMPORT'])))
         and case when schedule.is_automatic
                  then exists (select from installment p join customer c on c.id = p.customer_id
                                where p.customer_id = i.customer_id and p.invoice_id = i.id and p.remaining_minor > 0
                                  and p.due_on <= (operation_now() at time zone c.time_zone - interval '9 hours')::date)
                  else i.collection in ('RETRYING', 'WAITING_FOR_METHOD', 'GIVEN_UP') or i.collect_at <= operation_now()
                    or i.due_on <= (select today_in(c.time_zone) from customer c where c.id = i.customer_id) end as is_retryable,
       i.remaining_minor > 0 and i.written_off_at is null as is_awaited,
       i.imported_at is not null as imported,
       case when i.status in ('OPEN', 'PARTIALLY_PAID') and i.remaining_minor > 0
                 and not exists (select from subscription s where s.customer_id = i.customer_id and s.id = i.subscription_id and s.charging_payment_id is not null)
            then greatest(i.remaining_minor
                          - greatest((select cast(coalesce(sum(b.amount_minor), 0) as bigint) from balance_entry b where b.customer_id = i.customer_id and b.currency = i.currency)
                                     - (select cast(coalesce(sum(h.reserved_minor), 0) as bigint) from charge h
                                         where h.customer_id = i.customer_id and h.currency = i.currency and h.settled_at is null), 0), 0) end as charged_minor
  from invoice i
 cross join lateral (
        select i.schedule_id is not null or exists (select from installment p where p.customer_id = i.customer_id and p.invoice_id = i.id) as is_scheduled,
               exists (select from payment_schedule h
                        where h.customer_id = i.customer_id and h.id = i.schedule_id and h.collection = 'AUTOMATIC' and (i.is_automatic or i.imported_at is null)) as is_automatic) schedule
 cross join lateral (
        select case when i.promised_on is null or i.status in ('VOID', 'REFUNDED') then null
                    when i.remaining_minor = 0 then 'FULFILLED'
                    when i.promise_until > operation_now() then 'OPEN'
                    else 'BROKEN' end as state) promise;

-- As before, with the same of payInstallment, which pays the invoice of the installment too and is refused where that is. Installments ask for no more than their invoice (lower_installments).
create or replace view portal_installment with (security_invoker = true) as
select i.id, i.customer_id, i.schedule_id, i.invoice_id, i.currency, i.position, i.name, i.due_on, i.amount_minor, i.paid_minor, i.remaining_minor, i.status,
       i.remaining_minor > 0 and i.due_on < (select today_in(c.time_zone) from customer c where c.id = i.customer_id) as is_overdue,
       case when i.remaining_minor > 0 then greatest((select today_in(c.time_zone) from customer c where c.id = i.customer_id) - i.due_on, 0) else 0 end as days_overdue,
       i.version, i.refunded_minor,
       (select case when v.status in ('OPEN', 'PARTIALLY_PAID')
                         and exists (select from subscription s where s.customer_id = v.customer_id and s.id = v.subscription_id and s.charging_payment_id is not null)
                    then 'PROCESSING' else v.status end
          from invoice v where v.customer_id = i.customer_id and v.id = i.invoice_id) as invoice_status,
       (select v.remaining_minor from invoice v where v.customer_id = i.customer_id and v.id = i.invoice_id) as invoice_remaining_minor,
       visible_external_id(i.external_id) as external_id, visible_metadata(i.metadata) as metadata,
       case when i.status in ('DUE', 'PARTIALLY_PAID', 'FAILED') and i.remaining_minor > 0
                 and not exists (select from invoice v
                                  where v.customer_id = i.customer_id and v.id = i.invoice_id
                                    and (v.status not in ('OPEN', 'PARTIALLY_PAID')
                                         or exists (select from subscription s
                                                     where s.customer_id = v.customer_id and s.id = v.subscription_id and s.charging_payment_id is not null)))
            then greatest(i.remaining_minor
                          - greatest((select cast(coalesce(sum(b.amount_minor), 0) as bigint) from balance_entry b where b.customer_id = i.customer_id and b.currency = i.currency)
                                     - (select cast(coalesce(sum(h.reserved_minor), 0) as bigint) from charge h
                                         where h.customer_id = i.customer_id and h.currency = i.currency and h.settled_at is null), 0), 0) end as charged_minor
  from installment i;
