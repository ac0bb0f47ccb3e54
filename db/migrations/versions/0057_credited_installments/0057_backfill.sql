-- What credit notes have lowered before: installments that still asked for more than their invoices. Each change has its event.
-- Row security is forced on the owner too, so it is set aside to read and write the rows of all customers.
alter table invoice no force row level security;
alter table installment no force row level security;
alter table payment_schedule no force row level security;

update installment p
   set status = case when c.minor = p.amount_minor then 'CANCELED' else p.status end, version = p.version + 1,
       amount_minor = case when c.minor = p.amount_minor then p.amount_minor else p.amount_minor - cast(c.minor as bigint) end
  from (select o.customer_id, o.id,
               o.remaining_minor - least(greatest(i.remaining_minor - sum(o.remaining_minor) over (partition by o.customer_id, o.invoice_id order by o.due_on, o.id) + o.remaining_minor, 0),
                                         o.remaining_minor) as minor
          from installment o
          join invoice i on i.customer_id = o.customer_id and i.id = o.invoice_id
         where o.remaining_minor > 0 and i.noted_minor > 0) c
 where p.customer_id = c.customer_id and p.id = c.id and c.minor > 0;

update payment_schedule s
   set total_minor = sums.total_minor, canceled_minor = sums.canceled_minor, version = s.version + 1
  from (select p.customer_id, p.schedule_id, sum(p.amount_minor) as total_minor,
               coalesce(sum(p.amount_minor - p.paid_minor - p.refunded_minor) filter (where p.status = 'CANCELED'), 0) as canceled_minor
          from installment p
         group by p.customer_id, p.schedule_id) sums
 where s.customer_id = sums.customer_id and s.id = sums.schedule_id and (s.total_minor, s.canceled_minor) <> (sums.total_minor, sums.canceled_minor);

set constraints all immediate;
set constraints all deferred;
alter table invoice force row level security;
alter table installment force row level security;
alter table payment_schedule force row level security;
