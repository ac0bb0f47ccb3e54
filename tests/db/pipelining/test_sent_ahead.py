"""Statements that are sent ahead: one round trip, and no answer of a statement whose transaction was not opened."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from datetime import UTC, datetime
from pathlib import Path
from urllib.parse import quote, unquote

import asyncpg
import pytest

from billing.states import Actor
from db.builtin.embedded import Urls
from db.callers import CustomerLock
from db.pipelining.protocol import install, send_ahead
from db.pool import Database, Pool
from db.unit_of_work import Caller, SessionEnded, UnitOfWork
from tests.conftest import ADA

NAME = ".s.PGSQL.5432"
CALLER = Caller(ADA.customer_id, Actor.CUSTOMER, datetime(2026, 11, 30, tzinfo=UTC))
OWN = "select array(select id from customer)"


@asynccontextmanager
async def relayed(url: str, folder: Path, directions: list[str], *, chunk: int = 1 << 16) -> AsyncIterator[str]:
    """Return the URL of a relay before Postgres, which writes down in which direction data goes, and passes answers on in chunks."""
    upstream = unquote(url.partition("host=")[2])
    tasks: set[asyncio.Task[None]] = set()

    async def pump(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, direction: str) -> None:
        with suppress(ConnectionError):
            while data := await reader.read(chunk if direction == "answer" else 1 << 16):
                directions.append(direction)
                writer.write(data)
                await writer.drain()
        writer.close()

    async def link(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        from_server, to_server = await asyncio.open_unix_connection(f"{upstream}/{NAME}")
        tasks.update(map(asyncio.create_task, (pump(reader, to_server, "statement"), pump(from_server, writer, "answer"))))

    server = await asyncio.start_unix_server(link, str(folder / NAME))
    try:
        yield f"{url.partition('host=')[0]}host={quote(str(folder), safe='')}"
    finally:
        server.close()
        for task in tasks:
            task.cancel()


def round_trips(directions: list[str]) -> int:
    return sum(direction == "statement" and before == "answer" for before, direction in zip(["answer", *directions], directions, strict=False))


async def opened(url: str) -> "asyncpg.Connection[asyncpg.Record]":
    connection = await asyncpg.connect(url)
    install(connection)
    return connection


async def test_a_transaction_is_opened_in_one_round_trip_with_its_first_statement(urls: Urls, tmp_path: Path) -> None:
    directions: list[str] = []
    async with relayed(urls.app, tmp_path, directions) as url, Database(url, Pool(1), server_settings={}) as database:
        for _ in range(2):  # the statement is prepared the first time
            session = UnitOfWork(database, CALLER)
            directions.clear()
            [(ids,)] = await session.fetch(OWN, ())
            assert ids == [ADA.customer_id]
            assert session.is_judged
            seen = round_trips(directions)
            await session.close()
    assert seen == 1


async def test_a_write_transaction_is_opened_in_one_round_trip_with_its_first_statement(urls: Urls, tmp_path: Path) -> None:
    directions: list[str] = []
    async with relayed(urls.app, tmp_path, directions) as url, Database(url, Pool(1), server_settings={}) as database:
        for _ in range(2):
            session = UnitOfWork(database, CALLER)
            directions.clear()
            async with session.write(lock=CustomerLock.PRESENT) as transaction:
                assert [owner.id for owner in await transaction.run("customers.lock")] == [ADA.customer_id]
                assert not session.is_judged
            assert session.is_judged
            seen = round_trips(directions)
            await session.close()
    assert seen == 2  # with the commit


@pytest.mark.parametrize("first", ["a block", "a setting", ""])
async def test_a_write_transaction_that_was_not_opened_says_so_before_all_else(urls: Urls, first: str) -> None:
    ended = Caller(ADA.customer_id, Actor.CUSTOMER, CALLER.now, session_id="ses_00000000000000000000000000")
    async with Database(urls.app, Pool(1), server_settings={}) as database:
        session = UnitOfWork(database, ended)

        async def fail() -> None:
            async with session.write() as transaction:
                if first == "a block":
                    await transaction.run("customers.lock")
                if first == "a setting":
                    await transaction.set_rls_secret("email", "ada@example.com")
                raise ValueError("of its input")

        with pytest.raises(SessionEnded):
            await fail()
        assert not session.is_judged
        async with UnitOfWork(database, CALLER).write() as transaction:  # on the same connection
            assert await transaction.run("customers.lock")


async def test_a_caller_who_is_refused_reads_nothing(urls: Urls, tmp_path: Path) -> None:
    directions: list[str] = []
    ended = Caller(ADA.customer_id, Actor.CUSTOMER, CALLER.now, session_id="ses_00000000000000000000000000")
    async with relayed(urls.app, tmp_path, directions) as url, Database(url, Pool(1), server_settings={}) as database:
        for caller in (CALLER, ended, ended, CALLER):
            session = UnitOfWork(database, caller)
            if caller is ended:
                with pytest.raises(SessionEnded):
                    await session.fetch(OWN, ())
                assert not session.is_judged
            else:
                assert [tuple(row) for row in await session.fetch(OWN, ())] == [([ADA.customer_id],)]
            await session.close()


@pytest.mark.parametrize("chunk", [1, 7, 1 << 16])
@pytest.mark.parametrize("is_prepared", [True, False])
async def test_the_answer_after_a_statement_that_failed_is_its_error(urls: Urls, tmp_path: Path, chunk: int, is_prepared: bool) -> None:
    """The statement after it runs all the same, because nothing had opened a transaction. What it returns is not read."""
    async with relayed(urls.app, tmp_path, [], chunk=chunk) as url:
        connection = await opened(url)
        try:
            if is_prepared:
                assert await connection.fetchval("select 7") == 7
            for _ in range(2):
                assert send_ahead(connection, "select 1; select 1 / 0; begin")
                with pytest.raises(asyncpg.DivisionByZeroError):
                    await connection.fetch("select 7")
            assert not connection.is_in_transaction()
            assert send_ahead(connection, "begin; select 'not read', 1")
            assert await connection.fetchval("select 7") == 7
            assert connection.is_in_transaction()
            assert send_ahead(connection, "commit; select 1 / 0")
            with pytest.raises(asyncpg.DivisionByZeroError):
                await connection.execute("begin")
        finally:
            await connection.close()


async def test_an_answer_of_many_packets_comes_whole(urls: Urls, tmp_path: Path) -> None:
    async with relayed(urls.app, tmp_path, [], chunk=4096) as url:
        connection = await opened(url)
        try:
            for _ in range(2):
                assert send_ahead(connection, "begin; select repeat('not read', 10000); commit")
                assert await connection.fetchval("select repeat('x', 1000000)") == "x" * 1_000_000
        finally:
            await connection.close()


async def test_what_belongs_to_no_statement_is_passed_on(urls: Urls) -> None:
    connection = await opened(urls.app)
    notices: list[str] = []
    connection.add_log_listener(lambda _, message: notices.append(message.message))
    try:
        assert send_ahead(connection, "set timezone = 'Asia/Kathmandu'; do $$ begin raise warning 'seen'; end $$")
        assert await connection.fetchval("select 7") == 7
        await asyncio.sleep(0)
        assert connection.get_settings().TimeZone == "Asia/Kathmandu"
        assert notices == ["seen"]
    finally:
        await connection.close()
