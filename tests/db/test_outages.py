"""Every exception that Postgres and asyncpg know of is judged: an outage, a conflict, a database without writes, or a bug."""

import asyncio
import errno
import re
import socket
import ssl
from collections.abc import AsyncIterator
from pathlib import Path

import asyncpg
import pytest

from db.builtin.embedded import Urls
from db.outages import Conflict, DatabaseUnavailable, ReadOnly, SessionEnded, cause_of, outage_of, translate_errors
from db.pool import Database, Pool
from db.unit_of_work import UnitOfWork
from storage.bucket import BucketUnavailable
from tests.conftest import closing_pool
from tests.db.test_pool import FIRST
from tests.waiting import until

# Every SQLSTATE that passes by itself.
OUTAGES = [
    "08000",
    "08001",
    "08003",
    "08004",
    "08006",
    "08007",
    "08P01",
    "25P03",
    "25P04",
    "26000",
    "28000",
    "28P01",
    "3D000",
    "40000",
    "40002",
    "40003",
    "42P05",
    "53000",
    "53100",
    "53200",
    "53300",
    "53400",
    "55P03",
    "57000",
    "57014",
    "57P01",
    "57P02",
    "57P03",
    "57P04",
    "57P05",
    "58000",
    "58030",
    "72000",
]
PASSING = dict.fromkeys(OUTAGES, DatabaseUnavailable) | {"40001": Conflict, "40P01": Conflict, "25006": ReadOnly}
KNOWN = sorted({kind.sqlstate for kind in vars(asyncpg).values() if isinstance(kind, type) and issubclass(kind, asyncpg.PostgresError) and kind.sqlstate})


def said(code: str, severity: str = "ERROR", **fields: str) -> asyncpg.PostgresError:
    """What asyncpg makes of such a message of Postgres. `F`, `R`: where in Postgres it comes from."""
    return asyncpg.PostgresError.new({"S": severity, "V": severity, "C": code, "M": "about alice@example.com", "D": "Key (secret)=(hunter2)", **fields})


@pytest.fixture
async def single(urls: Urls) -> AsyncIterator[Database]:
    """A pool of one connection."""
    async with closing_pool(Database(urls.app, Pool(1), server_settings={"application_name": "single"})) as opened:
        yield opened


@pytest.mark.parametrize("code", KNOWN)
def test_every_sqlstate_is_judged_and_named_without_data(code: str) -> None:
    error = said(code)
    assert outage_of(error) is PASSING.get(code)
    assert cause_of(error).startswith(f"{code} ")
    assert not {"alice", "hunter2"} & set(cause_of(error).split())
    assert outage_of(said(code, "FATAL")) is PASSING.get(code, DatabaseUnavailable)


def test_the_table_names_no_sqlstate_that_asyncpg_does_not_know() -> None:
    assert set(PASSING) <= set(KNOWN)
    assert len(KNOWN) > 200


def test_a_connection_that_postgres_ended_is_an_outage_whatever_the_code() -> None:
    assert outage_of(said("XX000")) is None
    assert outage_of(said("XX000", "FATAL")) is DatabaseUnavailable
    assert outage_of(said("P9999", "PANIC")) is DatabaseUnavailable


def test_a_standby_refuses_to_write_with_the_code_of_what_is_not_supported() -> None:
    assert outage_of(said("0A000", R="call_bool_check_hook")) is ReadOnly
    assert outage_of(said("0A000", R="transformSelectStmt")) is None
    assert outage_of(said("0A000", R="RevalidateCachedQuery")) is Conflict


def test_a_worker_of_citus_that_is_lost_at_the_commit_is_an_outage() -> None:
    assert outage_of(said("XX000", R="ErrorIfPostCommitFailedShardPlacements")) is DatabaseUnavailable
    assert outage_of(said("XX000", R="CheckRemoteTransactionsHealth")) is DatabaseUnavailable
    assert outage_of(said("XX000", R="RouterJob")) is None


