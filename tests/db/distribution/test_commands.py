"""Against a cluster of Citus: what operators run there beside servers and workers."""

import os
from hashlib import sha256
from pathlib import Path

import asyncpg
import pytest

from db.audit import audit
from db.builtin import embedded
from db.distribution.distribute import distribute
from db.inspection import sees_customers, unprotected_tables
from db.resealing import reseal
from gateway.cli.merchant.export_commands import write_files
from tests.conftest import ADA, BIG, NOW, demo_customer
from tests.template import DATABASE

pytestmark = pytest.mark.skipif(DATABASE not in os.environ, reason=f"needs a cluster of Citus in {DATABASE}")
# A function of an earlier version.
AS_BEFORE = "create or replace function portico.last_event(of_customer text) returns bigint language plpgsql as 'begin return 0; end'"
SOURCE = "select md5(prosrc) from pg_proc where oid = to_regproc('portico.last_event')"
GRETA = demo_customer("greta@example.com")
LINK = "insert into calendar_link (customer_id, secret_hash, sealed, created_at) values ($1, $2, $3, now())"


async def test_sealed_texts_of_all_shards_are_sealed_again(admin: asyncpg.Connection) -> None:
    own = {str(viewer.customer_id): f"of {viewer.customer_id}".encode() for viewer in (ADA, BIG, GRETA)}
    await admin.executemany(LINK, [(identifier, sha256(text).hexdigest(), text.hex()) for identifier, text in own.items()])
    try:
        counts = await reseal(admin, lambda _, text, identifier: b"again " + text if text == own.get(identifier) else None)
        assert sum(count.renewed for count in counts.values()) == 3
        records = await admin.fetch("select customer_id, sealed from calendar_link where customer_id = any($1)", [*own])
        assert {record[0]: record[1] for record in records} == {identifier: (b"again " + text).hex() for identifier, text in own.items()}
    finally:
        await admin.execute("delete from calendar_link where customer_id = any($1)", [*own])


async def test_all_customers_are_exported(urls: embedded.Urls, tmp_path: Path) -> None:
    counts = await write_files(urls.admin, tmp_path, now=NOW)
    lines = (tmp_path / "customers.jsonl").read_text(encoding="utf-8").splitlines()
    assert 400 < len(lines) == counts["customers"] < counts["subscriptions"] < counts["invoices"]
    assert len({*lines}) == len(lines)


async def test_the_money_of_some_customers_is_audited(admin: asyncpg.Connection) -> None:
    invariants = await audit(admin, now=NOW, customers=[str(ADA.customer_id), str(BIG.customer_id)])
    assert len(invariants) > 30


async def test_the_role_of_the_application_sees_no_customer(app: asyncpg.Connection) -> None:
    assert not await sees_customers(app)
    assert await unprotected_tables(app) == []


async def test_a_second_run_brings_the_functions_of_this_version_to_the_workers(urls: embedded.Urls, admin: asyncpg.Connection) -> None:
    await admin.fetch("select run_command_on_workers($1)", f"set citus.enable_ddl_propagation = off; {AS_BEFORE}")
    await distribute(urls.admin)
    results = await admin.fetch("select success, result from run_command_on_workers($1)", SOURCE)
    assert [tuple(record) for record in results] == [(True, await admin.fetchval(SOURCE))] * len(results)


async def test_a_second_run_distributes_nothing_and_says_so(urls: embedded.Urls) -> None:
    result = await distribute(urls.admin)
    assert result.tables == ()
    assert result.workers >= 2
