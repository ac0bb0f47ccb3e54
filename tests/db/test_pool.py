"""The connection pool: a released connection goes to the next waiting task. No connection is lost, keeps state of its last user, or stays in a transaction."""

import asyncio
import gc
import random
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, suppress
from dataclasses import replace
from datetime import UTC, datetime

import asyncpg
import pytest

from billing.states import Actor
from db.builtin.embedded import Urls
from db.pool import Database, Pool
from db.unit_of_work import Caller, DatabaseUnavailable, SessionEnded, UnitOfWork, UnitOfWorkClosed
from tests.conftest import ADA, BIG, EMPTY
from tests.waiting import until

WHO = "select current_setting('app.customer_id'), array(select id from customer), pg_backend_pid()"
CALLERS = [Caller(viewer.customer_id, Actor.CUSTOMER, datetime(2026, 11, 23, tzinfo=UTC)) for viewer in (ADA, BIG, EMPTY)]
FIRST, SECOND, THIRD = CALLERS


@pytest.fixture(autouse=True)
def _asyncpg_has_nothing_to_put_in_order(caplog: pytest.LogCaptureFixture) -> Iterator[None]:
    """It ends a transaction that comes back open, and complains."""
    yield
    assert [record for record in caplog.get_records("call") if record.name == "asyncio"] == []


@asynccontextmanager
async def pool_of(size: int, urls: Urls) -> AsyncIterator[Database]:
    opened = Database(urls.app, Pool(size), server_settings={"application_name": "line"})
    await opened.connect()
    try:
        yield opened
        await asyncio.wait_for(everything_is_free(opened, size), 5)
    except BaseException:  # closing in order would wait for the lost connection
        opened._backend._pool.terminate()
        raise
    await opened.disconnect()


async def everything_is_free(opened: Database, size: int) -> None:
    """Assert that all connections of the pool can be used at once, and that none of them is in a transaction."""
    taken = [await opened.take(seconds=1) for _ in range(size)]
    for lease in taken:
        assert not lease.is_reading
        assert not lease.raw.is_in_transaction()
        await lease.end(is_sound=True)


async def who(session: UnitOfWork) -> int:
    """Return the process id of the connection, and assert that the unit of work sees its own customer only."""
    [(name, seen, pid)] = await session.fetch(WHO, ())
    assert (name, seen) == (session.caller.customer_id, [session.caller.customer_id])
    return int(pid)


async def waiting(opened: Database, count: int) -> None:
    for _ in range(100):
        if len(opened._queue._waiting) == count:
            return
        await asyncio.sleep(0.005)
    raise AssertionError("they do not wait")


async def one_waits(opened: Database) -> tuple[UnitOfWork, int, UnitOfWork, asyncio.Task[int]]:
    """Let one unit of work have the only connection, and another wait for it."""
    first, second = UnitOfWork(opened, FIRST), UnitOfWork(opened, SECOND)
    pid = await who(first)
    task = asyncio.create_task(who(second))
    await waiting(opened, 1)
    return first, pid, second, task


async def test_who_waits_gets_the_connection_and_ends_what_was_read_in_the_round_trip_that_opens_theirs(urls: Urls, admin: asyncpg.Connection) -> None:
    async with pool_of(1, urls) as opened:
        first, pid, second, task = await one_waits(opened)
        await first.close()
        assert first.statements == 2  # without a COMMIT of its own
        assert await task == pid
        started = "select xact_start from pg_stat_activity where pid = $1"
        assert await admin.fetchval(started, pid) is not None
        await second.close()
        assert second.statements == 3
        assert await admin.fetchval(started, pid) is None


async def test_who_gets_a_connection_sees_what_was_written_while_its_owner_before_read(urls: Urls, admin: asyncpg.Connection) -> None:
    async with pool_of(1, urls) as opened:
        first, second = UnitOfWork(opened, FIRST), UnitOfWork(opened, FIRST)
        before = (await first.fetch("select name from customer", ()))[0][0]
        task = asyncio.create_task(second.fetch("select name from customer", ()))
        await waiting(opened, 1)
        await admin.execute("update customer set name = 'In between' where id = $1", FIRST.customer_id)
        try:
            assert (await first.fetch("select name from customer", ()))[0][0] == before
            await first.close()
            assert (await task)[0][0] == "In between"
            await second.close()
        finally:
            await admin.execute("update customer set name = $2 where id = $1", FIRST.customer_id, before)