@pytest.mark.parametrize(
    ("error", "cause"),
    [
        (ConnectionRefusedError(errno.ECONNREFUSED, "Connect call failed"), "ECONNREFUSED"),
        (OSError("Multiple exceptions: [Errno 111] Connect call failed ('::1', 1), [Errno 111] Connect call failed ('127.0.0.1', 1)"), "ECONNREFUSED"),
        (OSError(errno.ENOSPC, "No space left on device"), "ENOSPC"),
        (socket.gaierror(socket.EAI_NONAME, "Name or service not known"), "EAI_NONAME"),
        (ssl.SSLCertVerificationError(1, "[SSL: CERTIFICATE_VERIFY_FAILED] certificate verify failed"), "SSLCertVerificationError"),
        (TimeoutError(), "timeout"),
        (PermissionError("Portico must not run as a superuser"), "PermissionError: Portico must not run as a superuser"),
        (asyncpg.InterfaceError("connection is closed"), "InterfaceError"),
        (asyncpg.InternalClientError("got result for unknown protocol state 3"), "InternalClientError"),
        (asyncpg.OutdatedSchemaCacheError("a type is not known"), "OutdatedSchemaCacheError"),
        (asyncpg.ConnectionDoesNotExistError("connection was closed in the middle of operation"), "08003 connection_does_not_exist"),
    ],
)
def test_what_the_machine_and_asyncpg_say_is_an_outage_with_its_name(error: Exception, cause: str) -> None:
    with pytest.raises(DatabaseUnavailable) as raised, translate_errors():
        raise error
    assert raised.value.cause == cause_of(raised.value) == cause


KINDS = sorted(
    {kind for kind in vars(asyncpg.exceptions).values() if isinstance(kind, type) and issubclass(kind, asyncpg.InterfaceError | asyncpg.InternalClientError)},
    key=lambda kind: kind.__name__,
)
# asyncpg's own exceptions that are no outage, whatever they say.
OTHERWISE = {
    asyncpg.OutdatedSchemaCacheError: Conflict,
    asyncpg.DataError: None,
    asyncpg.exceptions.ClientConfigurationError: None,
    asyncpg.UnsupportedClientFeatureError: None,
    asyncpg.UnsupportedServerFeatureError: None,
}
RAISED = re.compile(r"raise (?:\w+\.)?(InterfaceError|InternalClientError|ProtocolError)\(\s*((?:[frb]?(?:'[^']*'|\"[^\"]*\")\s*)+)")
OF_A_CONNECTION = re.compile("closed|closing|in progress|cancelling|released back|unexpected state|cannot switch to|not connected")


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.__name__)
def test_every_exception_of_asyncpg_itself_is_judged(kind: type[Exception]) -> None:
    expected = next((OTHERWISE[one] for one in kind.__mro__ if one in OTHERWISE), DatabaseUnavailable)
    assert outage_of(kind("cannot switch to state 15; another operation (2) is in progress")) is expected


def test_everything_that_asyncpg_says_of_a_lost_connection_is_an_outage() -> None:
    """Read from its source, so that a new version is judged too."""
    folder = Path(asyncpg.__file__).parent
    said = [match for path in (*folder.glob("*.py"), *folder.glob("protocol/*.pyx")) for match in RAISED.findall(path.read_text(encoding="utf-8"))]
    lost = [(name, " ".join(words.split())) for name, words in said if name != "InterfaceError" or OF_A_CONNECTION.search(words)]
    assert len(lost) > 30
    assert any("another operation ({}) is in progress" in words for _, words in lost)
    assert [words for name, words in lost if outage_of(vars(asyncpg.exceptions)[name](words.strip("'\""))) is not DatabaseUnavailable] == []


@pytest.mark.parametrize("error", [asyncio.IncompleteReadError(b"", 5), BrokenPipeError(errno.EPIPE, ""), ConnectionResetError(errno.ECONNRESET, "")], ids=repr)
def test_a_connection_that_ends_in_the_middle_of_a_message_is_an_outage(error: Exception) -> None:
    assert outage_of(error) is DatabaseUnavailable


# What a statement fails with when asyncpg's state is broken: it answers None in place of rows, reaches into a transport that is gone, cancels who waits.
BROKEN = (TypeError("'NoneType' object is not iterable"), AttributeError("'NoneType' object has no attribute 'write'"), BufferError("insufficient data"))


