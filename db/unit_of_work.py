"""The unit of work: one operation, one connection, one snapshot. Nothing else opens a connection to serve a request.

A session holds an explicit connection, because `databases` otherwise binds connections to asyncio tasks, and sibling fields of a GraphQL query
run in different tasks: children would leave the transaction and its row security.
"""

import asyncio
from collections.abc import AsyncIterator, Callable, Iterator, Mapping, Sequence
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, replace
from typing import Any

from db.blocks import blocks, positional, with_literals
from db.callers import READ, WRITE, begin, permission_check
from db.callers import Caller as Caller
from db.literals import encode_param, literal
from db.outages import AlreadyTaken as AlreadyTaken
from db.outages import DatabaseUnavailable as DatabaseUnavailable
from db.outages import SessionEnded as SessionEnded
from db.outages import UnknownCustomer as UnknownCustomer
from db.outages import translate_errors
from db.pool import Database, Lease
from db.records import rows_of
from db.saving import in_order, statement_of


class UnitOfWorkClosed(Exception):
    """The operation has been answered, so nothing is read or written in its name any more."""


@dataclass(slots=True)
class CommitCount:
    """What all units of work of one operation have done so far."""

    commits: int = 0


class UnitOfWork:
    """The unit of work of one operation: reads in one REPEATABLE READ READ ONLY transaction that the first of them opens; writes in one of their own.

    It has at most one connection at a time, and is open until `close`, which ends what still runs in it. A closed one opens nothing.
    """

    def __init__(self, database: Database, caller: Caller, *, acquire_seconds: float = 1.0) -> None:
        self.caller = caller
        self.statements = 0
        self.progress = CommitCount()
        # Whether a transaction was opened, and so the caller judged.
        self.is_judged = False
        self._database = database
        self._acquire_seconds = acquire_seconds
        self._lease: Lease | None = None
        # False while a statement runs, and after one that failed: then the read transaction is lost, and `_failure` says why.
        self._is_sound = True
        self._failure: Exception | None = None
        self._is_closed = False
        self._turn = asyncio.Lock()
        self._writing: asyncio.Task[Any] | None = None
        self._running: set[asyncio.Task[Any]] = set()

    def for_caller(self, caller: Caller) -> "UnitOfWork":
        """Another unit of work on the same database, of the same operation."""
        other = self.apart(caller)
        other.progress = self.progress
        return other

    def apart(self, caller: Caller) -> "UnitOfWork":
        """Another unit of work on the same database for what is done after the answer: what it commits is not the operation's."""
        return UnitOfWork(self._database, caller, acquire_seconds=self._acquire_seconds)

    async def fetch(self, sql: str, arguments: Sequence[object], *, is_prepared: bool = True) -> list[Any]:
        """Run one reading statement with positional parameters; without `is_prepared`, it takes no place among those that the connection keeps.

        Raises DatabaseUnavailable, SessionEnded, UnitOfWorkClosed.
        """
        self._check_open()
        read = asyncio.create_task(self._in_turn(sql, [*map(encode_param, arguments)], is_prepared=is_prepared))
        self._running.add(read)
        read.add_done_callback(self._ended)
        # A field that is cancelled because a sibling was refused must not cut off the statement: the other fields read in the same transaction.
        return await asyncio.shield(read)

    async def fetch_unshielded(self, sql: str, arguments: Sequence[object], *, is_prepared: bool = True) -> list[Any]:
        """As `fetch`, without a task that keeps the statement alive when the caller is cancelled.

        For readers that are cancelled by the end of the unit of work only: a planned query, which has no siblings, and a batch of a loader, which has its own task.
        """
        task = self._check_open()
        self._running.add(task)
        try:
            return await self._in_turn(sql, [*map(encode_param, arguments)], is_prepared=is_prepared)
        finally:
            self._running.discard(task)

    async def _in_turn(self, sql: str, arguments: list[Any], *, is_prepared: bool) -> list[Any]:
        async with self._turn:
            with translate_errors():
                return await self._read(sql, arguments, is_prepared=is_prepared)

    def _ended(self, read: "asyncio.Task[list[Any]]") -> None:
        self._running.discard(read)
        if not read.cancelled():
            read.exception()  # whoever waited for it may be gone

    async def _read(self, sql: str, arguments: list[Any], *, is_prepared: bool) -> list[Any]:
        """Once a statement has failed, the rest of the snapshot fails for the same reason."""
        if not self._is_sound:
            raise self._failure or UnitOfWorkClosed  # only the end of the unit of work cancels a statement
        self._is_sound = False
        try:
            lease = self._lease = self._lease or await self._open(READ)
            lease.is_reading = True
            self.statements += 1
            rows = await lease.fetch(sql, arguments, is_prepared=is_prepared)
        except Exception as error:  # kept for the reads that follow in this snapshot, and raised again
            self._failure = error
            raise
        self._is_sound = True
        return rows

    @asynccontextmanager
    async def write(self) -> AsyncIterator["Transaction"]:
        """One write transaction, committed at the end of the context. Reads after it see what it wrote, reads beside it wait for its end.

        Raises DatabaseUnavailable, SessionEnded, AlreadyTaken, UnitOfWorkClosed.
        """
        with self._entered() as task:
            async with self._turn:
                self._writing = task
                try:
                    await self._end_reads()
                    with translate_errors():
                        async with self._transaction() as transaction:
                            yield transaction
                finally:
                    self._writing = None
        for then in transaction.afterwards:
            then()

    @asynccontextmanager
    async def _transaction(self) -> AsyncIterator["Transaction"]:
        lease = await self._open(WRITE)
        is_sound = False
        try:
            transaction = Transaction(lease, self.caller, self._count)
            yield transaction
            self.statements += 1
            try:
                await lease.execute("; ".join([*transaction.closing, "COMMIT"]))
            except BaseException:  # whether it was committed is not known, and the connection may still be at it
                lease.terminate()
                raise
            is_sound = True
            self.progress.commits += 1
        finally:
            self.statements += await lease.end(is_sound=is_sound)

    async def confirm(self) -> None:
        """Have the database judge the caller, if no statement has run yet. Raises DatabaseUnavailable, SessionEnded."""
        if not self.statements and permission_check(self.caller, READ):
            await self.fetch("select", ())

    def _count(self) -> None:
        self.statements += 1

    async def release(self) -> None:
        """Give the connection back in the middle of the operation, before something slow. What is read afterwards is read in a new snapshot."""
        async with self._turn:
            await self._end_reads()

    async def close(self) -> None:
        """End the unit of work: cancel what still runs in it, wait until that has ended, and give the connection back. May be called again."""
        self._is_closed = True
        running = self._running - {asyncio.current_task()}
        try:
            for task in running:
                task.cancel()
            if running:
                await asyncio.wait(running)
        finally:
            await self._end_reads()

    async def _end_reads(self) -> None:
        lease, self._lease = self._lease, None
        is_sound, self._is_sound, self._failure = self._is_sound, True, None
        if lease:
            self.statements += await lease.end(is_sound=is_sound)

    @contextmanager
    def _entered(self) -> Iterator[asyncio.Task[Any]]:
        """The current task, as one that the end of the unit of work cancels. Raises UnitOfWorkClosed."""
        task = self._check_open()
        self._running.add(task)
        try:
            yield task
        finally:
            self._running.discard(task)

    def _check_open(self) -> asyncio.Task[Any]:
        """The current task. Raises UnitOfWorkClosed."""
        task = asyncio.current_task()
        if self._is_closed:
            raise UnitOfWorkClosed
        if task is None or task is self._writing:
            raise RuntimeError("within its write a unit of work is used by the transaction only")
        return task

    async def _open(self, mode: str) -> Lease:
        try:
            lease = await self._database.take(seconds=self._acquire_seconds)
        except TimeoutError as error:
            raise DatabaseUnavailable("no connection in time") from error
        ending, lease.is_reading = "COMMIT; " if lease.is_reading else "", False
        try:
            self.statements += 1
            await lease.execute(ending + begin(self.caller, mode))
        except BaseException:
            self.statements += await lease.end(is_sound=False)
            raise
        if self._is_closed:
            self.statements += await lease.end(is_sound=False)
            raise UnitOfWorkClosed
        self.is_judged = True
        return lease


