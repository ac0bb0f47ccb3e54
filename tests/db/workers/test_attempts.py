"""What follows an attempt on a group of shards that failed: the coordinator checks the caller, and only a group that is lost is left alone."""

import asyncpg
import pytest

from billing.states import Actor
from db.builtin import embedded
from db.callers import Caller
from db.outages import Conflict, DatabaseUnavailable, SessionEnded
from db.pool import Database, Pool
from db.unit_of_work import UnitOfWork
from db.workers.shard_group import ShardGroup
from gateway.http.graphql.replica_reads import _suspect
from tests.conftest import ADA
from tests.template import NOW

GONE = "; DO $$ BEGIN RAISE EXCEPTION USING ERRCODE = '40001'; END $$"
SESSION = "insert into portal_session (customer_id, id, method, created_at, last_used_at, expires_at) values ($1, $2, 'PASSWORD', $3, $3, $3::timestamptz + interval '1 day')"


@pytest.mark.parametrize("session", ["ses_open", "ses_unknown"])
async def test_the_coordinator_checks_the_caller_after_an_attempt_elsewhere(urls: embedded.Urls, admin: asyncpg.Connection, session: str) -> None:
    await admin.execute(SESSION, ADA.customer_id, "ses_open", NOW)
    caller = Caller(ADA.customer_id, Actor.CUSTOMER, NOW, session_id=session)
    try:
        async with Database(urls.app, Pool(), server_settings={}) as database, Database(urls.app, Pool(), server_settings={}, guard=GONE) as group:
            unit = UnitOfWork(database, caller, replica=group)
            with pytest.raises(Conflict):
                await unit.confirm()
            assert unit.statements
            await unit.read_from(None)
            if session == "ses_open":
                await unit.confirm()
            else:
                with pytest.raises(SessionEnded):
                    await unit.confirm()
            await unit.close()
    finally:
        await admin.execute("delete from portal_session where id = 'ses_open'")


@pytest.mark.parametrize(
    ("error", "is_lost"),
    [
        (DatabaseUnavailable("ECONNREFUSED"), True),
        (DatabaseUnavailable("57P01 admin_shutdown"), True),
        (DatabaseUnavailable("no connection in time"), False),
        (DatabaseUnavailable("57014 query_canceled"), False),
        (Conflict("40001 serialization_failure"), False),
        (ValueError(), False),
    ],
)
def test_a_group_is_suspect_when_its_worker_is_lost_and_not_when_it_is_busy(error: Exception, is_lost: bool) -> None:
    group = ShardGroup(0, 1, 100, ("127.0.0.1", 1), lambda: Database("postgresql://x@127.0.0.1:1/x", Pool(), server_settings={}))
    _suspect(group, error)
    assert group.is_suspect is is_lost