async def test_a_write_hands_its_connection_over_with_everything_done(urls: Urls) -> None:
    async with pool_of(1, urls) as opened:
        first, second, third = UnitOfWork(opened, FIRST), UnitOfWork(opened, SECOND), UnitOfWork(opened, THIRD)
        async with first.write():
            task = asyncio.create_task(who(second))
            await waiting(opened, 1)
        pid = await task

        async def fails() -> None:
            async with third.write():
                raise RuntimeError("a bug")

        failing = asyncio.create_task(fails())
        await waiting(opened, 1)
        await second.close()
        with pytest.raises(RuntimeError):
            await failing
        assert await who(first) == pid
        await first.close()


async def test_they_are_served_in_the_order_in_which_they_came(urls: Urls) -> None:
    async with pool_of(1, urls) as opened:
        served: list[int] = []

        async def ask(number: int) -> None:
            session = UnitOfWork(opened, CALLERS[number % 3], acquire_seconds=10)
            await who(session)
            served.append(number)
            await session.close()

        asking = []
        for number in range(20):
            asking.append(asyncio.create_task(ask(number)))
            await asyncio.sleep(0)
        await asyncio.gather(*asking)
        assert served == list(range(20))


async def test_a_session_whose_last_statement_failed_hands_over_a_clean_connection(urls: Urls) -> None:
    async with pool_of(1, urls) as opened:
        first, second = UnitOfWork(opened, FIRST), UnitOfWork(opened, SECOND)
        pid = await who(first)
        with pytest.raises(asyncpg.DivisionByZeroError):
            await first.fetch("select 1 / 0", ())
        task = asyncio.create_task(who(second))
        await waiting(opened, 1)
        await first.close()
        assert first.statements == 4  # with a COMMIT of its own: what went wrong is not handed on
        assert await task == pid
        await second.close()


async def test_a_statement_that_is_canceled_leaves_a_clean_connection(urls: Urls) -> None:
    async with pool_of(1, urls) as opened:
        first, second = UnitOfWork(opened, FIRST), UnitOfWork(opened, SECOND)
        sleeping = asyncio.create_task(first.fetch("select pg_sleep(30)", ()))
        await asyncio.sleep(0.1)
        task = asyncio.create_task(who(second))
        await waiting(opened, 1)
        sleeping.cancel()
        with pytest.raises(asyncio.CancelledError):
            await sleeping
        await first.close()
        await task
        await second.close()


async def test_who_waits_for_a_connection_that_has_died_gets_a_new_one(urls: Urls, admin: asyncpg.Connection) -> None:
    async with pool_of(1, urls) as opened:
        first, pid, second, task = await one_waits(opened)
        await admin.execute("select pg_terminate_backend($1, 5000)", pid)
        await asyncio.sleep(0.1)
        await first.close()
        assert await task != pid
        await second.close()


@pytest.mark.parametrize("at", ["before", "just before", "at the moment"])
async def test_who_gives_up_waiting_keeps_nothing(at: str, urls: Urls) -> None:
    async with pool_of(1, urls) as opened:
        first, second, third = UnitOfWork(opened, FIRST), UnitOfWork(opened, SECOND), UnitOfWork(opened, THIRD)
        pid = await who(first)
        gives_up = asyncio.create_task(who(second))
        await waiting(opened, 1)
        task = asyncio.create_task(who(third))
        await waiting(opened, 2)
        if at != "at the moment":
            gives_up.cancel()
        closing = asyncio.create_task(second.close()) if at != "at the moment" else None
        if at == "before":
            await waiting(opened, 1)
        await first.close()
        gives_up.cancel()  # at the moment: the connection is theirs, and they have not woken up yet
        await (closing or second.close())
        with pytest.raises(asyncio.CancelledError):
            await gives_up
        assert await task == pid
        await third.close()