class Transaction:
    """What a write transaction offers: named blocks, and naming who acts and which secret was presented."""

    def __init__(self, lease: Lease, caller: Caller, count: Callable[[], None]) -> None:
        self._lease = lease
        self.caller = caller
        self.afterwards: list[Callable[[], None]] = []  # what is done once it is committed, and not if it is not
        self._closing: list[tuple[str, str]] = []  # blocks and their statements
        self._count = count

    async def run(self, name: str, /, **values: Any) -> list[Any]:
        """Run a block; its rows. `now` and `customer_id` are the caller's."""
        block = blocks()[name]
        records = await self._fetch(positional(block.sql), values)
        return rows_of(block.returns, records) if block.returns != "nothing" else []

    async def first(self, name: str, /, **values: Any) -> Any:
        """The first row of a block, or None."""
        found = await self.run(name, **values)
        return found[0] if found else None

    async def save(self, changes: Mapping[str, str]) -> dict[str, int]:
        """Write rows, JSON by their kind, in one statement. How many of each kind were written: rows that were not as expected are not among them."""
        return dict((await self._fetch(statement_of(in_order(changes)), {f"rows_{kind}": text for kind, text in changes.items()}))[0])

    async def _fetch(self, statement: tuple[str, tuple[str, ...]], values: Mapping[str, Any]) -> list[Any]:
        sql, names = statement
        arguments: dict[str, Any] = {"customer_id": self.caller.customer_id, **values, "now": self.caller.now}
        self._count()
        return await self._lease.fetch(sql, [encode_param(arguments[name]) for name in names])

    def at_commit(self, name: str, /, **values: str | int) -> None:
        """Run a block after everything else, in the round trip of COMMIT: its locks last no longer than Postgres needs for that. Nobody reads its rows."""
        self._closing.append((name, with_literals(blocks()[name].sql, values)))

    @property
    def closing(self) -> list[str]:
        """The statements that go to Postgres together with COMMIT. In all transactions the blocks run in the same order, so that none waits for another in a circle."""
        return [statement for _, statement in sorted(self._closing, key=lambda each: each[0])]

    async def set_rls_secret(self, setting: str, value: str) -> None:
        """Show a secret's hash or an address to row security, which then shows the row that belongs to it."""
        await self._lease.execute(f"SET LOCAL app.{setting} = {literal(value)}")

    async def impersonate_verified(self, customer_id: str) -> None:
        """From here on this is the customer who acts. Only for who has just proved to be that customer."""
        self.caller = replace(self.caller, customer_id=customer_id)
        await self._lease.execute(f"SET LOCAL app.customer_id = {literal(customer_id)}")