@pytest.mark.parametrize("error", [*BROKEN, AssertionError(), asyncio.InvalidStateError(), asyncio.CancelledError()], ids=lambda error: type(error).__name__)
async def test_whatever_a_statement_fails_with_on_a_lost_connection_is_an_outage_and_on_a_sound_one_what_it_is(
    single: Database, monkeypatch: pytest.MonkeyPatch, error: BaseException
) -> None:
    for is_lost in (False, True):
        session = UnitOfWork(single, FIRST)
        await session.fetch("select 1", ())

        async def fail(connection: asyncpg.Connection, *_: object, is_lost: bool = is_lost, **options: object) -> None:
            if is_lost:
                connection.terminate()
            raise error

        with monkeypatch.context() as patch:
            patch.setattr(asyncpg.Connection, "fetch", fail)
            with pytest.raises(DatabaseUnavailable if is_lost else type(error)) as raised:
                await session.fetch("select 2", ())
        if is_lost:
            assert cause_of(raised.value) == f"connection lost ({type(error).__name__})"
        await session.close()
        async with UnitOfWork(single, FIRST).write() as transaction:  # and the pool is whole
            assert await transaction.first("customers.by_id", key="cus_nobody") is None


async def test_who_is_cancelled_while_the_connection_is_lost_stays_cancelled(single: Database, admin: asyncpg.Connection) -> None:
    async def sleeps() -> bool:
        return bool(await admin.fetchval("select count(*) from pg_stat_activity where application_name = 'single' and wait_event = 'PgSleep'"))

    session = UnitOfWork(single, FIRST)
    running = asyncio.create_task(session.fetch_unshielded("select pg_sleep(30)", ()))
    await until(sleeps)
    assert session._lease is not None
    running.cancel()
    session._lease.terminate()
    with pytest.raises(asyncio.CancelledError):
        await running
    await session.close()


@pytest.mark.parametrize("error", [KeyError("x"), UnicodeError(), asyncpg.UndefinedTableError("x"), ZeroDivisionError()])
def test_a_bug_passes_as_it_is(error: Exception) -> None:
    with pytest.raises(type(error)) as raised, translate_errors():
        raise error
    assert raised.value is error
    assert cause_of(error).split()[-1] in (type(error).__name__, "undefined_table")


def test_what_has_been_judged_is_not_judged_again() -> None:
    for judged in (DatabaseUnavailable("x"), Conflict("x"), ReadOnly("x"), SessionEnded()):
        with pytest.raises(type(judged)) as raised, translate_errors(), translate_errors():
            raise judged
        assert raised.value is judged


def test_the_cause_is_that_of_what_an_exception_was_raised_from() -> None:
    wrapped = LookupError("wrapped")
    wrapped.__cause__ = OSError(errno.EDQUOT, "Disk quota exceeded")
    assert cause_of(wrapped) == "EDQUOT"
    assert cause_of(BucketUnavailable("SlowDown")) == "SlowDown"


async def test_a_statement_that_is_called_wrongly_is_a_bug_and_one_on_a_lost_connection_is_an_outage(single: Database, admin: asyncpg.Connection) -> None:
    session = UnitOfWork(single, FIRST)
    for wrong, message in (((1, 2), "the server expects 1 argument"), (("x",), "invalid input for query argument")):
        with pytest.raises((asyncpg.InterfaceError, asyncpg.DataError), match=message):
            await session.fetch("select $1::int", wrong)
        await session.release()
    [(pid,)] = await session.fetch("select pg_backend_pid()", ())
    await admin.execute("select pg_terminate_backend($1, 2000)", pid)
    with pytest.raises(DatabaseUnavailable) as raised:
        await session.fetch("select 1", ())
    assert raised.value.cause in ("57P01 admin_shutdown", "08003 connection_does_not_exist", "InterfaceError", "InternalClientError")
    await session.release()
    assert await session.fetch("select 1", ()) == [(1,)]
    await session.close()


async def test_a_plan_that_a_migration_made_invalid_is_a_conflict_and_the_next_transaction_goes_on(single: Database, admin: asyncpg.Connection) -> None:
    sql, session = "select a from changing", UnitOfWork(single, FIRST)
    await admin.execute("create table changing (a text); grant select on changing to portico_app")
    try:
        await session.fetch(sql, ())
        await session.release()
        await admin.execute("alter table changing alter a type varchar(300)")
        with pytest.raises(Conflict) as raised:
            await session.fetch(sql, ())
        await session.release()
        await session.fetch(sql, ())
        await session.close()
    finally:
        await admin.execute("drop table changing")
    assert raised.value.cause == "0A000 invalid_cached_statement"
