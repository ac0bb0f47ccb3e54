"""What has had its time is forgotten, and nothing that anybody could still use."""

from datetime import UTC, datetime, timedelta

import asyncpg
import pytest

from billing.states import Actor
from db.unit_of_work import Caller, UnitOfWork
from jobs import upkeep
from jobs.upkeep import RETENTION, forget
from tests.conftest import ADA, Portal
from tests.failing_rows import revoked

NOW = datetime(2026, 11, 23, 12, tzinfo=UTC)

# Each kind by the table it is in, with a row that ended at $2; $1 tells the rows apart.
KINDS = {
    "upkeep.keys": (
        "idempotency_key",
        "insert into idempotency_key (customer_id, mutation, key, input_hash, answer, created_at, finished_at) values ($3, 'upkeep', $1, '', '{}', $2, $2)",
    ),
    "upkeep.client_keys": (
        "client_key",
        "insert into client_key (caller, mutation, key, owner_id, input_hash, answer, created_at, finished_at) values ('upkeep', 'upkeep', $1, $3, '', '{}', $2, $2)",
    ),
    "upkeep.tokens": (
        "refresh_token",
        """with session as (insert into portal_session (customer_id, id, method, created_at, last_used_at, expires_at)
                            values ($3, 'ses_upkeep' || $1, 'PASSWORD', timestamp '2020-01-01', timestamp '2020-01-01', timestamp '2040-01-01') returning id)
           insert into refresh_token (secret_hash, customer_id, session_id, issued_at, expires_at)
           select encode(sha256(convert_to('upkeep' || $1, 'utf8')), 'hex'), $3, id, timestamp '2020-01-01', $2 from session""",
    ),
    "upkeep.sessions": (
        "portal_session",
        """insert into portal_session (customer_id, id, method, created_at, last_used_at, expires_at)
           values ($3, 'ses_upkeep' || $1, 'PASSWORD', timestamp '2020-01-01', timestamp '2020-01-01', $2)""",
    ),
    "upkeep.links": (
        "identity_link",
        """insert into identity_link (secret_hash, customer_id, kind, made_by, created_at, expires_at)
           values (encode(sha256(convert_to('upkeep' || $1, 'utf8')), 'hex'), $3, 'PASSWORD', 'upkeep', timestamp '2020-01-01', $2)""",
    ),
    "upkeep.events": (
        "webhook_event",
        """insert into webhook_event (processor, id, kind, payment_id, event, received_at, processed_at) values ('upkeep', $1, 'CHARGE', $3, '{}', $2, $2)""",
    ),
    "upkeep.letter_causes": (
        "letter_cause",
        "insert into letter_cause (customer_id, kind, object_id, written_at) values ($3, 'receipt', 'upkeep' || $1, $2)",
    ),
    "upkeep.timed_events": (
        "timed_event",
        "insert into timed_event (customer_id, type, object_id, occurrence, written_at) values ($3, 'invoice.overdue', 'upkeep' || $1, '', $2)",
    ),
    "upkeep.webhook_deliveries": (
        "webhook_delivery",
        """with endpoint as (insert into webhook_endpoint (id, url, payload, public_key, sealed, position, created_at)
                          values ('whe_upkeep', 'upkeep', 'THIN', '', '', 0, timestamp '2020-01-01') on conflict do nothing)
           insert into webhook_delivery (id, endpoint_id, event_id, owner_id, seq, type, object_id, changes, occurred_at, status, queued_at, next_at, created_at, finished_at)
           values ('whd_upkeep' || $1, 'whe_upkeep', '', $3, 1, 'invoice.paid', '', '{}', $2, 'DELIVERED', $2, $2, timestamp '2020-01-01', $2)""",
    ),
    "upkeep.data_exports": (
        "data_export",
        "insert into data_export (customer_id, id, status, requested_by, requested_at) values ($3, 'exp_upkeep' || $1, 'EXPIRED', 'STAFF', $2)",
    ),
}


async def test_every_kind_is_looked_at() -> None:
    assert KINDS.keys() == RETENTION.keys()


@pytest.mark.parametrize("kind", KINDS)
async def test_past_rows_go_once_their_time_is_over_and_not_before(
    portal: Portal, admin: asyncpg.Connection, monkeypatch: pytest.MonkeyPatch, kind: str
) -> None:
    monkeypatch.setattr(upkeep, "BATCH", 3)
    table, insert = KINDS[kind]
    session = UnitOfWork(portal.database, Caller(None, Actor.SYSTEM, NOW))
    await forget(session, now=NOW)
    before = await admin.fetchval(f"select count(*) from {table}")
    for number in range(10):
        await admin.execute(insert, f"{kind} past {number}", NOW - RETENTION[kind] - timedelta(seconds=1), ADA.customer_id)
        await admin.execute(insert, f"{kind} kept {number}", NOW - RETENTION[kind], ADA.customer_id)
    try:
        assert (await forget(session, now=NOW)).rows == 10
        assert await admin.fetchval(f"select count(*) from {table}") == before + 10
        assert (await forget(session, now=NOW)).rows == 0
    finally:
        await admin.execute("delete from idempotency_key where mutation = 'upkeep'")
        await admin.execute("delete from client_key where caller = 'upkeep'")
        await admin.execute("delete from portal_session where id like 'ses\\_upkeep%'")
        await admin.execute("delete from identity_link where made_by = 'upkeep'")
        await admin.execute("delete from webhook_event where processor = 'upkeep'")
        await admin.execute("delete from letter_cause where object_id like 'upkeep%'")
        await admin.execute("delete from timed_event where object_id like 'upkeep%'")
        await admin.execute("delete from data_export where id like 'exp\\_upkeep%'")
        await admin.execute("delete from webhook_endpoint where id = 'whe_upkeep'")


