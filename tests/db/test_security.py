"""Row security is the second lock: it holds whatever the first one, `customer_id = :customer_id`, says."""

import asyncpg
import pytest

from db.blocks import Block, positional
from tests.conftest import ADA, BIG, EMPTY
from tests.db.test_blocks import WRITES

# A change of each column of a customer that belongs to the merchant.
MERCHANT_CHANGES = [
    "currency = 'JPY'",
    "tax_rate_ppm = tax_rate_ppm + 1",
    "tax_exemption = 'EXEMPT'",
    "tax_name = 'Tax of a test'",
    "external_id = 'id-of-a-test'",
    """metadata = '{"test": "1"}'""",
    "closed_at = now()",
]
# No refund of the demo is open, and the demo is loaded without events.
ROWS = """
insert into refund_request (customer_id, refund_id, payment_id, processor, mutation, request, answer, started_at)
select customer_id, id, payment_id, 'TEST', 'refundPayment', '{}', '{}', created_at from refund;
insert into event (customer_id, seq, type, object_id, changes, actor, client, request_id, occurred_at)
select id, 1000000, 'customer.created', id, '{}', 'SYSTEM', '', '', now() from customer;
insert into timed_event (customer_id, type, object_id, occurrence, written_at) select id, 'invoice.overdue', 'security', '', now() from customer;
insert into calendar_link (customer_id, secret_hash, sealed, created_at) select id, encode(sha256(convert_to(id, 'UTF8')), 'hex'), '', now() from customer
  on conflict do nothing;
insert into webhook_endpoint (id, url, payload, public_key, sealed, position, created_at) values ('whe_security', 'security', 'THIN', '', '', 0, now());
insert into webhook_delivery (id, endpoint_id, event_id, owner_id, seq, type, object_id, changes, occurred_at, queued_at, next_at, created_at)
select 'whd_' || id, 'whe_security', '', id, 1, 'customer.created', id, '{}', now(), now(), now(), now() from customer;
insert into webhook_attempt (delivery_id, number, started_at, milliseconds) select id, 1, now(), 1 from webhook_delivery where endpoint_id = 'whe_security'"""


async def tables(admin: asyncpg.Connection) -> list[str]:
    return [
        record[0]
        for record in await admin.fetch(
            """select c.relname from pg_class c join pg_namespace n on n.oid = c.relnamespace where n.nspname = 'portico' and c.relkind in ('r', 'p') and not c.relispartition
               and (c.relname = 'customer' or exists (select from pg_attribute a where a.attrelid = c.oid and a.attname = 'customer_id'))"""
        )
    ]


async def test_every_table_of_customers_is_under_forced_row_security_with_policies(admin: asyncpg.Connection) -> None:
    protected = await tables(admin)
    assert len(protected) >= 15
    for table in protected:
        flags = await admin.fetchrow("select relrowsecurity, relforcerowsecurity from pg_class where oid = $1::regclass", f"portico.{table}")
        assert tuple(flags) == (True, True), table
        policies = await admin.fetch(
            "select polname, polcmd, polwithcheck is not null as checks from pg_policy where polrelid = $1::regclass", f"portico.{table}"
        )
        writing = {"audit_event": "anybody_appends", "event": "written_by_triggers"}.get(table, "own_rows")
        assert any(policy["polname"] == writing and policy["checks"] for policy in policies), table


async def test_the_application_is_neither_owner_nor_able_to_look_past_row_security(admin: asyncpg.Connection) -> None:
    role = await admin.fetchrow("select rolsuper, rolbypassrls, rolcreaterole, rolcreatedb from pg_roles where rolname = 'portico_app'")
    assert not any(role)
    owners = {record[0] for record in await admin.fetch("select distinct tableowner from pg_tables where schemaname = 'portico'")}
    assert owners == {"portico_owner"}


async def test_who_names_nobody_sees_nothing(app: asyncpg.Connection, admin: asyncpg.Connection) -> None:
    for table in await tables(admin):
        assert await app.fetchval(f"select count(*) from {table}") == 0, table


async def test_a_customer_sees_their_own_rows_and_no_others(app: asyncpg.Connection, admin: asyncpg.Connection) -> None:
    async with app.transaction():
        await app.execute(f"set local app.customer_id = '{ADA.customer_id}'; set local app.actor = 'CUSTOMER'")
        for table in await tables(admin):
            key = "id" if table == "customer" else "customer_id"
            expected = 0 if table == "audit_event" else await admin.fetchval(f"select count(*) from {table} where {key} = $1", ADA.customer_id)
            assert await app.fetchval(f"select count(*) from {table}") == expected, table
            assert await app.fetchval(f"select count(*) from {table} where {key} = $1", BIG.customer_id) == 0, table


