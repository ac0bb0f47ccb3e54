-- What a customer owes is defined here, once. `totalDue` and `totalOverdue`, `payAllDue`, the billing clock, dunning and `hasOverdue` all read these views.

-- What of a charge under way pays what is owed on the account: nobody else may pay that meanwhile.
alter table charge add column account_minor bigint not null default 0 check (account_minor >= 0);

create index balance_entry_of_payment on balance_entry (customer_id, payment_id) where payment_id is not null;

-- The balance of the account in each currency that has entries, and what is owed where it is below zero.
create view account_balance with (security_invoker = true) as
select customer_id, currency, cast(sum(amount_minor) as bigint) as balance_minor, cast(greatest(-sum(amount_minor), 0) as bigint) as owed_minor
  from balance_entry
 group by customer_id, currency;

-- What is owed on documents today where the customer lives: the remainder of every unpaid invoice, and of every installment that no invoice covers and whose day has come.
-- Overdue is the part whose day has passed. Of an invoice that is not due yet, that is what its installments (COLLECTIVE) should have paid by now, but never more than
-- the invoice's remainder.
-- (`offset 0` has today computed once for a customer instead of once for a row.)
create view owed_item with (security_invoker = true) as
select c.id as customer_id, item.kind, item.invoice_id, item.installment_id, item.subscription_id, item.currency, item.due_on, item.remaining_minor, item.overdue_minor
  from customer c
 cross join lateral (select today_in(c.time_zone) as today_on offset 0) t
 cross join lateral (
        select 'INVOICE' as kind, i.id as invoice_id, cast(null as text) as installment_id, i.subscription_id, i.currency, i.due_on, i.remaining_minor,
               case when i.due_on < t.today_on then i.remaining_minor
                    else least(i.remaining_minor,
                               coalesce((select cast(sum(p.remaining_minor) as bigint) from installment p
                                          where p.customer_id = c.id and p.invoice_id = i.id and p.remaining_minor > 0 and p.due_on < t.today_on), 0))
               end as overdue_minor
          from invoice i
         where i.customer_id = c.id and i.remaining_minor > 0
         union all
        select 'INSTALLMENT', null, p.id, null, p.currency, p.due_on, p.remaining_minor, case when p.due_on < t.today_on then p.remaining_minor else 0 end
          from installment p
         where p.customer_id = c.id and p.invoice_id is null and p.remaining_minor > 0 and p.due_on <= t.today_on) item;

-- As before, with what is owed from the two views above. What is owed on the account has no day, so it is never overdue.
create or replace view portal_total with (security_invoker = true) as
select part.customer_id, part.currency,
       cast(sum(balance_minor) as bigint) as balance_minor, cast(sum(due_minor) as bigint) as due_minor,
       cast(sum(overdue_minor) as bigint) as overdue_minor, cast(sum(processing_minor) as bigint) as processing_minor
  from (select customer_id, currency, balance_minor, owed_minor as due_minor, 0 as overdue_minor, 0 as processing_minor
          from account_balance
         union all
        select customer_id, currency, 0, remaining_minor, overdue_minor, 0
          from owed_item
         union all
        select customer_id, currency, 0, 0, 0, amount_minor
          from payment
         where status in ('PROCESSING', 'REQUIRES_ACTION')
         union all
        select customer_id, currency, 0, 0, 0, 0
          from portal_known_currency) part
 group by part.customer_id, part.currency;

-- All that is owed, documents and account, and of each how much may be paid now: nothing of what is in payment already. While a charge decides what becomes of a
-- subscription, its invoices count as in payment: unused time may be taken off them.
create view payable_item with (security_invoker = true) as
select o.customer_id, o.kind, o.invoice_id, o.installment_id, o.currency, o.due_on, o.remaining_minor,
       case when exists (select from invoice i where i.customer_id = o.customer_id and i.id = o.invoice_id and i.status = 'PROCESSING')
              or exists (select from installment p where p.customer_id = o.customer_id and p.id = o.installment_id and p.status = 'PROCESSING')
              or exists (select from subscription s where s.customer_id = o.customer_id and s.id = o.subscription_id and s.charging_payment_id is not null)
            then 0 else o.remaining_minor end as payable_minor
  from owed_item o
 union all
select b.customer_id, 'ACCOUNT', null, null, b.currency, null, b.owed_minor,
       greatest(b.owed_minor - (select cast(coalesce(sum(h.account_minor), 0) as bigint) from charge h
                                 where h.customer_id = b.customer_id and h.currency = b.currency and h.settled_at is null), 0)
  from account_balance b
 where b.owed_minor > 0;

-- As before, with what is overdue from the view.
create or replace view portal_subscription with (security_invoker = true) as
select s.id, s.customer_id, s.plan_id, s.price_id, s.currency, s.quantity, s.status, s.suspended_by, s.started_at, s.trial_ends_at, s.period_starts_at, s.period_ends_at,
       s.renews_at, s.renewal_minor, s.pending_kind, s.pending_at, s.pending_plan_id, s.pending_price_id, s.pending_quantity, s.pending_resumes_at,
       s.resumes_at, s.paused_at, s.suspended_at, s.canceled_at, s.cancel_reason, s.cancel_comment, s.payment_method_id,
       exists (select from owed_item o where o.customer_id = s.customer_id and o.subscription_id = s.id and o.overdue_minor > 0) as has_overdue,
       s.charging_payment_id is not null as is_charging,
       s.version, s.created_at,
       (select case when r.periods_left = 0 then 'ENDING' else 'LASTING' end
          from coupon_redemption r where r.customer_id = s.customer_id and r.subscription_id = s.id and r.ended_at is null) as running_coupon
  from subscription s;

grant select on account_balance, owed_item, payable_item to portico_app;
