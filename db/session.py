"""The unit of work: one operation, one connection, one snapshot. Nothing else opens a connection to serve a request.

A session holds an explicit connection, because `databases` otherwise binds connections to asyncio tasks, and sibling fields of a GraphQL query
run in different tasks: children would leave the transaction and its row security.
"""

import asyncio
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from contextlib import asynccontextmanager, contextmanager, suppress
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

import asyncpg

from billing import rows
from billing.states import Actor
from db.blocks import blocks, positional
from db.pool import Database, Held

# What assert_session raises; a code of our own, so that a wrong password of the application role is not taken for it.
SESSION_ENDED = "PO401"

READ = "ISOLATION LEVEL REPEATABLE READ READ ONLY"
WRITE = "ISOLATION LEVEL READ COMMITTED READ WRITE"

UNAVAILABLE = (
    OSError,
    TimeoutError,
    asyncpg.InterfaceError,
    asyncpg.PostgresConnectionError,
    asyncpg.OperatorInterventionError,
    asyncpg.InsufficientResourcesError,
    asyncpg.InvalidAuthorizationSpecificationError,
)


class DatabaseUnavailable(Exception):
    """Postgres cannot be asked right now. Whoever called may try again shortly."""


class AlreadyTaken(Exception):
    """Somebody else has what a unique index lets only one have."""


class SessionEnded(Exception):
    """The token's session was ended, however long the token itself would still be good."""


@dataclass(frozen=True, slots=True)
class Caller:
    """Whose rows a session sees, and when it is."""

    customer_id: str | None
    actor: Actor
    now: datetime
    session_id: str | None = None


class Session:
    """The unit of work of one operation: reads in one REPEATABLE READ READ ONLY transaction that the first of them opens; writes in one of their own."""

    def __init__(self, database: Database, caller: Caller, *, acquire_seconds: float = 1.0) -> None:
        self.caller = caller
        self.statements = 0
        self._database = database
        self._acquire_seconds = acquire_seconds
        self._held: Held | None = None
        self._is_sound = True
        self._turn = asyncio.Lock()

    def of(self, caller: Caller) -> "Session":
        """Another unit of work on the same database."""
        return Session(self._database, caller, acquire_seconds=self._acquire_seconds)

    async def fetch(self, sql: str, arguments: Sequence[object]) -> list[Any]:
        """Run one reading statement with positional parameters. Raises DatabaseUnavailable, SessionEnded."""
        async with self._turn:
            with outages():
                held = self._held = self._held or await self._open(READ)
                held.is_reading, self._is_sound = True, False
                self.statements += 1
                found = list(await held.raw.fetch(sql, *map(storable, arguments)))
                self._is_sound = True
                return found

    @asynccontextmanager
    async def write(self) -> AsyncIterator["Transaction"]:
        """One write transaction, committed at the end of the context. Reads after it see what it wrote."""
        await self.close()
        with outages():
            held = await self._open(WRITE)
            try:
                transaction = Transaction(held, self.caller, self._count)
                yield transaction
                self.statements += 1
                await held.raw.execute("COMMIT")
            except BaseException:  # when it is cancelled too, nothing of it may stay
                await _give_up(held)
                raise
            finally:
                await held.give_back()
        for then in transaction.afterwards:
            then()

    def _count(self) -> None:
        self.statements += 1

    async def close(self) -> None:
        """End the reads and give their connection back. Who waits for one ends them, if the last of them went well."""
        held, self._held = self._held, None
        if held is None:
            return
        if not self._is_sound:
            await held.end()
        elif held.hand_over():
            return
        self.statements += 1
        await held.give_back()

    async def _open(self, mode: str) -> Held:
        held = await self._database.take(seconds=self._acquire_seconds)
        ending, held.is_reading = "COMMIT; " if held.is_reading else "", False
        try:
            self.statements += 1
            await held.raw.execute(ending + begin(self.caller, mode))
        except BaseException:
            # Without its transaction a connection must not be used.
            await _give_up(held)
            await held.give_back()
            raise
        return held


class Transaction:
    """What a write transaction offers: named blocks, and naming who acts and which secret was presented."""

    def __init__(self, held: Held, caller: Caller, count: Callable[[], None]) -> None:
        self._held = held
        self.caller = caller
        # What is done once it is committed, and not if it is not.
        self.afterwards: list[Callable[[], None]] = []
        self._count = count

    async def run(self, name: str, /, **values: Any) -> list[Any]:
        """Run a block; its rows. `now` and `customer_id` are the caller's."""
        block = blocks()[name]
        sql, names = positional(block.sql)
        given = values | {"now": self.caller.now, "customer_id": values.get("customer_id", self.caller.customer_id)}
        self._count()
        found = await self._held.raw.fetch(sql, *(storable(given[parameter]) for parameter in names))
        return [getattr(rows, block.returns)(*record) for record in found] if block.returns != "nothing" else []

    async def first(self, name: str, /, **values: Any) -> Any:
        """The first row of a block, or None."""
        found = await self.run(name, **values)
        return found[0] if found else None

    async def present(self, setting: str, value: str) -> None:
        """Show a secret's hash or an address to row security, which then shows the row that belongs to it."""
        await self._held.raw.execute(f"SET LOCAL app.{setting} = {literal(value)}")

    async def act_as(self, customer_id: str) -> None:
        """From here on this is the customer who acts. Only for who has just proved to be that customer."""
        self.caller = replace(self.caller, customer_id=customer_id)
        await self._held.raw.execute(f"SET LOCAL app.customer_id = {literal(customer_id)}")


@contextmanager
def outages() -> Iterator[None]:
    """What Postgres says in words of ours: that it is away, or that the session has ended."""
    try:
        yield
    except asyncpg.UniqueViolationError as error:
        raise AlreadyTaken(error.constraint_name) from error
    except ValueError:
        raise  # asyncpg's DataError, an InterfaceError too: a wrong argument is our bug, not an outage.
    except UNAVAILABLE as error:
        raise DatabaseUnavailable from error
    except asyncpg.PostgresError as error:
        if error.sqlstate == SESSION_ENDED:
            raise SessionEnded from error
        raise


async def _give_up(held: Held) -> None:
    """Roll back; a connection that cannot even do that is thrown away."""
    with suppress(Exception):
        await held.raw.execute("ROLLBACK", timeout=1)
        return
    held.drop()


def storable(value: Any) -> Any:
    """Postgres' text cannot hold NUL, so a text with one equals nothing there. It is looked for with a character that nobody types."""
    if isinstance(value, str):
        return value.replace("\x00", "\ufffd") if "\x00" in value else value
    return [storable(item) for item in value] if isinstance(value, list | tuple) else value


def begin(caller: Caller, mode: str) -> str:
    """One round trip that opens the snapshot and says who is asking. SET LOCAL and not set_config(): a distributed Postgres forwards only the first."""
    return (
        f"BEGIN {mode}; "
        f"SET LOCAL app.customer_id = {literal(caller.customer_id or '')}; "
        f"SET LOCAL app.actor = {literal(caller.actor)}; "
        f"SET LOCAL app.now = {literal(caller.now.isoformat())}" + (f"; SELECT assert_session({literal(caller.session_id)})" if caller.session_id else "")
    )


def literal(text: str) -> str:
    """A SQL string literal; SET takes no parameters."""
    return "E'" + text.replace("\\", "\\\\").replace("'", "\\'").replace("\x00", "") + "'"
