"""The records of the sandbox: in memory, or in a file that several processes share and that outlives them. Both are bounded: the oldest rows are deleted first."""

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from threading import RLock
from weakref import finalize

TABLES = """
create table if not exists charge (seq integer primary key, key text unique, request text, reference text unique, status text, decline_code text, amount_minor integer,
                                   refunded_minor integer default 0, card text);
create table if not exists refund (seq integer primary key, key text unique, request text, status text, decline_code text);
create table if not exists event (seq integer primary key autoincrement, key text, reference text, kind text, status text, decline_code text, refunded_minor integer,
                                  refund text);
create table if not exists call (seq integer primary key, verb text, key text);
create table if not exists detached (seq integer primary key, reference text unique);
"""
# How many rows each table has at most.
ROWS_IN_MEMORY = 10_000
ROWS_IN_FILE = 200_000


@dataclass(frozen=True, slots=True)
class SandboxCharge:
    """A charge and its current status."""

    key: str
    request: str
    reference: str
    status: str
    decline_code: str | None
    amount_minor: int
    refunded_minor: int
    card: str


@dataclass(frozen=True, slots=True)
class PendingEvent:
    """An undelivered event. `refund` is a RefundReport as JSON."""

    seq: int
    key: str
    reference: str
    kind: str
    status: str
    decline_code: str | None
    refunded_minor: int | None
    refund: str | None


class Ledger:
    def __init__(self, path: Path | None = None, *, bound: int | None = None) -> None:
        self._bound = bound or (ROWS_IN_FILE if path else ROWS_IN_MEMORY)
        # With synchronous = off a crash of the process loses no committed row; a crash of the machine may, which is acceptable in a sandbox.
        # Threads share the connection: the server's thread writes while a test's thread counts.
        self._lines = sqlite3.connect(path or ":memory:", isolation_level=None, timeout=5, check_same_thread=False)
        finalize(self, self._lines.close)  # of a ledger that is not closed: Python 3.13 warns of it
        self._turn = RLock()
        self._lines.executescript("pragma journal_mode = wal; pragma synchronous = off;" + TABLES)
        if "refund" not in {row[1] for row in self._lines.execute("pragma table_info(event)")}:
            self._lines.execute("alter table event add column refund text")  # A file of an earlier version.

    @contextmanager
    def change(self) -> Iterator[None]:
        """Run the block in one transaction, one process and one thread at a time."""
        with self._turn:
            self._lines.execute("begin immediate")
            try:
                yield
            except BaseException:  # a cancelled change is rolled back too
                self._lines.execute("rollback")
                raise
            self._lines.execute("commit")

    def count(self, verb: str, key: str) -> None:
        self._add("call", verb=verb, key=key)

    def calls(self, verb: str, key: str | None) -> int:
        row = self._lines.execute("select count(*) from call where verb = ?1 and (?2 is null or key = ?2)", (verb, key)).fetchone()
        return int(row[0])

    def charge(self, *, key: str | None = None, reference: str | None = None) -> SandboxCharge | None:
        columns = "key, request, reference, status, decline_code, amount_minor, refunded_minor, card"
        row = self._lines.execute(f"select {columns} from charge where key = ?1 or reference = ?2", (key, reference)).fetchone()
        return SandboxCharge(*row) if row else None

    def open_charges(self) -> list[SandboxCharge]:
        rows = self._lines.execute("select key from charge where status = 'PROCESSING' order by seq").fetchall()
        return [entry for (key,) in rows if (entry := self.charge(key=key))]

    def add_charge(self, entry: SandboxCharge) -> None:
        self._add("charge", **{name: getattr(entry, name) for name in SandboxCharge.__slots__})

    def settle(self, entry: SandboxCharge, *, was: str) -> bool:
        """Update the status of a charge if it is still `was`. Return whether it was updated."""
        change = "update charge set status = ?3, decline_code = ?4 where key = ?1 and status = ?2"
        return self._lines.execute(change, (entry.key, was, entry.status, entry.decline_code)).rowcount == 1

    def refunded(self, key: str, *, refunded_minor: int) -> None:
        self._lines.execute("update charge set refunded_minor = ?2 where key = ?1", (key, refunded_minor))

    def refund(self, key: str) -> tuple[str, str, str | None] | None:
        """Return the request, status and decline code of a refund."""
        row = self._lines.execute("select request, status, decline_code from refund where key = ?", (key,)).fetchone()
        return (row[0], row[1], row[2]) if row else None

    def add_refund(self, key: str, *, request: str, status: str, decline_code: str | None) -> None:
        self._add("refund", key=key, request=request, status=status, decline_code=decline_code)

    def queue_event(self, entry: SandboxCharge, *, kind: str, refund: str | None = None) -> None:
        """Queue an event. Without `refund` an event of the kind REFUND has the sum that was refunded."""
        refunded = entry.refunded_minor if kind == "REFUND" and refund is None else None
        columns = {"status": entry.status, "decline_code": entry.decline_code, "refunded_minor": refunded, "refund": refund}
        self._add("event", key=entry.key, reference=entry.reference, kind=kind, **columns)

    def pending_events(self) -> list[PendingEvent]:
        return [
            PendingEvent(*row)
            for row in self._lines.execute("select seq, key, reference, kind, status, decline_code, refunded_minor, refund from event order by seq")
        ]

    def delivered(self, seq: int) -> None:
        self._lines.execute("delete from event where seq = ?", (seq,))

    def detach(self, reference: str) -> None:
        if not self.is_detached(reference):
            self._add("detached", reference=reference)

    def is_detached(self, reference: str) -> bool:
        return self._lines.execute("select 1 from detached where reference = ?", (reference,)).fetchone() is not None

    def close(self) -> None:
        self._lines.close()

    def _add(self, table: str, **values: object) -> None:
        names = ", ".join(values)
        marks = ", ".join("?" * len(values))
        with self._turn:
            added = self._lines.execute(f"insert into {table} ({names}) values ({marks})", tuple(values.values()))
            self._lines.execute(f"delete from {table} where seq <= ?", ((added.lastrowid or 0) - self._bound,))
