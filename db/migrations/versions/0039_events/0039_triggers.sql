-- The triggers that write events. Each compares the row before the transaction with the row at its end: an update of a row that this transaction has written is left to the
-- trigger of the first write. What has no type of its own is `updated`.

create function record_customer() returns trigger language plpgsql set search_path = portico as $$
declare
  after customer;
  changed text[] := '{}';
  types text[];
begin
  select * into after from customer where id = new.id;
  if tg_op = 'INSERT' then
    types := array['customer.created'];
  else
    changed := changed_columns(to_jsonb(old), to_jsonb(after), array['version', 'created_at', 'name_key', 'email_key']);
    types := case
      when after.erased_at is not null and old.erased_at is null then array['customer.erased']
      else array_remove(array[
        case when after.closed_at is not null and old.closed_at is null then 'customer.closed' end,
        case when after.email <> old.email then 'customer.email_changed' end,
        case when exists (select from unnest(changed) c where c <> all(array['email', 'closed_at', 'shares_email'])) then 'customer.updated' end], null) end;
    if types = '{}' and (changed <> '{}' or after.version <> old.version) then
      types := array['customer.updated'];
    end if;
  end if;
  perform write_events(new.id, new.id, after.version, types, changed);
  return null;
end $$;

create function record_subscription() returns trigger language plpgsql set search_path = portico as $$
declare
  after subscription;
  changed text[] := '{}';
  types text[];
  is_begun boolean;
  is_changed boolean;
begin
  select * into after from subscription where customer_id = new.customer_id and id = new.id;
  if after.id is null then
    return null;
  elsif tg_op = 'INSERT' then
    types := array_remove(array['subscription.created', case when after.status in ('TRIALING', 'ACTIVE') then 'subscription.activated' end], null);
  else
    changed := changed_columns(to_jsonb(old), to_jsonb(after), array['version', 'created_at', 'due_at', 'anchor_at', 'billing_zone']);
    is_begun := after.status in ('TRIALING', 'ACTIVE') and old.status in ('PENDING', 'SCHEDULED') or after.status = 'ACTIVE' and old.status = 'TRIALING';
    is_changed := (after.plan_id, after.price_id, after.quantity) is distinct from (old.plan_id, old.price_id, old.quantity);
    types := array_remove(array[
      case when after.status <> old.status then
        case after.status
          when 'PAUSED' then 'subscription.paused'
          when 'SUSPENDED' then case when after.suspended_by = 'DUNNING' then 'subscription.past_due' else 'subscription.suspended' end
          when 'CANCELED' then 'subscription.canceled'
          else case when is_begun then 'subscription.activated'
                    when old.status = 'SUSPENDED' and old.suspended_by = 'DUNNING' then 'subscription.recovered'
                    when old.status in ('PAUSED', 'SUSPENDED') then 'subscription.resumed' end
        end
      end,
      case when after.status = 'ACTIVE' and not is_begun and not is_changed and after.period_starts_at > old.period_starts_at
             or after.status = 'ACTIVE' and old.status = 'ACTIVE' and is_changed and after.period_starts_at >= old.period_ends_at then 'subscription.renewed' end,
      case when is_changed then 'subscription.changed' end,
      case when after.pending_kind is null and old.pending_kind is not null and not is_changed and (after.status = old.status or after.status = 'ACTIVE') then
             'subscription.change_withdrawn'
           when after.pending_kind = 'CANCEL' and old.pending_kind is distinct from 'CANCEL' then 'subscription.cancellation_scheduled'
           when after.pending_kind is not null
            and (after.pending_kind, after.pending_at, after.pending_price_id, after.pending_quantity, after.pending_resumes_at)
                is distinct from (old.pending_kind, old.pending_at, old.pending_price_id, old.pending_quantity, old.pending_resumes_at) then 'subscription.change_scheduled'
      end], null);
    if types = '{}' and (changed <> '{}' or after.version <> old.version) then
      types := array['subscription.updated'];
    end if;
  end if;
  perform write_events(new.customer_id, new.id, after.version, types, changed);
  return null;
end $$;

create function record_invoice() returns trigger language plpgsql set search_path = portico as $$
declare
  after invoice;
  changed text[] := '{}';
  types text[];
begin
  select * into after from invoice where customer_id = new.customer_id and id = new.id;
  if after.id is null then
    return null;
  elsif tg_op = 'INSERT' then
    types := array_remove(array['invoice.issued', case when after.status = 'PAID' then 'invoice.paid' end], null);
  else
    changed := changed_columns(to_jsonb(old), to_jsonb(after),
      array['version', 'created_at', 'collect_at', 'sequence', 'failed_attempts', 'retry_began_on', 'retry_last_on', 'retry_method_id', 'is_hold_paused']);
    types := array_remove(array[
      case when after.noted_minor > old.noted_minor then 'invoice.credited' end,
      case when after.status = 'PAID' and old.status <> 'PAID' then 'invoice.paid'
           when after.status = 'VOID' and old.status <> 'VOID' then 'invoice.voided'
           when after.paid_minor > old.paid_minor then 'invoice.partially_paid' end,
      case when after.written_off_at is not null and old.written_off_at is null then 'invoice.written_off' end], null);
    if types = '{}' and (changed <> '{}' or after.version <> old.version) then
      types := array['invoice.updated'];
    end if;
  end if;
  perform write_events(new.customer_id, new.id, after.version, types, changed);
  return null;
