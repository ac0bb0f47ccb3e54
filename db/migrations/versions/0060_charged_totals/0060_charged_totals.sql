-- As before, from the status that `owed_item` has since migration 0034, in place of the rows of the documents.
create or replace view payable_item with (security_invoker = true) as
select o.customer_id, o.kind, o.invoice_id, o.installment_id, o.currency, o.due_on, o.remaining_minor,
       case when o.status = 'PROCESSING'
              or exists (select from subscription s where s.customer_id = o.customer_id and s.id = o.subscription_id and s.charging_payment_id is not null)
            then 0 else o.remaining_minor end as payable_minor
  from owed_item o
 union all
select b.customer_id, 'ACCOUNT', null, null, b.currency, null, b.owed_minor,
       greatest(b.owed_minor - (select cast(coalesce(sum(h.account_minor), 0) as bigint) from charge h
                                 where h.customer_id = b.customer_id and h.currency = b.currency and h.settled_at is null), 0)
  from account_balance b
 where b.owed_minor > 0;

-- As before, with what payAllDue would charge now, from the same scans: of all that is not in payment, credit pays documents first, and never the account; credit that a charge under way
-- will use is left out, as in accounts.around. 0 where credit pays all; null where payAllDue would be refused, because nothing is due or all of it is in payment.
create or replace view portal_total with (security_invoker = true) as
select part.customer_id, part.currency,
       cast(sum(balance_minor) as bigint) as balance_minor, cast(sum(due_minor) as bigint) as due_minor,
       cast(sum(overdue_minor) as bigint) as overdue_minor, cast(sum(processing_minor) as bigint) as processing_minor,
       case when sum(documents_minor) + greatest(sum(account_minor), 0) > 0
            then cast(sum(documents_minor) + greatest(sum(account_minor), 0)
                      - greatest(least(sum(documents_minor), sum(balance_minor) - sum(reserved_minor)), 0) as bigint) end as charged_minor
  from (select customer_id, currency, balance_minor, owed_minor as due_minor, 0 as overdue_minor, 0 as processing_minor,
               0 as documents_minor, owed_minor as account_minor, 0 as reserved_minor
          from account_balance
         union all
        select o.customer_id, o.currency, 0, o.remaining_minor, o.overdue_minor, 0,
               case when o.status = 'PROCESSING'
                      or exists (select from subscription s where s.customer_id = o.customer_id and s.id = o.subscription_id and s.charging_payment_id is not null)
                    then 0 else o.remaining_minor end, 0, 0
          from owed_item o
         union all
        select customer_id, currency, 0, 0, 0, amount_minor, 0, 0, 0
          from payment
         where status in ('PROCESSING', 'REQUIRES_ACTION')
         union all
        select customer_id, currency, 0, 0, 0, 0, 0, -account_minor, reserved_minor
          from charge
         where settled_at is null
         union all
        select customer_id, currency, 0, 0, 0, 0, 0, 0, 0
          from portal_known_currency) part
 group by part.customer_id, part.currency;
