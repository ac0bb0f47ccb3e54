-- A subscription that is ordered by a payment which takes time is there while the payment decides. The previous version of the program knows no such status and
-- writes none; it settles a charge of this one as it always did.
alter table subscription drop constraint subscription_status_check;
alter table subscription add constraint subscription_status_check check (status in ('PENDING', 'SCHEDULED', 'TRIALING', 'ACTIVE', 'PAUSED', 'SUSPENDED', 'CANCELED'));
alter table subscription add constraint subscription_pending_check check (status <> 'PENDING' or (charging_payment_id is not null and period_starts_at is null));

-- `ordered`: the rows of a subscription that is ordered by the charge; `subscription_id` is null until they are written. `agreed`: what a period that begins with
-- the payment costs. A charge gets an `invoice_id` later if its period begins before the payment is decided.
alter table charge
  add column ordered json,
  add column agreed json;

grant update (subscription_id, invoice_id, reserved_minor, coupon_id) on charge to portico_app;