end $$;

-- The installments of a new schedule have no events of their own: there is one of the schedule.
create function record_installment() returns trigger language plpgsql set search_path = portico as $$
declare
  after installment;
  changed text[];
  types text[];
begin
  select * into after from installment where customer_id = new.customer_id and id = new.id;
  if after.id is null then
    return null;
  end if;
  changed := changed_columns(to_jsonb(old), to_jsonb(after), array['version']);
  types := case when after.status = 'PAID' and old.status <> 'PAID' then array['installment.paid']
                when after.status = 'FAILED' and old.status <> 'FAILED' then array['installment.failed']
                when changed <> '{}' or after.version <> old.version then array['installment.updated']
                else '{}' end;
  perform write_events(new.customer_id, new.id, after.version, types, changed);
  return null;
end $$;

create function record_schedule() returns trigger language plpgsql set search_path = portico as $$
declare
  after payment_schedule;
  changed text[] := '{}';
  types text[];
begin
  select * into after from payment_schedule where customer_id = new.customer_id and id = new.id;
  if after.id is null then
    return null;
  elsif tg_op = 'INSERT' then
    types := array['schedule.created'];
  else
    changed := changed_columns(to_jsonb(old), to_jsonb(after), array['version', 'created_at']);
    types := case when after.status = 'FINISHED' and old.status <> 'FINISHED' then array['schedule.finished']
                  when after.status = 'CANCELED' and old.status <> 'CANCELED' then array['schedule.canceled']
                  when changed <> '{}' or after.version <> old.version then array['schedule.updated']
                  else '{}' end;
  end if;
  perform write_events(new.customer_id, new.id, after.version, types, changed);
  return null;
end $$;

create function record_payment() returns trigger language plpgsql set search_path = portico as $$
declare
  after payment;
  changed text[] := '{}';
  types text[];
begin
  select * into after from payment where customer_id = new.customer_id and id = new.id;
  if after.id is null then
    return null;
  elsif tg_op = 'INSERT' then
    types := array_remove(array['payment.created',
      case after.status when 'SUCCEEDED' then 'payment.succeeded' when 'FAILED' then 'payment.failed' when 'REQUIRES_ACTION' then 'payment.requires_action' end], null);
  else
    changed := changed_columns(to_jsonb(old), to_jsonb(after), array['version', 'created_at', 'processor_reference']);
    types := array_remove(array[
      case when after.status <> old.status and old.status in ('PROCESSING', 'REQUIRES_ACTION', 'FAILED') then
        case after.status when 'SUCCEEDED' then 'payment.succeeded' when 'REFUNDED' then 'payment.succeeded' when 'FAILED' then 'payment.failed'
                          when 'REQUIRES_ACTION' then 'payment.requires_action' end end,
      case when after.refunded_minor > old.refunded_minor then 'payment.refunded' end], null);
    if types = '{}' and (changed <> '{}' or after.version <> old.version) then
      types := array['payment.updated'];
    end if;
  end if;
  perform write_events(new.customer_id, new.id, after.version, types, changed);
  return null;
end $$;

create function record_refund() returns trigger language plpgsql set search_path = portico as $$
declare
  after refund;
  changed text[] := '{}';
  types text[];
begin
  select * into after from refund where customer_id = new.customer_id and id = new.id;
  if after.id is null then
    return null;
  elsif tg_op = 'INSERT' then
    types := array['refund.created'];
  else
    changed := changed_columns(to_jsonb(old), to_jsonb(after), array['version', 'created_at', 'reference', 'is_awaiting']);
    types := case when changed <> '{}' or after.version <> old.version then array['refund.updated'] else '{}' end;
  end if;
  perform write_events(new.customer_id, new.id, after.version, types, changed);
  return null;
end $$;

create function record_payment_method() returns trigger language plpgsql set search_path = portico as $$
declare
  after payment_method;
  changed text[] := '{}';
  types text[];
begin
  select * into after from payment_method where customer_id = new.customer_id and id = new.id;
  if after.id is null then
    return null;
  elsif tg_op = 'INSERT' then
    types := array_remove(array['payment_method.added', case when after.is_default then 'payment_method.default_changed' end], null);
  else
    changed := changed_columns(to_jsonb(old), to_jsonb(after), array['version', 'created_at', 'fingerprint', 'processor_reference']);
    types := array_remove(array[
      case when after.deleted_at is not null and old.deleted_at is null then 'payment_method.removed' end,
      case when after.is_default and not old.is_default then 'payment_method.default_changed' end], null);
    if types = '{}' and (changed <> '{}' or after.version <> old.version) then
      types := array['payment_method.updated'];
    end if;
  end if;
  perform write_events(new.customer_id, new.id, after.version, types, changed);
  return null;
