-- name: schedules.by_id
-- returns: PaymentScheduleRow
-- revised by: customer
select * from portal_payment_schedule where customer_id = :customer_id and id = :key

-- name: schedules.of_customer
-- returns: PaymentScheduleRow
-- order newest: created_at desc, id desc
-- order oldest: created_at asc, id asc
-- revised by: customer
select * from portal_payment_schedule
 where customer_id = :key and customer_id = :customer_id
   and (cast(:status as text[]) is null or status = any(:status))
   and (cast(:is_overdue as boolean) is null or is_overdue = :is_overdue)

-- name: schedules.of_subscription
-- returns: PaymentScheduleRow
-- order newest: created_at desc, id desc
-- order oldest: created_at asc, id asc
-- revised by: customer
select * from portal_payment_schedule
 where customer_id = :customer_id and subscription_id = :key
   and (cast(:status as text[]) is null or status = any(:status))
   and (cast(:is_overdue as boolean) is null or is_overdue = :is_overdue)

-- name: installments.by_id
-- returns: InstallmentRow
-- revised by: customer
select * from portal_installment where customer_id = :customer_id and id = :key

-- name: installments.of_schedule
-- returns: InstallmentRow
-- order due_first: due_on asc, id asc
-- order due_last: due_on desc, id desc
-- revised by: customer
select * from portal_installment
 where customer_id = :customer_id and schedule_id = :key
   and (cast(:status as text[]) is null or status = any(:status))
   and (cast(:is_overdue as boolean) is null or is_overdue = :is_overdue)

-- name: installments.of_invoice
-- returns: InstallmentRow
-- order due_first: due_on asc, id asc
-- order due_last: due_on desc, id desc
-- revised by: customer
select * from portal_installment
 where customer_id = :customer_id and invoice_id = :key
   and (cast(:status as text[]) is null or status = any(:status))
   and (cast(:is_overdue as boolean) is null or is_overdue = :is_overdue)

-- name: installments.next_of_schedule
-- returns: InstallmentRow
-- revised by: customer
-- Select the oldest installment of a schedule that is not fully paid.
select * from portal_installment where customer_id = :customer_id and schedule_id = :key and remaining_minor > 0 order by due_on, id limit 1
