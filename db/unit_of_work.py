"""The unit of work: one operation, one connection, one snapshot. No other module opens a connection to serve a request.

A unit of work holds an explicit connection, because `databases` otherwise binds connections to asyncio tasks, and sibling fields of a GraphQL query
run in different tasks: child fields would run outside of the transaction and its row security.
"""

import asyncio
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import asynccontextmanager, contextmanager
from typing import Any

import asyncpg

from db.callers import READ, WRITE, CommitCount, CustomerLock, NewKey, begin, existence_check, opening, permission_check
from db.callers import Caller as Caller
from db.literals import encode_param, literal
from db.outages import AlreadyTaken as AlreadyTaken
from db.outages import Conflict, cause_of, translate_errors
from db.outages import DatabaseUnavailable as DatabaseUnavailable
from db.outages import KeyInUse as KeyInUse
from db.outages import SessionEnded as SessionEnded
from db.outages import UnknownCustomer as UnknownCustomer
from db.pool import Database, Lease
from db.transaction import Transaction as Transaction


class UnitOfWorkClosed(Exception):
    """The operation has been answered, so its unit of work reads and writes nothing more."""


class UnitOfWork:
    """The unit of work of one operation. Reads share one REPEATABLE READ READ ONLY transaction that the first read opens; each write has a transaction of its own.

    It has at most one connection at a time. It is open until `close`, which cancels the statements that still run. A closed unit of work opens no connection.
    """

    def __init__(self, database: Database, caller: Caller, *, acquire_seconds: float = 1.0, replica: Database | None = None) -> None:
        self.caller = caller
        self.statements = self._statements_before = 0  # all of them, and those before `read_from`
        self.progress = CommitCount()
        self.is_judged = False  # whether a transaction was opened, and so the database has checked the caller
        self._database, self.replica, self._acquire_seconds = database, replica, acquire_seconds
        # Whether the payload is read after the next write, see `Transaction.then_read`.
        self.is_read_next = False
        self._lease: Lease | None = None
        # False while a statement runs, and after a statement that failed: then the read transaction is lost, and `_failure` is the reason.
        self._is_sound = True
        self._failure: Exception | None = None
        self._is_closed = False
        self._turn = asyncio.Lock()
        self._writing: asyncio.Task[Any] | None = None
        self._running: set[asyncio.Task[Any]] = set()

    def for_caller(self, caller: Caller) -> "UnitOfWork":
        """Return another unit of work on the same database, of the same operation."""
        other = self.apart(caller)
        other.progress = self.progress
        return other

    def apart(self, caller: Caller, *, replica: Database | None = None) -> "UnitOfWork":
        """Return another unit of work on the same database for work after the answer: its commits do not count for the operation."""
        return UnitOfWork(self._database, caller, acquire_seconds=self._acquire_seconds, replica=replica)

    async def read_from(self, replica: Database | None) -> None:
        """Read from a replica of the database, or from the customer's group of shards, from now on, until this operation writes; from the database itself with None."""
        await self.release()
        self.replica, self._statements_before = replica, self.statements

    async def fetch(self, sql: str, arguments: Sequence[object], *, is_prepared: bool = True, owner: str | None = None) -> list[Any]:
        """Run one statement that reads, with positional parameters. Without `is_prepared`, the statement does not stay prepared on the connection.

        `owner` is the customer whose rows a caller reads who acts for no customer; a distributed database reads only the shard of that customer.

        Raises DatabaseUnavailable, SessionEnded, UnitOfWorkClosed.
        """
        self._check_open()
        read = asyncio.create_task(self._in_turn(sql, [*map(encode_param, arguments)], is_prepared=is_prepared, owner=owner))
        self._running.add(read)
        read.add_done_callback(self._ended)
        # A field that is cancelled because a sibling field was refused must not cancel the statement: the other fields read in the same transaction.
        return await asyncio.shield(read)

    async def fetch_unshielded(self, sql: str, arguments: Sequence[object], *, is_prepared: bool = True, owner: str | None = None) -> list[Any]:
        """Run a statement as `fetch` does, but cancel the statement if the caller is cancelled.

        For callers that are cancelled only by the end of the unit of work: a planned query, which has no sibling fields, and a loader's batch, which has its own task.
        """
        task = self._check_open()
        self._running.add(task)
        try:
            return await self._in_turn(sql, [*map(encode_param, arguments)], is_prepared=is_prepared, owner=owner)
        finally:
            self._running.discard(task)

    async def _in_turn(self, sql: str, arguments: list[Any], *, is_prepared: bool, owner: str | None) -> list[Any]:
        async with self._turn:
            with translate_errors(), self._of_group():
                return await self._read(sql, arguments, is_prepared=is_prepared, owner=owner)

    @contextmanager
    def _of_group(self) -> Iterator[None]:
        """Raise Conflict where a group of shards does not have what a statement names: the database itself has, or says what is wrong."""
        try:
            yield
        except asyncpg.SyntaxOrAccessError as error:
            if self.replica is None or not self.replica.guard:
                raise
            raise Conflict(cause_of(error)) from error

    def _ended(self, read: "asyncio.Task[list[Any]]") -> None:
        self._running.discard(read)
        if not read.cancelled():
            read.exception()  # the waiting task may have been cancelled

    async def _read(self, sql: str, arguments: list[Any], *, is_prepared: bool, owner: str | None) -> list[Any]:
        """Run a statement in the read transaction. After a statement that failed, the other statements of the snapshot fail for the same reason."""
        if not self._is_sound:
            raise self._failure or UnitOfWorkClosed  # only the end of the unit of work cancels a statement
        self._is_sound = False
        try:
            lease = self._lease = self._lease or await self._open_snapshot()
            lease.is_reading = True
            self.statements += 1
            is_routed = owner is not None and lease.is_distributed and self.caller.customer_id is None
            if is_routed:  # names the shard, for this statement
                await lease.execute(f"SET LOCAL app.customer_id = {literal(owner)}")
            rows = await lease.fetch(sql, arguments, is_prepared=is_prepared)
            if is_routed:
                await lease.execute("SET LOCAL app.customer_id = E''")
            self.is_judged = True
        except Exception as error:  # stored for the reads that follow in this snapshot, and raised again
            self._failure = error
            raise
        self._is_sound = True
        return rows

    @property
    def is_distributed(self) -> bool:
        """Return whether the database is distributed; False before the process has connected to it."""
        return self._database.is_distributed

    @property
    def is_by_coordinator(self) -> bool:
        """Return whether statements are read by the coordinator of Citus, which passes no records on, and not on the worker of a group of shards."""
        return self.is_distributed and not (self.replica and self.replica.guard)

    @asynccontextmanager
    async def write(self, *, lock: CustomerLock = CustomerLock.NONE, claims: NewKey | None = None) -> AsyncIterator[Transaction]:
        """Run one write transaction, committed at the end of the context. Reads after it see its changes; concurrent reads wait for its end.

        It begins with the lock of the customer, and with `claims` with the claim of a new key and that lock, without a round trip for it: what opens the transaction is sent
        in one packet with its first statement, which raises the errors of both.

        Raises DatabaseUnavailable, SessionEnded, AlreadyTaken, KeyInUse, UnitOfWorkClosed.
        """
        with self._entered() as task:
            async with self._turn:
                self._writing = task
                try:
                    await self._end_reads()
                    self.replica = None
                    with translate_errors():
                        async with self._transaction(begin(self.caller, WRITE, lock=lock, claims=claims)) as transaction:
                            yield transaction
                finally:
                    self._writing = None
        for callback in transaction.afterwards:
            callback()

    @asynccontextmanager
    async def _transaction(self, beginning: str) -> AsyncIterator[Transaction]:
        lease = await self._opened(self._database, beginning, is_ahead=True)
        is_sound = False
        try:
            transaction = Transaction(lease, self.caller, self._count)
            try:
                yield transaction
            except Exception:
                if (
                    not transaction.has_run
                ):  # then it is not known whether the transaction was opened: a key in use, or a session that has ended, goes before all else
                    await lease.execute("select")
                raise
            self.statements += 1
            following = [opening(self.caller, READ)] if transaction.has_reads_after or self.is_read_next else []
            try:
                await lease.execute("; ".join([*transaction.closing, "COMMIT", *following]))
            except BaseException:  # it is not known whether it was committed, and the connection may still be committing
                lease.terminate()
                raise
            is_sound = self.is_judged = True
            self.progress.commits += 1
            if following:
                lease.is_reading, self._lease = True, lease
        finally:
            if self._lease is None:
                self.statements += await lease.end(is_sound=is_sound)

    async def confirm(self) -> None:
        """Let the database check the caller. A statement that has run since `read_from` has done so already. Raises DatabaseUnavailable, SessionEnded."""
        if self.statements == self._statements_before and permission_check(self.caller, READ):
            await self.fetch("select", ())

    def _count(self) -> None:
        self.statements += 1

    async def release(self) -> None:
        """Return the connection in the middle of the operation, before slow work. Later reads use a new snapshot."""
        async with self._turn:
            await self._end_reads()

    async def close(self) -> None:
        """End the unit of work: cancel its running tasks, wait for their end, and return the connection. It may be called again."""
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
        """Register the current task, so that the end of the unit of work cancels it. Raises UnitOfWorkClosed."""
        task = self._check_open()
        self._running.add(task)
        try:
            yield task
        finally:
            self._running.discard(task)

    def _check_open(self) -> asyncio.Task[Any]:
        """Return the current task. Raises UnitOfWorkClosed."""
        task = asyncio.current_task()
        if self._is_closed:
            raise UnitOfWorkClosed
        if task is None or task is self._writing:
            raise RuntimeError("during a write, a unit of work is used through its transaction only")
        return task

    async def _open_snapshot(self) -> Lease:
        """Open the read transaction, in one packet with its first statement, which raises the errors of both. Before one on a replica the primary checks the caller: a
        replica may not know yet that a session has begun or ended. A group of shards knows."""
        if self.replica is None or self.replica.guard:
            database = self.replica or self._database
            return await self._opened(database, begin(self.caller, READ, guard=database.guard), is_ahead=True)
        if permission_check(self.caller, READ):
            lease = await self._opened(self._database, begin(self.caller, READ) + "; COMMIT")
            self.statements += await lease.end(is_sound=True)
        try:
            with translate_errors():
                return await self._opened(self.replica, opening(self.caller, READ) + existence_check(self.caller))
        except UnknownCustomer as error:
            raise Conflict("the replica does not have the customer yet") from error

    async def _opened(self, database: Database, statements: str, *, is_ahead: bool = False) -> Lease:
        try:
            lease = await database.take(seconds=self._acquire_seconds)
        except TimeoutError as error:
            raise DatabaseUnavailable("no connection in time") from error
        ending, lease.is_reading = "COMMIT; " if lease.is_reading else "", False
        try:
            self.statements += 1
            if is_ahead and not self._is_closed and lease.send_ahead(ending + statements):
                return lease
            await lease.execute(ending + statements)
            if self._is_closed:
                raise UnitOfWorkClosed
        except BaseException:
            self.statements += await lease.end(is_sound=False)
            raise
        self.is_judged = True
        return lease