end $$;

-- An upload that is not complete is no event.
create function record_attachment() returns trigger language plpgsql set search_path = portico as $$
declare
  after attachment;
  types text[];
begin
  if tg_op = 'DELETE' then
    perform write_events(old.customer_id, old.id, old.version, case when old.status = 'PENDING' then '{}' else array['attachment.deleted'] end, '{}');
    return null;
  end if;
  select * into after from attachment where customer_id = new.customer_id and id = new.id;
  if after.id is null or tg_op = 'UPDATE' and old.status = after.status then
    return null;
  end if;
  types := case after.status when 'STORED' then array['attachment.stored'] when 'REJECTED' then array['attachment.rejected'] else '{}' end;
  perform write_events(new.customer_id, new.id, after.version, types, '{}');
  return null;
end $$;

-- What has one meaning for each trigger: the type is the first argument of the trigger, and the second one the column that names the object.
create function record_row() returns trigger language plpgsql set search_path = portico as $$
begin
  perform write_events(new.customer_id, to_jsonb(new) ->> tg_argv[1], null, array[tg_argv[0]], '{}');
  return null;
end $$;
create function record_removed_row() returns trigger language plpgsql set search_path = portico as $$
begin
  perform write_events(old.customer_id, to_jsonb(old) ->> tg_argv[1], null, array[tg_argv[0]], '{}');
  return null;
end $$;

do $$
declare
  noun text;
begin
  foreach noun in array array['customer', 'subscription', 'invoice', 'payment', 'refund', 'payment_method', 'attachment'] loop
    execute format('create constraint trigger record_new after insert on %I deferrable initially deferred for each row when (records_events()) execute function %I()',
                   noun, 'record_' || noun);
    execute format('create constraint trigger record_changed after update on %I deferrable initially deferred for each row
                      when (old.xmin <> cast(pg_current_xact_id() as xid) and records_events()) execute function %I()', noun, 'record_' || noun);
  end loop;
end $$;
create constraint trigger record_new after insert on payment_schedule deferrable initially deferred for each row when (records_events()) execute function record_schedule();
create constraint trigger record_changed after update on payment_schedule deferrable initially deferred for each row
  when (old.xmin <> cast(pg_current_xact_id() as xid) and records_events()) execute function record_schedule();
create constraint trigger record_changed after update on installment deferrable initially deferred for each row
  when (old.xmin <> cast(pg_current_xact_id() as xid) and records_events()) execute function record_installment();
create constraint trigger record_deleted after delete on attachment deferrable initially deferred for each row when (records_events()) execute function record_attachment();

create constraint trigger record_new after insert on credit_note deferrable initially deferred for each row
  when (records_events()) execute function record_row('credit_note.issued', 'id');
create constraint trigger record_new after insert on balance_entry deferrable initially deferred for each row
  when (records_events()) execute function record_row('balance.changed', 'id');
create constraint trigger record_new after insert on coupon_redemption deferrable initially deferred for each row
  when (new.ended_at is null and records_events()) execute function record_row('coupon.redeemed', 'subscription_id');
create constraint trigger record_ended after update of ended_at on coupon_redemption deferrable initially deferred for each row
  when (old.ended_at is null and new.ended_at is not null and records_events()) execute function record_row('coupon.removed', 'subscription_id');
create constraint trigger record_deleted after delete on coupon_redemption deferrable initially deferred for each row
  when (old.ended_at is null and records_events()) execute function record_removed_row('coupon.removed', 'subscription_id');
create constraint trigger record_new after insert on partner_grant deferrable initially deferred for each row
  when (records_events()) execute function record_row('grant.given', 'id');
create constraint trigger record_ended after update of revoked_at on partner_grant deferrable initially deferred for each row
  when (old.revoked_at is null and new.revoked_at is not null and records_events()) execute function record_row('grant.revoked', 'id');
create constraint trigger record_new after insert on portal_session deferrable initially deferred for each row
  when (records_events()) execute function record_row('session.started', 'id');
create constraint trigger record_ended after update of ended_at on portal_session deferrable initially deferred for each row
  when (old.ended_at is null and new.ended_at is not null and records_events()) execute function record_row('session.ended', 'id');
create constraint trigger record_new after insert on data_export deferrable initially deferred for each row
  when (records_events()) execute function record_row('data_export.requested', 'id');
create constraint trigger record_changed after update of status on data_export deferrable initially deferred for each row
  when (old.status <> new.status and new.status in ('READY', 'FAILED', 'EXPIRED') and records_events()) execute function record_row('data_export.updated', 'id');
