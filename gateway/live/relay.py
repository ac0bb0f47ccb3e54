"""The connection by which a process announces events, and is notified of the customers who have some.

One process of the deployment leads: it announces what is committed, a few times a second. It holds a lock of its connection, which another process takes when that ends. The
others announce every few seconds all the same, so that a leader that hangs delays events and does not stop them. A connection pooler may not pass notifications on: then a
connection cannot hold a lock either, and each process announces, and polls the last events of the customers who have streams, every few seconds.
"""

import asyncio
import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from secrets import token_hex
from time import monotonic
from typing import Any

from db.blocks import blocks, positional
from db.callers import SYSTEM
from db.connections import Connection, connect
from db.outages import DatabaseUnavailable, ReadOnly, cause_of, outage_of, translate_errors
from gateway.live.hub import Hub

logger = logging.getLogger("portico.live")

CHANNEL = "portico_events"
ANNOUNCED_AT_ONCE = 5000
ANNOUNCE_SECONDS = 0.1
# The least time between two of them, so that an announcement that takes long does not follow itself.
PAUSE_SECONDS = 0.02
# How often a process announces, and tries to lead, while another one leads.
OTHER_SECONDS = 2.0
RETRY_SECONDS = 1.0
# How often a process polls: while it receives notifications, and while it does not.
NOTIFIED_SECONDS = 15.0
POLL_SECONDS = 2.0
POLLED_AT_ONCE = 1000
# How many of them between two announcements, while notifications arrive: thousands at once would delay the announcements by a quarter of a second.
POLLED_BETWEEN = 250
# How long a process works without announcing, before it tries again.
READ_ONLY_SECONDS = 60.0


@dataclass(frozen=True, slots=True)
class EventRelay:
    """`url` is for the one connection of the process outside of the pool. Without a hub it only announces."""

    url: str
    server_settings: Mapping[str, str] = field(repr=False)
    hub: Hub | None = None


async def run_relay(relay: EventRelay) -> None:
    """Announce and listen until cancelled. While Postgres is unavailable, it is tried again."""
    while True:
        try:
            await _connected(relay)
        except Exception as error:  # an outage or a bug ends this connection only
            is_outage = isinstance(error, DatabaseUnavailable) or outage_of(error)
            message = "the relay of events lost its connection (%s); retrying every %d s"
            level = logging.WARNING if is_outage else logging.ERROR
            logger.log(level, message, cause_of(error), RETRY_SECONDS, extra={"cause": cause_of(error)}, exc_info=not is_outage)
        await asyncio.sleep(RETRY_SECONDS)


async def _connected(relay: EventRelay) -> None:
    """Work on one connection until it is lost. A standby takes no writes: there the process polls, until it tries again to announce."""
    connection = await _connect(relay)
    try:
        await _announce(connection, relay)
    except ReadOnly as error:
        logger.warning("the database takes no writes, so no events are announced", extra={"cause": error.cause})
        ends_at = monotonic() + READ_ONLY_SECONDS
        while relay.hub and monotonic() < ends_at:
            await _poll(connection, relay.hub, relay.hub.customers)
            await asyncio.sleep(POLL_SECONDS)
    finally:
        connection.terminate()


async def _connect(relay: EventRelay) -> Connection:
    return await connect(relay.url, seconds=5, command_seconds=8, server_settings=relay.server_settings)


async def _announce(connection: Connection, relay: EventRelay) -> None:
    """Announce, and wake the streams of customers with events, until the connection is lost. Raises DatabaseUnavailable, ReadOnly."""
    hub, is_notified = relay.hub, asyncio.Event()
    await _listen(connection, relay, is_notified)
    polls_at = announces_at = monotonic()
    is_leading = False
    unpolled: list[str] = []
    while True:
        begun_at = monotonic()
        if hub and not unpolled and begun_at >= polls_at:
            unpolled = hub.customers
            polls_at = begun_at + (NOTIFIED_SECONDS if is_notified.is_set() else POLL_SECONDS)
        if hub and unpolled:
            count = POLLED_BETWEEN if is_notified.is_set() else len(unpolled)
            await _poll(connection, hub, unpolled[:count])
            unpolled = unpolled[count:]
        if begun_at >= announces_at:
            await _run(connection, "live.announce", writes=True, wanted=ANNOUNCED_AT_ONCE)
            is_leading = is_leading or (is_notified.is_set() and await _lead(connection))
            announces_at = begun_at + (OTHER_SECONDS if is_notified.is_set() and not is_leading else 0.0)
        await asyncio.sleep(max(PAUSE_SECONDS, begun_at + ANNOUNCE_SECONDS - monotonic()))


async def _lead(connection: Connection) -> bool:
    """Return whether this process leads from now on. The connection keeps the lock until it is closed."""
    (row,) = await _run(connection, "live.lead")
    return bool(row["is_leading"])


async def _listen(connection: Connection, relay: EventRelay, is_notified: asyncio.Event) -> None:
    """Begin to wake streams by notifications. One with a text of our own sets `is_notified`: then notifications arrive here.

    It is sent on another connection. A pooler of transactions passes a notification on to whoever has a statement under way, so one that we sent here would arrive.
    """
    probe = token_hex(8)

    def receive(_connection: object, _pid: int, _channel: str, text: object) -> None:
        if text == probe:
            is_notified.set()
        elif relay.hub:
            relay.hub.announce(last_seqs(str(text)))

    with translate_errors():
        await connection.add_listener(CHANNEL, receive)
    other = await _connect(relay)
    try:
        await _run(other, "live.probe", text=probe)
    finally:
        other.terminate()


async def _poll(connection: Connection, hub: Hub, customers: Sequence[str]) -> None:
    """Read the numbers of the last events of these customers, and wake their streams."""
    for start in range(0, len(customers), POLLED_AT_ONCE):
        rows = await _run(connection, "live.last_seqs", ids=list(customers[start : start + POLLED_AT_ONCE]))
        hub.announce({row["customer_id"]: row["seq"] for row in rows})


async def _run(connection: Connection, name: str, /, *, writes: bool = False, **values: Any) -> list[Any]:
    """Run a block as the system, in a transaction of its own; with `writes` also where transactions are read-only by default. Raises DatabaseUnavailable, ReadOnly."""
    text, names = positional(blocks()[name].sql)
    with translate_errors():
        async with connection.transaction():
            await connection.execute(f"set transaction read write; {SYSTEM}" if writes else SYSTEM)
            return list(await connection.fetch(text, *(values[parameter] for parameter in names)))


def last_seqs(text: str) -> dict[str, int]:
    """Return the customers of a notification, `customer:seq customer:seq …`, with the number of their last event."""
    pairs = (part.rpartition(":") for part in text.split())
    return {customer_id: int(seq) for customer_id, _, seq in pairs if seq.isdecimal()}