async def test_what_runs_is_never_forgotten(portal: Portal, admin: asyncpg.Connection) -> None:
    """A call without an answer holds its key, and an event that was not acted on waits, for however long."""
    await admin.execute(
        "insert into idempotency_key (customer_id, mutation, key, input_hash, created_at) values ($1, 'upkeep', 'runs', '', timestamp '2020-01-01')",
        ADA.customer_id,
    )
    await admin.execute(
        "insert into webhook_event (processor, id, kind, event, received_at) values ('upkeep', 'waits', 'CHARGE', '{}', timestamp '2020-01-01')"
    )
    try:
        await forget(UnitOfWork(portal.database, Caller(None, Actor.SYSTEM, NOW)), now=NOW)
        assert await admin.fetchval("select count(*) from idempotency_key where mutation = 'upkeep'") == 1
        assert await admin.fetchval("select count(*) from webhook_event where processor = 'upkeep'") == 1
    finally:
        await admin.execute("delete from idempotency_key where mutation = 'upkeep'")
        await admin.execute("delete from webhook_event where processor = 'upkeep'")


async def test_pending_deliveries_go_once_their_endpoint_was_disabled_for_as_long(portal: Portal, admin: asyncpg.Connection) -> None:
    over = NOW - RETENTION["upkeep.webhook_deliveries"] - timedelta(seconds=1)
    for name, disabled_at in (("past", over), ("kept", over + timedelta(seconds=1)), ("runs", None)):
        await admin.execute(
            """with endpoint as (insert into webhook_endpoint (id, url, payload, public_key, sealed, position, status, disabled_reason, disabled_at, created_at)
                                 values ('whe_upkeep_' || $1::text, 'upkeep ' || $1::text, 'THIN', '', '', 0, case when $2::timestamptz is null then 'ENABLED' else 'DISABLED' end,
                                         case when $2::timestamptz is not null then 'STAFF' end, $2::timestamptz, timestamp '2020-01-01'))
               insert into webhook_delivery (id, endpoint_id, event_id, owner_id, seq, type, object_id, changes, occurred_at, queued_at, next_at, created_at)
               values ('whd_upkeep_' || $1::text, 'whe_upkeep_' || $1::text, '', '', 1, 'invoice.paid', '', '{}', $3::timestamptz, $3::timestamptz, $3::timestamptz, $3::timestamptz)""",
            name, disabled_at, over,
        )  # fmt: skip
    try:
        assert (await forget(UnitOfWork(portal.database, Caller(None, Actor.SYSTEM, NOW)), now=NOW)).rows == 1
        left = await admin.fetch("select id from webhook_delivery where id like 'whd\\_upkeep%' order by id")
        assert [row["id"] for row in left] == ["whd_upkeep_kept", "whd_upkeep_runs"]
    finally:
        await admin.execute("delete from webhook_endpoint where id like 'whe\\_upkeep%'")


@pytest.mark.parametrize("table", ["idempotency_key", "portal_session", "refresh_token", "identity_link"])
@pytest.mark.parametrize("actor", ["STAFF", "CUSTOMER", "PARTNER", "SYSTEM"])
async def test_nobody_deletes_what_is_not_past(app: asyncpg.Connection, admin: asyncpg.Connection, table: str, actor: str) -> None:
    """Not even the worker with a mistake in it: row security knows what is past."""
    kind = next(kind for kind, (name, _) in KINDS.items() if name == table)
    await admin.execute(KINDS[kind][1], "still good", NOW + timedelta(hours=1), ADA.customer_id)
    counted = f"select count(*) from {table} where customer_id = $1"
    before = await admin.fetchval(counted, ADA.customer_id)
    try:
        async with app.transaction():
            await app.execute(f"set local app.actor = '{actor}'; set local app.now = '{NOW.isoformat()}'")
            await app.execute(f"delete from {table}")
        assert await admin.fetchval(counted, ADA.customer_id) == before
    finally:
        await admin.execute("delete from idempotency_key where mutation = 'upkeep'")
        await admin.execute("delete from portal_session where id like 'ses\\_upkeep%'")
        await admin.execute("delete from identity_link where made_by = 'upkeep'")


async def test_one_kind_that_cannot_be_forgotten_keeps_no_other(portal: Portal, admin: asyncpg.Connection, caplog: pytest.LogCaptureFixture) -> None:
    """The first kind fails, and the last one goes."""
    table, insert = KINDS["upkeep.events"]
    await admin.execute(insert, "goes all the same", NOW - RETENTION["upkeep.events"] - timedelta(seconds=1), ADA.customer_id)
    async with revoked(admin, "delete", "idempotency_key"):
        done = await forget(UnitOfWork(portal.database, Caller(None, Actor.SYSTEM, NOW)), now=NOW)
    assert (done.rows, done.failures) == (1, 1)
    assert await admin.fetchval(f"select count(*) from {table} where id = 'goes all the same'") == 0
    assert "upkeep.keys failed and is tried again by the next pass: InsufficientPrivilegeError 42501" in caplog.text
