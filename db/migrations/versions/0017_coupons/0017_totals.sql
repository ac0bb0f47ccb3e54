-- Totals list every currency that the account has known.

create index invoice_by_currency on invoice (customer_id, currency);
create index subscription_by_currency on subscription (customer_id, currency);

-- The currencies that a customer has known: those of the invoices, payments, subscriptions, payment schedules and balance entries that they have or had, whatever
-- their status. One after the other in the order of their codes, so that each takes a step into an index and not all the rows of a customer who has thousands.
create view portal_known_currency with (security_invoker = true) as
select c.id as customer_id, k.currency
  from customer c
 cross join lateral (
        with recursive known(currency) as (
            select ''
             union all
            select least((select min(i.currency) from invoice i where i.customer_id = c.id and i.currency > known.currency),
                         (select min(p.currency) from payment p where p.customer_id = c.id and p.currency > known.currency),
                         (select min(s.currency) from subscription s where s.customer_id = c.id and s.currency > known.currency),
                         (select min(h.currency) from payment_schedule h where h.customer_id = c.id and h.currency > known.currency),
                         (select min(b.currency) from balance_entry b where b.customer_id = c.id and b.currency > known.currency))
              from known
             where known.currency is not null)
        select currency from known where currency <> '') k;

-- As before, and zeros in every other currency that the customer has known.
create or replace view portal_total with (security_invoker = true) as
select c.id as customer_id, part.currency,
       cast(sum(balance_minor) as bigint) as balance_minor, cast(sum(due_minor) as bigint) as due_minor,
       cast(sum(overdue_minor) as bigint) as overdue_minor, cast(sum(processing_minor) as bigint) as processing_minor
  from customer c
 cross join lateral (select today_in(c.time_zone) as today_on offset 0) t
 cross join lateral (
        select currency, amount_minor as balance_minor, 0 as due_minor, 0 as overdue_minor, 0 as processing_minor
          from balance_entry
         where customer_id = c.id
         union all
        select currency, 0, remaining_minor,
               case when due_on < t.today_on then remaining_minor
                    else coalesce((select sum(p.remaining_minor) from installment p
                                    where p.customer_id = c.id and p.invoice_id = i.id and p.remaining_minor > 0 and p.due_on < t.today_on), 0)
               end, 0
          from invoice i
         where customer_id = c.id and remaining_minor > 0
         union all
        select currency, 0, remaining_minor, case when due_on < t.today_on then remaining_minor else 0 end, 0
          from installment
         where customer_id = c.id and remaining_minor > 0 and invoice_id is null and due_on <= t.today_on
         union all
        select currency, 0, 0, 0, amount_minor
          from payment
         where customer_id = c.id and status in ('PROCESSING', 'REQUIRES_ACTION')
         union all
        select currency, 0, 0, 0, 0
          from portal_known_currency
         where customer_id = c.id) part
 group by c.id, part.currency;

grant select on portal_known_currency to portico_app;