async def test_the_last_who_gives_up_at_the_moment_ends_what_was_read(urls: Urls, admin: asyncpg.Connection) -> None:
    async with pool_of(1, urls) as opened:
        first, pid, second, gives_up = await one_waits(opened)
        await first.close()
        gives_up.cancel()
        await second.close()
        with pytest.raises(asyncio.CancelledError):
            await gives_up
        assert await admin.fetchval("select state from pg_stat_activity where pid = $1", pid) == "idle"


async def test_a_session_that_may_not_begin_keeps_no_connection(urls: Urls) -> None:
    async with pool_of(1, urls) as opened:
        for _ in range(3):
            ended = UnitOfWork(opened, replace(FIRST, session_id="ses_that_never_was"))
            with pytest.raises(SessionEnded):
                await who(ended)
            with pytest.raises(SessionEnded):
                async with ended.write():
                    raise AssertionError("it began")


async def test_who_waits_too_long_hears_so_and_leaves_the_line(urls: Urls) -> None:
    async with pool_of(1, urls) as opened:
        first, second = UnitOfWork(opened, FIRST), UnitOfWork(opened, SECOND, acquire_seconds=0.05)
        await who(first)
        with pytest.raises(DatabaseUnavailable):
            await who(second)
        await first.close()
        assert first.statements == 3


async def test_a_connection_that_cannot_be_opened_leaves_its_place_to_the_next(urls: Urls) -> None:
    nowhere = urls.app.replace("portico_app", "nobody_of_this_name")
    async with Database(nowhere, Pool(2), server_settings={}) as opened:
        tries = [UnitOfWork(opened, FIRST).fetch("select 1", ()) for _ in range(12)]
        results = await asyncio.gather(*tries, return_exceptions=True)
        assert [type(one) for one in results] == [DatabaseUnavailable] * 12
        assert opened._queue._slots == 2


async def test_a_closed_unit_of_work_opens_no_connection(urls: Urls) -> None:
    async with pool_of(1, urls) as opened:
        session = UnitOfWork(opened, FIRST)
        await who(session)
        await session.close()
        with pytest.raises(UnitOfWorkClosed):
            await who(session)
        with pytest.raises(UnitOfWorkClosed):
            async with session.write():
                raise AssertionError("it began")
        await session.close()


async def test_closing_cancels_what_reads_and_what_waits_for_its_turn_and_returns_when_they_have_ended(urls: Urls) -> None:
    async with pool_of(1, urls) as opened:
        session = UnitOfWork(opened, FIRST)
        reads = [asyncio.create_task(session.fetch("select pg_sleep(30)", ())) for _ in range(3)]
        await asyncio.sleep(0.1)
        await asyncio.wait_for(session.close(), 5)
        assert all(read.cancelled() for read in reads)


@pytest.mark.parametrize("pause", [0, 0.0002, 0.001, 0.005])
async def test_closing_beside_a_read_that_is_about_to_open_its_transaction_leaves_nothing_open(pause: float, urls: Urls) -> None:
    async with pool_of(1, urls) as opened:
        for _ in range(20):
            session = UnitOfWork(opened, FIRST)
            reads = [asyncio.create_task(who(session)) for _ in range(2)]
            await asyncio.sleep(pause)
            await session.close()
            await asyncio.wait(reads)
            assert {read.cancelled() or type(read.exception()) for read in reads} <= {True, type(None), UnitOfWorkClosed}


async def test_releasing_gives_the_connection_back_and_reading_goes_on_in_a_new_snapshot(urls: Urls, admin: asyncpg.Connection) -> None:
    async with pool_of(1, urls) as opened:
        session, other = UnitOfWork(opened, FIRST), UnitOfWork(opened, SECOND)
        await who(session)
        await session.release()
        await who(other)
        await other.close()
        await who(session)
        await session.close()