async def test_no_row_has_an_empty_customer_whom_the_setting_would_name_after_the_transaction(admin: asyncpg.Connection) -> None:
    """`readable_rows` compares with the setting as it is, which is empty then: each of its tables refers to `customer`, if need be by another of them."""
    references: dict[str, set[str]] = {}
    for record in await admin.fetch(
        """select p.polrelid::regclass::text as name, f.confrelid::regclass::text as referenced
             from pg_policy p join pg_constraint f on f.conrelid = p.polrelid and f.contype = 'f'
             join pg_attribute a on a.attrelid = f.conrelid and a.attnum = f.conkey[1] and a.attname = 'customer_id' and a.attnotnull
            where p.polname = 'readable_rows'"""
    ):
        references.setdefault(record["name"].removeprefix("portico."), set()).add(record["referenced"].removeprefix("portico."))
    safe = {"customer"}
    while more := {table for table, names in references.items() if names & safe} - safe:
        safe |= more
    protected = {
        record[0].removeprefix("portico.") for record in await admin.fetch("select polrelid::regclass::text from pg_policy where polname = 'readable_rows'")
    }
    assert len(protected) >= 17
    assert protected == safe
    with pytest.raises(asyncpg.CheckViolationError):
        await admin.execute("update customer set id = '' where id = $1", EMPTY.customer_id)


async def test_the_settings_end_with_the_transaction(app: asyncpg.Connection) -> None:
    async with app.transaction():
        await app.execute(f"set local app.customer_id = '{ADA.customer_id}'")
        assert await app.fetchval("select count(*) from customer") == 1
    assert await app.fetchval("select count(*) from customer") == 0


async def test_staff_read_everybody_but_no_credentials(app: asyncpg.Connection, admin: asyncpg.Connection) -> None:
    async with app.transaction():
        await app.execute("set local app.actor = 'STAFF'")
        assert await app.fetchval("select count(*) from customer") == await admin.fetchval("select count(*) from customer")
        assert await app.fetchval("select count(*) from credential") == 0


@pytest.mark.parametrize(
    "statement",
    [
        "delete from customer",
        "insert into customer (id) values ('cus_x')",
        "update subscription set currency = 'JPY'",
        "delete from subscription",
        "update invoice set total_minor = 0",
        "delete from invoice",
        "update payment set amount_minor = 1",
        "delete from payment",
        "update balance_entry set amount_minor = 1",
        "update coupon set max_redemptions = null",
        "update portal_session set expires_at = now()",
        "update credential set customer_id = 'cus_x'",
        "delete from audit_event",
        "update plan set name = 'Free'",
    ],
)
async def test_the_application_may_write_only_what_a_mutation_needs(app: asyncpg.Connection, statement: str) -> None:
    with pytest.raises(asyncpg.InsufficientPrivilegeError):
        await app.execute(statement)


@pytest.mark.parametrize("actor", ["CUSTOMER", "SYSTEM", "STAFF"])
async def test_what_a_charge_decided_changes_only_when_its_customer_is_erased(app: asyncpg.Connection, admin: asyncpg.Connection, actor: str) -> None:
    await admin.execute(
        """insert into charge (customer_id, payment_id, mutation, key, request, changes, answer, currency, started_at, sent_at, settled_at)
           select customer_id, id, 'payInvoice', id, '{}', '{}', '{}', currency, now(), now(), now() from payment where customer_id = $1 limit 1 on conflict do nothing""",
        ADA.customer_id,
    )
    transaction = app.transaction()
    await transaction.start()
    await app.execute(
        f"set local app.customer_id = '{ADA.customer_id}'; set local app.actor = '{actor}'; set local app.scopes = 'staff customers:erase payments:write'"
    )
    assert await app.fetchval("select count(*) from charge") > 0, "the control"
    with pytest.raises(asyncpg.InsufficientPrivilegeError):
        await app.execute("update charge set changes = '{}'")
    await transaction.rollback()
    await admin.execute("delete from charge where customer_id = $1", ADA.customer_id)


