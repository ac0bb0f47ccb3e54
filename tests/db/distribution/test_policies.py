"""Restrictive policies as parts of permissive ones, which is what Citus makes of all policies of a shard: who may write what stays the same."""

import os
from collections.abc import AsyncIterator
from hashlib import sha256
from typing import Any

import asyncpg
import pytest

from db.distribution.policies import CannotFold, fold_restrictive
from db.sharding.tables import REFERENCE, SHARDED
from tests.conftest import ADA, BIG
from tests.template import DATABASE

TABLES = [*REFERENCE, *(table.name for table in SHARDED)]
RESTRICTIVE = """
select count(*) from pg_policy p
 where not p.polpermissive and p.polname <> 'routed' and p.polrelid = any(select to_regclass('portico.' || t) from unnest($1::text[]) t)"""
# What Citus copies to a shard.
AS_ON_SHARDS = (
    "update pg_policy set polpermissive = true where not polpermissive and polrelid = any(select to_regclass('portico.' || t) from unnest($1::text[]) t)"
)
LINK = "insert into calendar_link (customer_id, secret_hash, sealed, created_at) values ('{owner}', '" + sha256(b"of a test").hexdigest() + "', '', now())"
GRANT = (
    "insert into partner_grant (customer_id, id, client_id, scopes, created_at) select '{owner}', 'grant_of_test', id, '{{}}', now() from api_client limit 1"
)
# As many callers as there are conditions of restrictive policies, and as many statements as there are commands.
CALLERS = [
    ("CUSTOMER", "", ""),
    ("CUSTOMER", "", "a party"),
    ("PARTNER", "read", ""),
    ("STAFF", "-", ""),
    ("STAFF", "staff", ""),
    ("STAFF", "read", ""),
    ("SYSTEM", "", ""),
]
WRITES = [
    LINK,
    GRANT,
    "update calendar_link set last_used_at = now() where customer_id = '{owner}'",
    "update partner_grant set revoked_at = now() where customer_id = '{owner}'",
    "update customer set name = 'x' where id = '{owner}'",
    "update invoice set memo = 'x' where customer_id = '{owner}'",
    "update attachment set file_name = 'x' where customer_id = '{owner}'",
    "update payment_schedule set name = 'x' where customer_id = '{owner}'",
    "delete from attachment where customer_id = '{owner}'",
    "delete from installment where customer_id = '{owner}'",
    "delete from portal_session where customer_id = '{owner}'",
    "delete from identity_link where customer_id = '{owner}'",
]

needs_cluster = pytest.mark.skipif(DATABASE not in os.environ, reason=f"needs a cluster of Citus in {DATABASE}")


@pytest.fixture
async def undone(admin: asyncpg.Connection) -> AsyncIterator[asyncpg.Connection]:
    """A transaction of the administrator that is rolled back."""
    work = admin.transaction()
    await work.start()
    yield admin
    await work.rollback()


async def outcomes(connection: asyncpg.Connection) -> dict[tuple[Any, ...], str]:
    """Return what each write of each caller does, for rows of the caller and of another customer: the number of rows, or the SQLSTATE."""
    said = {}
    for caller in CALLERS:
        for owner in (ADA.customer_id, BIG.customer_id):
            for sql in WRITES:
                work = connection.transaction()
                await work.start()
                settings = dict(zip(("actor", "scopes", "acting_party"), caller, strict=True)) | {"customer_id": ADA.customer_id or ""}
                await connection.execute("set local role portico_app; " + "; ".join(f"set local app.{name} = '{value}'" for name, value in settings.items()))
                try:
                    said[caller, owner, sql] = await connection.execute(sql.format(owner=owner))
                except asyncpg.PostgresError as error:
                    said[caller, owner, sql] = error.sqlstate
                await work.rollback()
    return said


async def test_folded_policies_let_the_same_callers_write_the_same_rows(undone: asyncpg.Connection) -> None:
    before = await outcomes(undone)
    for table in TABLES:
        await fold_restrictive(undone, f"portico.{table}")
    assert await undone.fetchval(RESTRICTIVE, TABLES) == 0
    assert await outcomes(undone) == before
    assert len({*before.values()}) > 4


async def test_as_citus_copies_them_they_would_let_others_write(undone: asyncpg.Connection) -> None:
    """The test above would see it."""
    before = await outcomes(undone)
    await undone.execute(AS_ON_SHARDS, TABLES)
    for table in TABLES:
        await undone.execute(f"alter table portico.{table} enable row level security")  # as they are; sessions read their policies anew
    assert await outcomes(undone) != before


async def test_a_second_time_nothing_is_changed(undone: asyncpg.Connection) -> None:
    state = "select json_agg(p order by p.oid)::text from pg_policy p"
    await fold_restrictive(undone, "portico.invoice")
    before = await undone.fetchval(state)
    await fold_restrictive(undone, "portico.invoice")
    assert await undone.fetchval(state) == before


async def test_a_restrictive_policy_for_reading_is_refused(undone: asyncpg.Connection) -> None:
    await undone.execute("create policy of_a_test on portico.invoice as restrictive for select to portico_app using (true)")
    with pytest.raises(CannotFold, match="of_a_test"):
        await fold_restrictive(undone, "portico.invoice")


@needs_cluster
async def test_no_policy_of_a_distributed_table_is_restrictive(admin: asyncpg.Connection) -> None:
    assert await admin.fetchval(RESTRICTIVE, TABLES) == 0


@needs_cluster
async def test_nobody_writes_a_row_of_another_customer(app: asyncpg.Connection) -> None:
    """The shard checks what is inserted: its policies are those that Citus has copied."""
    for caller in ("CUSTOMER", "PARTNER", "SYSTEM"):
        work = app.transaction()
        await work.start()
        for name, value in {"actor": caller, "customer_id": ADA.customer_id}.items():
            await app.execute(f"set local app.{name} = '{value}'")
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            await app.execute(LINK.format(owner=BIG.customer_id))
        await work.rollback()