@pytest.mark.parametrize("statement", ["COMMIT", "ROLLBACK"])
@pytest.mark.parametrize("cancellations", [1, 2, 3])
async def test_a_cancellation_while_a_write_ends_passes_no_open_transaction_on(
    statement: str, cancellations: int, urls: Urls, admin: asyncpg.Connection
) -> None:
    """The end of the write takes long: a constraint that is checked at COMMIT waits for a lock, or a statement before the ROLLBACK is still being cancelled."""
    await admin.execute(SLOW_COMMIT + f"select pg_advisory_lock({END_LOCK})")
    try:
        async with pool_of(1, urls) as opened:
            writing = asyncio.create_task(slow_write(UnitOfWork(opened, FIRST), is_failing=statement == "ROLLBACK"))
            await until(lambda: admin.fetchval(ENDS_SLOWLY))
            second = UnitOfWork(opened, SECOND, acquire_seconds=10)
            waits = asyncio.create_task(who(second))
            await waiting(opened, 1)
            for _ in range(cancellations):
                writing.cancel()
                await asyncio.sleep(0.001)
            await admin.execute(f"select pg_advisory_unlock({END_LOCK})")
            with pytest.raises(asyncio.CancelledError):
                await writing
            await waits
            await second.close()
            assert await admin.fetchval("select count(*) from pg_stat_activity where application_name = 'line' and state like 'idle in transaction%'") == 0
    finally:
        await admin.execute("drop table slow_end; drop function sleep_at_commit()")


END_LOCK = 4_711
ENDS_SLOWLY = "select count(*) = 1 from pg_stat_activity where application_name = 'line' and wait_event in ('advisory', 'PgSleep')"
SLOW_COMMIT = f"""
create table slow_end (id int);
grant insert on slow_end to portico_app;
create function sleep_at_commit() returns trigger language plpgsql as $$ begin perform pg_advisory_xact_lock_shared({END_LOCK}); return null; end $$;
create constraint trigger sleeps after insert on slow_end deferrable initially deferred for each row execute function sleep_at_commit();
"""


async def slow_write(session: UnitOfWork, *, is_failing: bool) -> None:
    async with session.write() as transaction:
        await transaction._lease.raw.execute("insert into slow_end values (1)")
        if is_failing:
            await transaction._lease.raw.execute("select pg_sleep(30)")


async def test_the_reads_after_one_that_failed_fail_for_the_same_reason_until_the_snapshot_is_given_up(urls: Urls) -> None:
    async with pool_of(1, urls) as opened:
        session = UnitOfWork(opened, FIRST)
        ends = await asyncio.gather(*(session.fetch(sql, ()) for sql in ("select 1 / 0", "select 1", "select 2")), return_exceptions=True)
        assert [type(end) for end in ends] == [asyncpg.DivisionByZeroError] * 3
        await session.release()
        await who(session)
        await session.close()


async def test_a_field_that_is_cancelled_does_not_cut_off_the_snapshot_that_its_siblings_read(urls: Urls) -> None:
    async with pool_of(1, urls) as opened:
        session = UnitOfWork(opened, FIRST)
        cancelled = asyncio.create_task(session.fetch("select pg_sleep(0.2)", ()))
        sibling = asyncio.create_task(who(session))
        await asyncio.sleep(0.05)
        cancelled.cancel()
        await sibling
        with pytest.raises(asyncio.CancelledError):
            await cancelled
        await who(session)
        await session.close()


async def test_what_failed_for_a_field_that_is_gone_is_not_reported_as_an_error_of_the_program(urls: Urls, caplog: pytest.LogCaptureFixture) -> None:
    async with pool_of(1, urls) as opened:
        session = UnitOfWork(opened, FIRST)
        reads = [asyncio.create_task(session.fetch("select 1 / 0", ())) for _ in range(3)]
        await asyncio.sleep(0)
        for read in reads:
            read.cancel()
        await asyncio.wait(reads)
        await asyncio.sleep(0.05)
        await session.close()
        del reads, read
        gc.collect()
        await asyncio.sleep(0)
        assert [record for record in caplog.records if record.name == "asyncio"] == []


