-- The functions of a distributed database that differ from those of the migrations. Triggers run on the shards of a worker. A statement of theirs on a distributed table would
-- begin a distributed transaction of the worker's own, which cannot be prepared for the commit in two phases; so what they write, they write to the shard itself.

-- The shard of a table with the rows of a customer, if it is on this node; else the table.
create or replace function shard_of(relation text, owner text) returns text language plpgsql stable set search_path = portico, pg_catalog as $$
declare
  shard constant text := relation || '_' || get_shard_id_for_distribution_column(format('portico.%I', relation)::regclass, owner);
begin
  return case when to_regclass(format('portico.%I', shard)) is null then relation else shard end;
end $$;

create or replace function write_events(of_customer text, of_object text, version integer, types text[], changed text[]) returns void
  language plpgsql security definer set search_path = portico as $$
declare
  this_transaction constant xid8 := pg_current_xact_id();
  happened_at constant timestamptz := coalesce(operation_now(), now());
  acting constant text := nullif(current_setting('app.actor', true), '');
  events constant text := shard_of('event', of_customer);
  first_written bigint;
  last_seq bigint;
  is_written boolean := false;
begin
  if pg_trigger_depth() = 0 then
    raise insufficient_privilege using message = 'events are written by triggers';
  elsif cardinality(types) = 0 then
    return;
  end if;
  execute format('select first_seq, seq from %I where owner_id = $1 and transaction_id = $2', shard_of('event_counter', of_customer))
    into first_written, last_seq using of_customer, this_transaction;
  if first_written is not null then
    execute format('select exists (select from %I e
                                    where e.customer_id = $1 and e.seq between $2 and $3 and e.occurred_at = $4 and e.object_id = $5
                                      and case when $6 is null then e.type = $7
                                               else e.object_version is not null and split_part(e.type, ''.'', 1) = split_part($7, ''.'', 1) end)', events)
      into is_written using of_customer, first_written, last_seq, happened_at, of_object, version, types[1];
  end if;
  if is_written then
    return;
  end if;
  execute format('insert into %I as c (owner_id, seq, first_seq, transaction_id, revision) values ($1, $2, 1, $3, gen_random_uuid())
                      on conflict (owner_id) do update
                         set seq = c.seq + excluded.seq, first_seq = case when c.transaction_id = excluded.transaction_id then c.first_seq else c.seq + 1 end,
                             transaction_id = excluded.transaction_id, revision = excluded.revision
                   returning c.seq', shard_of('event_counter', of_customer))
    into last_seq using of_customer, cardinality(types), this_transaction;
  for number in 1 .. cardinality(types) loop
    execute format('insert into %I (customer_id, seq, type, object_id, object_version, changes, actor, client, request_id, occurred_at)
                    values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)', events)
      using of_customer, last_seq - cardinality(types) + number, types[number], of_object, version, changed, coalesce(acting, 'SYSTEM'),
            coalesce(nullif(current_setting('app.client', true), ''), case when acting is null then 'sql' else '' end),
            coalesce(current_setting('app.request_id', true), ''), happened_at;
  end loop;
end $$;

-- The row that a trigger on a shard has from before is of the type of the shard, so the functions that compare two rows take any, and in PL/pgSQL, as SQL takes none. They are volatile:
-- groups, in which nothing is written, do without them. The owner runs `write_comparisons` in later migrations.
create or replace function write_comparisons() returns void language plpgsql set search_path = portico as $$
declare
  noun text;
  comparisons text;
begin
  foreach noun in array array['customer', 'subscription', 'invoice', 'installment', 'payment', 'payment_schedule', 'refund', 'payment_method'] loop
    if to_regprocedure(format('portico.changed_in_%1$s(portico.%1$s, portico.%1$s)', noun)) is not null then
      execute format('drop function changed_in_%1$s(%1$I, %1$I)', noun);
    end if;
    select string_agg(format('case when before.%1$I is distinct from after.%1$I then %1$L end', a.attname), ', ' order by cast(a.attname as text)) into comparisons
      from pg_attribute a
     where a.attrelid = to_regclass('portico.' || noun) and a.attnum > 0 and not a.attisdropped
       and not exists (select from column_erasure e where e.relation = noun and e.attribute = a.attname and not e.is_in_events);
    comparisons := format('begin return array_remove(cast(array[%s] as text[]), null); end', comparisons);
    if comparisons is distinct from (select prosrc from pg_proc where oid = to_regproc('portico.changed_in_' || noun)) then
      execute format('create or replace function changed_in_%1$s(before record, after record) returns text[] language plpgsql as %2$L', noun, comparisons);
      execute format('alter function changed_in_%1$s(record, record) owner to portico_owner', noun);
    end if;
  end loop;
end $$;
select write_comparisons();

create or replace function note_search_entry() returns trigger language plpgsql security definer set search_path = portico as $$
declare
  owner constant text := case when tg_table_name like 'customer%' then coalesce(to_jsonb(new), to_jsonb(old)) ->> 'id' else coalesce(to_jsonb(new), to_jsonb(old)) ->> 'customer_id' end;
  entries constant text := shard_of('search_entry', owner);
  found_by text;
begin
  if tg_op = 'DELETE' then
    execute format('delete from %I where owner_id = $1 and object_id = $2', entries) using owner, old.id;
    return null;
  end if;
  found_by := case when tg_table_name like 'customer%' then search_words(to_jsonb(new) ->> 'name', to_jsonb(new) ->> 'company_name', to_jsonb(new) ->> 'email', to_jsonb(new) ->> 'external_id')
                   when tg_table_name like 'invoice%' then search_words(to_jsonb(new) ->> 'number')
                   when to_jsonb(new) ->> 'last4' is not null and to_jsonb(new) ->> 'deleted_at' is null then search_words(to_jsonb(new) ->> 'last4') end;
  if found_by is null then
    execute format('delete from %I where owner_id = $1 and object_id = $2', entries) using owner, new.id;
    return null;
  end if;
  execute format('insert into %1$I as e (owner_id, object_id, words) values ($1, $2, $3)
                      on conflict (owner_id, object_id) do update set words = excluded.words where e.words <> excluded.words', entries)
    using owner, new.id, found_by;
  return null;
end $$;

create or replace function write_subscription_state() returns trigger language plpgsql set search_path = portico as $$
declare
  written_at constant timestamptz := coalesce(operation_now(), now());
  states constant text := shard_of('subscription_state', new.customer_id);
  changed_at timestamptz;
  before_at timestamptz;
begin
  changed_at := case
    when tg_op = 'INSERT' then new.started_at
    when new.status = 'CANCELED' then new.canceled_at
    when new.status = 'PAUSED' then new.paused_at
    when new.status = 'SUSPENDED' then new.suspended_at
    when new.period_starts_at is distinct from old.period_starts_at then new.period_starts_at
  end;
  execute format('select max(began_at) from %I where customer_id = $1 and subscription_id = $2', states) into before_at using new.customer_id, new.id;
  if changed_at is null or changed_at > written_at or changed_at <= before_at then
    changed_at := greatest(written_at, before_at);
  end if;
  execute format('update %I set ended_at = $3 where customer_id = $1 and subscription_id = $2 and ended_at is null and began_at < $3', states)
    using new.customer_id, new.id, changed_at;
  execute format('insert into %I (customer_id, subscription_id, began_at, status, price_id, quantity, currency) values ($1, $2, $3, $4, $5, $6, $7)
                      on conflict (customer_id, subscription_id, began_at) do update set status = excluded.status, price_id = excluded.price_id, quantity = excluded.quantity', states)
    using new.customer_id, new.id, changed_at, new.status, new.price_id, new.quantity, new.currency;
  return null;
end $$;

create or replace function keep_document_snapshot() returns trigger language plpgsql set search_path = portico as $$
declare
  is_there boolean;
begin
  execute format('select exists (select from %I where customer_id = $1 and document_id = $2)', shard_of('document_snapshot', new.customer_id))
    into is_there using new.customer_id, new.id;
  if not is_there then
    execute format('insert into %I (customer_id, document_id, name, company_name, email, address_line1, address_line2, address_city, address_region,
                           address_postal_code, address_country, tax_ids, tax_exemption, tax_name, locale, time_zone)
                    select c.id, $2, c.name, c.company_name, c.email, c.address_line1, c.address_line2, c.address_city, c.address_region, c.address_postal_code,
                           c.address_country, c.tax_ids, c.tax_exemption, c.tax_name, c.locale, c.time_zone
                      from %I c
                     where c.id = $1
                        on conflict do nothing', shard_of('document_snapshot', new.customer_id), shard_of('customer', new.customer_id))
      using new.customer_id, new.id;
  end if;
  return null;
end $$;

create or replace function count_notes() returns trigger language plpgsql set search_path = portico as $$
begin
  execute format('update %I set noted_minor = (select coalesce(sum(n.total_minor), 0) from %I n where n.customer_id = $1 and n.invoice_id = $2)
                   where customer_id = $1 and id = $2', shard_of('invoice', new.customer_id), shard_of('credit_note', new.customer_id))
    using new.customer_id, new.invoice_id;
  return null;
end $$;

create or replace function lower_installments() returns trigger language plpgsql set search_path = portico as $$
declare
  installments constant text := shard_of('installment', new.customer_id);
  schedule_ids text[];
begin
  execute format('with covered as (
                      select p.id, p.remaining_minor - least(greatest($3 - sum(p.remaining_minor) over (order by p.due_on, p.id) + p.remaining_minor, 0), p.remaining_minor) as minor
                        from %1$I p
                       where p.customer_id = $1 and p.invoice_id = $2 and p.remaining_minor > 0),
                  lowered as (
                      update %1$I p
                         set status = case when c.minor = p.amount_minor then ''CANCELED'' else p.status end, version = p.version + 1,
                             amount_minor = case when c.minor = p.amount_minor then p.amount_minor else p.amount_minor - cast(c.minor as bigint) end
                        from covered c
                       where p.customer_id = $1 and p.id = c.id and c.minor > 0
                      returning p.schedule_id)
                  select array_agg(distinct schedule_id) from lowered', installments) into schedule_ids using new.customer_id, new.id, new.remaining_minor;
  if schedule_ids is not null then
    execute format('update %I s
                       set total_minor = sums.total_minor, canceled_minor = sums.canceled_minor, version = s.version + 1
                      from (select p.schedule_id, sum(p.amount_minor) as total_minor,
                                   coalesce(sum(p.amount_minor - p.paid_minor - p.refunded_minor) filter (where p.status = ''CANCELED''), 0) as canceled_minor
                              from %I p
                             where p.customer_id = $1 and p.schedule_id = any($2)
                             group by p.schedule_id) sums
                     where s.customer_id = $1 and s.id = sums.schedule_id', shard_of('payment_schedule', new.customer_id), installments) using new.customer_id, schedule_ids;
  end if;
  return null;
end $$;

create or replace function lower_schedule() returns trigger language plpgsql set search_path = portico as $$
begin
  execute format('update %I set total_minor = total_minor - $3, canceled_minor = canceled_minor - $3 where customer_id = $1 and id = $2',
                 shard_of('payment_schedule', new.customer_id)) using new.customer_id, new.schedule_id, old.amount_minor - new.amount_minor;
  return null;
end $$;

create or replace function follow_tax_rate() returns trigger language plpgsql set search_path = portico as $$
begin
  execute format('update %I s set renewal_minor = renewal_of(jsonb_populate_record(cast(null as portico.subscription), to_jsonb(s)))
                   where s.customer_id = $1 and s.status <> ''CANCELED''', shard_of('subscription', new.id)) using new.id;
  return null;
end $$;

create or replace function settle_renewal() returns trigger language plpgsql set search_path = portico as $$
declare
  renewal bigint;
begin
  execute format('select renewal_of(jsonb_populate_record(cast(null as portico.subscription), to_jsonb(s))) from %I s where s.customer_id = $1 and s.id = $2',
                 shard_of('subscription', new.customer_id)) into renewal using new.customer_id, new.id;
  execute format('update %I s set renewal_minor = $3 where s.customer_id = $1 and s.id = $2 and s.status <> ''CANCELED'' and s.renewal_minor <> $3',
                 shard_of('subscription', new.customer_id)) using new.customer_id, new.id, renewal;
  return null;
end $$;

-- A document is numbered by the application itself, on the connection to the worker on which it was written; what takes the number still belongs to the owner of the series.
create or replace function issue_number(invoice_id text, wanted_series text, wanted_year integer, prefix text, digits integer, suffix text) returns void
  language plpgsql security invoker set search_path = portico as $$
declare
  owner constant text := current_setting('app.customer_id');
  taken record;
begin
  select * into taken from take_number(wanted_series, wanted_year, prefix, digits, suffix);
  update invoice i set number = taken.taken_number, sequence = taken.taken_sequence where i.customer_id = owner and i.id = invoice_id and i.number = invoice_id;
  if not found then
    raise exception 'there is no invoice % that needs a number', invoice_id;
  end if;
end $$;
create or replace function issue_credit_note_number(credit_note_id text, wanted_series text, wanted_year integer, prefix text, digits integer, suffix text) returns void
  language plpgsql security invoker set search_path = portico as $$
declare
  owner constant text := current_setting('app.customer_id');
  taken record;
begin
  select * into taken from take_number(wanted_series, wanted_year, prefix, digits, suffix);
  update credit_note n set number = taken.taken_number, sequence = taken.taken_sequence where n.customer_id = owner and n.id = credit_note_id and n.number = credit_note_id;
  if not found then
    raise exception 'there is no credit note % that needs a number', credit_note_id;
  end if;
end $$;
alter function take_number(text, integer, text, integer, text) security definer;
grant execute on function take_number(text, integer, text, integer, text) to portico_app;
grant update (number, sequence) on invoice, credit_note to portico_app;

-- In place of the right that `issue_number` had alone: a document gets its number once.
create or replace function refuse_other_number() returns trigger language plpgsql as $$
begin
  if old.number <> old.id and (new.number, new.sequence) is distinct from (old.number, old.sequence) and current_user = 'portico_app' then
    raise exception 'a document gets its number once' using errcode = 'insufficient_privilege';
  end if;
  return new;
end $$;
create or replace trigger refuse_other_number before update of number, sequence on invoice for each row execute function refuse_other_number();
create or replace trigger refuse_other_number before update of number, sequence on credit_note for each row execute function refuse_other_number();

-- The register of numbers is on the coordinator, which a trigger on a shard does not reach.
drop trigger if exists register_number on invoice;
drop trigger if exists register_number on credit_note;

-- The revision of a customer, and that of what all customers share, are written on the node of the rows that change. A reference table has the same rows on every node, so each node
-- revises its copy of `shared_revision`, and an answer names that of the node which made it.
create or replace function revise_customer() returns trigger language plpgsql security definer set search_path = portico as $$
declare
  this_transaction constant xid8 := pg_current_xact_id();
  changed constant jsonb := coalesce(to_jsonb(new), to_jsonb(old));
  of_customer constant text := case when tg_table_name like 'customer%' then changed ->> 'id' else changed ->> 'customer_id' end;
  counters constant text := shard_of('event_counter', of_customer);
  revised integer;
begin
  if current_setting('app.events', true) is distinct from 'off' then
    execute format('insert into %I as c (owner_id, seq, first_seq, transaction_id, revision) values ($1, 0, 1, $2, gen_random_uuid())
                        on conflict (owner_id) do update
                           set first_seq = case when c.transaction_id = $2 then c.first_seq else c.seq + 1 end, transaction_id = $2, revision = excluded.revision
                         where c.xmin <> cast($2 as xid)', counters) using of_customer, this_transaction;
    return null;
  end if;
  execute format('update %I c
                     set first_seq = case when c.transaction_id = $2 then c.first_seq else c.seq + 1 end, transaction_id = $2, revision = gen_random_uuid()
                   where c.owner_id = $1', counters) using of_customer, this_transaction;
  get diagnostics revised = row_count;
  if revised = 0 then
    execute format('update %I s set revision = gen_random_uuid() where s.name = ''all'' and s.xmin <> cast($1 as xid)', shard_of('shared_revision', of_customer))
      using this_transaction;
  end if;
  return null;
end $$;

create or replace function revise_shared() returns trigger language plpgsql security definer set search_path = portico as $$
begin
  execute format('update %I set revision = gen_random_uuid() where name = $1', shard_of('shared_revision', null)) using tg_argv[0];
  return null;
end $$;

-- Called on the worker of the customer. The revision of the schema is not there: distributing revises `all` instead.
create or replace function customer_revision(with_catalog boolean) returns text language plpgsql stable security definer set search_path = portico as $$
declare
  who constant text := nullif(current_setting('app.customer_id', true), '');
  shared text;
  own text;
begin
  execute format('select string_agg(cast(s.revision as text), '' '' order by s.name) from %I s where s.name = ''all'' or $1', shard_of('shared_revision', who))
    into shared using with_catalog;
  execute format('select coalesce(cast(c.revision as text), cast(c.seq as text)) from %I c where c.owner_id = $1', shard_of('event_counter', who)) into own using who;
  return concat_ws(' ', shared, coalesce(own, '0'));
end $$;

create or replace function confirmed_revision(of_customer text, acting_as text, at timestamptz, session text, acting_party text, app text, is_known boolean, with_catalog boolean)
  returns text language plpgsql as $$
declare
  revision text;
begin
  execute format('set local app.customer_id = %L', of_customer);
  execute format('set local app.actor = %L', acting_as);
  execute format('set local app.now = %L', at);
  execute format('set local app.session_id = %L', coalesce(session, ''));
  execute format('set local app.acting_party = %L', coalesce(acting_party, ''));
  if session is not null then
    perform assert_session(session);
  else
    if app is not null then
      perform assert_client(app);
    end if;
    if not is_known then
      perform assert_customer();
    end if;
  end if;
  select customer_revision(with_catalog) into revision from customer c where c.id = of_customer;
  return revision;
end $$;

-- Of the acting customer, for the policy `routed`: Postgres evaluates it while it plans a statement, so that the statement names the customer as a constant and Citus finds the shard.
-- A shard that moves takes the policy along as a permissive one, until the next run drops it. On a worker it lets no row through, but for the check of foreign keys by the owner
-- when the shard arrives, where nobody acts.
create or replace function acting_customer() returns text language plpgsql immutable parallel safe as $$
begin
  return case when citus_is_coordinator() then nullif(current_setting('app.customer_id', true), '')
              when current_user <> 'portico_owner' or coalesce(current_setting('app.actor', true), '') <> '' then '' end;
end $$;

-- Sessions are on the workers and credentials on the coordinator, so row security is told whose address it is.
create or replace function has_signed_in(owner text, from_network text, since timestamptz) returns boolean language plpgsql as $$
begin
  execute format('set local app.signing_in = %L', owner);
  return exists (select from portal_session s where s.customer_id = owner and s.throttle_network = from_network and s.last_used_at >= since);
end $$;
drop policy by_email_and_network on portal_session;
create policy by_email_and_network on portal_session for select to portico_app
  using (throttle_network = nullif(current_setting('app.network', true), '') and customer_id = nullif(current_setting('app.signing_in', true), ''));

-- Another customer who signs in with an address, or can as soon as they have a password. It may be on any shard, so nobody acts while it is looked for; row security lets rows of the
-- address in `app.email` through.
create or replace function other_at_address(address text, besides text) returns text language plpgsql as $$
declare
  acting constant text := coalesce(current_setting('app.customer_id', true), '');
  other text;
begin
  execute format('set local app.customer_id = %L', '');
  execute 'select c.id from customer c where c.email_key = $1 and c.id <> $2 and not c.shares_email limit 1' into other using address, besides;
  execute format('set local app.customer_id = %L', acting);
  return other;
end $$;

create or replace function last_event(of_customer text) returns bigint language plpgsql stable security definer set search_path = portico as $$
begin
  return coalesce((select c.seq from event_counter c
                    where c.owner_id = of_customer
                      and (c.owner_id = nullif(current_setting('app.customer_id', true), '') or current_setting('app.actor', true) in ('STAFF', 'SYSTEM'))), 0);
end $$;

-- With the customer as a parameter: for a constant, Postgres would plan it once, for the shard of the first customer.
create or replace function is_acted_for() returns boolean language plpgsql stable set search_path = portico as $$
declare
  who constant text := nullif(current_setting('app.customer_id', true), '');
  session_id constant text := nullif(current_setting('app.session_id', true), '');
begin
  return coalesce(current_setting('app.acting_party', true), '') <> ''
      or session_id is not null and exists (select from portal_session s where s.customer_id = who and s.id = session_id and s.needs_sign_in);
end $$;

-- As in the migrations, but no branch has constants: Postgres would find that a condition on a constant is never true, and Citus would no longer know the shard of that branch.
create or replace view open_document with (security_invoker = true) as
select coalesce(nullif(i.id, i.id), 'INVOICE') collate "default" as kind, i.customer_id, i.id as item_id, i.id as invoice_id, nullif(i.id, i.id) as installment_id,
       nullif(i.id, i.id) as covered_by, i.subscription_id, i.currency, i.due_on, i.remaining_minor, i.status, i.written_off_at, i.collection, i.retry_count, i.collect_at,
       i.promised_on, i.promise_until
  from invoice i
union all
select coalesce(nullif(p.id, p.id), 'INSTALLMENT') collate "default", p.customer_id, p.id, nullif(p.id, p.id), p.id, p.invoice_id, nullif(p.id, p.id), p.currency, p.due_on,
       p.remaining_minor, p.status, cast(nullif(p.due_on, p.due_on) as timestamptz), coalesce(nullif(p.id, p.id), 'NONE') collate "default",
       coalesce(cast(nullif(p.amount_minor, p.amount_minor) as integer), 0), cast(nullif(p.due_on, p.due_on) as timestamptz), nullif(p.due_on, p.due_on),
       cast(nullif(p.due_on, p.due_on) as timestamptz)
  from installment p;

-- As in the migrations, but no subquery is without a table: of all customers Citus would refuse one that calls a function that reads settings.
create or replace view owed_item with (security_invoker = true) as
select d.customer_id, d.kind, d.invoice_id, d.installment_id, d.subscription_id, d.currency, d.due_on, d.remaining_minor,
       case when d.written_off_at is not null then 0
            when d.due_on < t.today_on then d.remaining_minor
            when d.kind = 'INSTALLMENT' then 0
            else least(d.remaining_minor,
                       coalesce((select cast(sum(p.remaining_minor) as bigint) from installment p
                                  where p.customer_id = d.customer_id and p.invoice_id = d.invoice_id and p.remaining_minor > 0 and p.due_on < t.today_on), 0))
       end as overdue_minor,
       d.item_id, case when d.written_off_at is null then greatest(t.today_on - d.due_on, 0) else 0 end as days_overdue,
       d.status, d.written_off_at, d.collection, d.retry_count, d.collect_at, d.promised_on, d.promise_until
  from open_document d
  join (select c.id, today_in(c.time_zone) as today_on from customer c) t on t.id = d.customer_id
 where d.remaining_minor > 0 and d.covered_by is null and (d.kind = 'INVOICE' or d.due_on <= t.today_on);

create or replace view portal_open_item with (security_invoker = true) as
select o.item_id, o.customer_id, o.kind, o.invoice_id, o.installment_id, o.currency, o.due_on, o.remaining_minor, o.overdue_minor, o.days_overdue,
       case when o.written_off_at is null then ageing_of(o.days_overdue) end as ageing,
       o.collection, o.retry_count,
       case when o.status <> 'PROCESSING' and o.collection in ('DUE', 'RETRYING') then greatest(o.collect_at, o.promise_until) end as next_attempt_at,
       case when o.promise_until > operation_now() then o.promised_on end as promised_on,
       o.status = 'PROCESSING' as is_in_payment, o.written_off_at is not null as is_written_off
  from owed_item o;

-- A worker cannot prepare a transaction that notifies. The coordinator has a copy of every reference table, whose trigger notifies the servers.
create or replace function tell_registry() returns trigger language plpgsql as $$
begin
  if (select groupid from pg_dist_local_group) = 0 then
    perform pg_notify('portico_registry', '');
  end if;
  return null;
end $$;

-- Workers commit one after the other, and one that was lost much later, so what is committed on the coordinator is not yet seen on all of them: a reader of the feed would pass positions
-- that are missing, and never come back. So positions are given by one call and shown by a later one, once all of them are seen: up to `last_given`, and up to `last_position`. Where some
-- are missing for ten minutes with all nodes there, their rows were removed.
alter table event_feed add column if not exists last_given bigint not null default 0, add column if not exists missing_since timestamptz;
create or replace function announce_events(wanted integer) returns integer language plpgsql security definer set search_path = portico as $$
declare
  assigned bigint;
  visible bigint;
  since timestamptz;
  announced integer;
  messages text[];
  message text;
begin
  if not pg_try_advisory_xact_lock(hashtext('portico.event_feed')) then
    return -1;
  end if;
  select greatest(f.last_given, f.last_position), greatest(f.last_position, f.first_kept - 1), coalesce(f.missing_since, clock_timestamp()) into assigned, visible, since from event_feed f;
  if assigned > visible then
    if (select count(*) from event e where e.position > visible and e.position <= assigned) < assigned - visible and since > clock_timestamp() - interval '10 minutes' then
      update event_feed set missing_since = since where missing_since is null;
      return 0;
    end if;
    update event_feed set last_position = assigned, missing_since = null;
  end if;
  with waiting as (
      select customer_id, seq, occurred_at from event where position is null order by customer_id, seq limit wanted),
  placed as (
      update event e
         set position = assigned + w.number
        from (select *, row_number() over (order by customer_id, seq) as number from waiting) w
       where e.customer_id = w.customer_id and e.seq = w.seq and e.occurred_at = w.occurred_at
      returning e.customer_id, e.seq),
  latest as (
      select customer_id || ':' || max(seq) as part, row_number() over (order by customer_id) as number, count(*) as events from placed group by customer_id),
  texts as (
      select string_agg(part, ' ') as message, sum(events) as events from latest group by number / 100)
  select coalesce(sum(events), 0), array_agg(t.message) into announced, messages from texts t;
  if announced = 0 then
    return 0;
  end if;
  update event_feed set last_given = assigned + announced;
  foreach message in array messages loop
    perform pg_notify('portico_events', message);
  end loop;
  return announced;
end $$;

create or replace function fan_out_webhooks(wanted_endpoint text, wanted integer) returns integer language plpgsql set search_path = portico as $$
declare
  endpoint webhook_endpoint;
  visible constant bigint := last_position();
  last bigint;
  events integer;
begin
  if not pg_try_advisory_xact_lock(hashtextextended('webhook ' || wanted_endpoint, 0)) then
    return 0;
  end if;
  select * into endpoint from webhook_endpoint where id = wanted_endpoint and status = 'ENABLED';
  select max(e.position), count(*) into last, events
    from (select position from event where position > endpoint.position and position <= visible order by position limit wanted) e;
  if last is null then
    return 0;
  end if;
  perform add_webhook_deliveries(endpoint, endpoint.position, last);
  update webhook_endpoint set position = last where id = endpoint.id;
  return events;
end $$;

-- A statement on all shards calls functions of the coordinator in a subquery, whose table is this one (`db/sharding/statements.py`).
grant select (is_only) on event_feed to portico_app;

-- Citus names every column with a default in the insert that it sends to a shard, so the application may insert them where it may insert rows.
do $$
declare
  named record;
begin
  for named in
    select c.oid::regclass as relation, string_agg(quote_ident(a.attname), ', ') as columns
      from pg_class c
      join pg_attribute a on a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped and a.atthasdef and a.attgenerated = ''
     where c.relnamespace = 'portico'::regnamespace and c.relkind in ('r', 'p') and not has_table_privilege('portico_app', c.oid, 'insert')
       and has_any_column_privilege('portico_app', c.oid, 'insert')
     group by c.oid
  loop
    execute format('grant insert (%s) on %s to portico_app', named.columns, named.relation);
  end loop;
end $$;