@pytest.mark.parametrize("actor", ["CUSTOMER", "PARTNER", "ANONYMOUS", ""])
@pytest.mark.parametrize("change", MERCHANT_CHANGES)
async def test_only_the_merchant_changes_what_a_customer_pays_and_is_called_by(app: asyncpg.Connection, actor: str, change: str) -> None:
    statement = f"update customer set {change} where id = '{ADA.customer_id}'"
    transaction = app.transaction()
    await transaction.start()
    await app.execute(f"set local app.customer_id = '{ADA.customer_id}'; set local app.actor = 'STAFF'; set local app.scopes = 'customers:write'")
    await app.execute("update customer set tax_rate_ppm = 0 where id = $1", ADA.customer_id)  # who is exempt has no rate
    by_staff = app.transaction()
    await by_staff.start()
    assert await app.execute(statement) == "UPDATE 1"
    await by_staff.rollback()
    await app.execute(f"set local app.actor = '{actor}'")
    assert await app.execute("update customer set name = name") == "UPDATE 1"
    with pytest.raises(asyncpg.InsufficientPrivilegeError, match="only the merchant"):
        await app.execute(statement)
    await transaction.rollback()


async def test_passes_of_the_worker_are_for_the_system_alone(app: asyncpg.Connection, admin: asyncpg.Connection) -> None:
    insert = "insert into job_pass (job, registered_at) values ('a job of a test', now())"
    for actor in ("CUSTOMER", "STAFF", ""):
        async with app.transaction():
            await app.execute(f"set local app.customer_id = '{ADA.customer_id}'; set local app.actor = '{actor}'")
            assert await app.fetchval("select count(*) from job_pass") == 0
            with pytest.raises(asyncpg.InsufficientPrivilegeError):
                async with app.transaction():
                    await app.execute(insert)
    transaction = app.transaction()
    await transaction.start()
    await app.execute("set local app.actor = 'SYSTEM'")
    await app.execute(insert)
    assert await app.fetchval("select count(*) from job_pass where job = 'a job of a test'") == 1
    await transaction.rollback()


async def test_a_customer_changes_no_one_else(app: asyncpg.Connection) -> None:
    async with app.transaction():
        await app.execute(f"set local app.customer_id = '{ADA.customer_id}'; set local app.actor = 'CUSTOMER'")
        assert await app.execute("update customer set name = name where id = $1", BIG.customer_id) == "UPDATE 0"
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            await app.execute(
                "insert into identity_link (secret_hash, customer_id, kind, made_by, created_at, expires_at) values ($1, $2, 'PORTAL', '', now(), now() + interval '1 hour')",
                "0" * 64,
                BIG.customer_id,
            )


async def test_the_tests_above_would_notice_any_policy_that_is_lost_or_opened(admin: asyncpg.Connection) -> None:
    """Each policy in turn is dropped, and then opened to everybody, in a transaction that is rolled back."""
    for table in set(await tables(admin)) - {
        "audit_event",
        "credential",
        "portal_session",
        "refresh_token",
        "identity_link",
        "letter",
        "letter_cause",
        "idempotency_key",
        "charge",
        "partner_grant",
        "loose_object",
        "refund",
        "refund_allocation",
        "credit_note",
        "credit_note_line",
        "data_export",
        "imported_document",
    }:
        key = "id" if table == "customer" else "customer_id"
        policy = await admin.fetchval(
            "select polname from pg_policy where polrelid = $1::regclass and polname in ('readable_rows', 'own_rows') order by polname desc limit 1",
            f"portico.{table}",
        )
        for replaced in ("", f"create policy {policy} on {table} to portico_app using (true)"):
            transaction = admin.transaction()
            await transaction.start()
            await admin.execute(ROWS)
            await admin.execute(f"drop policy {policy} on {table}; {replaced}")
            await admin.execute(f"set local role portico_app; set local app.customer_id = '{ADA.customer_id}'")
            mine = await admin.fetchval(f"select count(*) from {table} where {key} = $1", ADA.customer_id)
            theirs = await admin.fetchval(f"select count(*) from {table} where {key} <> $1", ADA.customer_id)
            await transaction.rollback()
            assert theirs > 0 if replaced else mine == 0, table


# What an import writes as the owner of the tables (db/importing.py).
BY_OWNER = {"saving.imported_invoice", "saving.imported_document", "saving.import_record", "imports.register"}
BY_APPLICATION = [item for item in WRITES if item.name not in BY_OWNER]


@pytest.mark.parametrize("block", BY_APPLICATION, ids=[item.name for item in BY_APPLICATION])
async def test_the_application_may_write_what_a_block_writes(block: Block, app: asyncpg.Connection) -> None:
    """Postgres checks the privileges of a statement when it starts, which EXPLAIN does as well; PREPARE does not."""
    text, names = positional(block.sql)
    await app.execute(f"prepare writing as {text}")
    try:
        await app.fetch(f"explain execute writing({', '.join(['null'] * len(names))})" if names else "explain execute writing")
    except asyncpg.InsufficientPrivilegeError as error:
        pytest.fail(f"{error}: the revision of a table or column that {block.name} writes has a `grant … to portico_app`")
    finally:
        await app.execute("deallocate writing")