async def test_a_unit_of_work_has_one_connection_also_while_it_writes(urls: Urls) -> None:
    async with pool_of(1, urls) as opened:
        session = UnitOfWork(opened, FIRST)
        async with session.write() as transaction:
            beside = asyncio.create_task(who(session))
            await asyncio.sleep(0.02)
            assert not beside.done()
            with pytest.raises(RuntimeError):
                await who(session)
            await transaction.set_rls_secret("email", "nobody@example.com")
        await beside
        await session.close()


async def careless(opened: Database, chance: random.Random) -> int:
    """How often it was answered, whatever else befell it: a wrong statement, a write, a refusal, a slow one, a dead connection, a short patience, loads that run on."""
    session = UnitOfWork(opened, chance.choice(CALLERS), acquire_seconds=chance.choice([0.01, 0.1, 20]))
    answered = 0
    try:
        for _ in range(chance.randint(1, 3)):
            kind = chance.random()
            if kind < 0.15:
                with suppress(asyncpg.DivisionByZeroError):
                    await session.fetch("select 1 / 0", ())
                return answered
            if kind < 0.3:
                async with session.write() as transaction:
                    await transaction.set_rls_secret("email", "nobody@example.com")
                    if kind < 0.2:
                        raise LookupError
            elif kind < 0.33:
                await session.fetch("select pg_sleep(0.02)", ())
            elif kind < 0.36 and session._lease:
                session._lease.raw.terminate()
                return answered
            if kind > 0.8:
                beside = [asyncio.create_task(session.fetch("select pg_sleep(0.001)", ())) for _ in range(3)]
                for load in beside:
                    load.add_done_callback(lambda load: load.cancelled() or load.exception())
            await who(session)
            answered += 1
        return answered
    finally:
        await session.close()


@pytest.mark.parametrize("seed", range(4))
async def test_in_any_disorder_everybody_sees_their_own_and_no_connection_is_lost(seed: int, urls: Urls) -> None:
    chance = random.Random(seed)
    async with pool_of(3, urls) as opened:
        asking = []
        for _ in range(300):
            asking.append(asyncio.create_task(careless(opened, chance)))
            if chance.random() < 0.25:
                cancelled = chance.choice(asking)
                for _ in range(chance.randint(1, 3)):
                    cancelled.cancel()
                    if chance.random() < 0.5:
                        await asyncio.sleep(0)
            if chance.random() < 0.3:
                await asyncio.sleep(chance.random() * 0.004)
        ends = await asyncio.gather(*asking, return_exceptions=True)
        wrong = [end for end in ends if not isinstance(end, DatabaseUnavailable | asyncio.CancelledError | LookupError | int)]
        assert wrong == []
        assert sum(end for end in ends if isinstance(end, int)) > 50


async def test_a_pool_tells_how_long_no_connection_was_free_or_passed_on(urls: Urls) -> None:
    async with pool_of(1, urls) as opened:
        assert opened.seconds_without_place == 0
        lease = await opened.take(seconds=1)
        await asyncio.sleep(0.1)
        assert opened.seconds_without_place >= 0.1
        waiter = asyncio.create_task(opened.take(seconds=1))
        await asyncio.sleep(0.05)
        lost = opened.seconds_without_place
        await lease.end(is_sound=True)
        # Passed on: the pool is busy, and not lost.
        assert opened.seconds_without_place < lost
        await (await waiter).end(is_sound=True)
        assert opened.seconds_without_place == 0


async def test_a_url_that_wants_tls_is_spoken_to_in_no_other_way() -> None:
    """The other side says that it knows no TLS, and hears nothing more: no name and no password."""
    heard: list[bytes] = []

    async def without_tls(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        heard.append(await reader.readexactly(8))
        writer.write(b"N")
        heard.append(await reader.read())
        writer.close()

    server = await asyncio.start_server(without_tls, "127.0.0.1", 0)
    url = f"postgresql://portico:hunter2@127.0.0.1:{server.sockets[0].getsockname()[1]}/portico"
    async with Database(f"{url}?sslmode=require", Pool(1), server_settings={}) as database:
        with pytest.raises(ConnectionError):
            await database.take(seconds=5)
    server.close()
    await server.wait_closed()
    assert heard == [b"\x00\x00\x00\x08\x04\xd2\x16\x2f", b""]
