"""The choice of a replica for a query, and the background tasks that know what each replica has.

The primary is asked a few times a second up to which position it has written. A replica that has reached such a position has everything that was committed
before that moment, so its age is known also where nothing is written, and where it is cut off from the primary.
"""

import asyncio
import logging
from collections import OrderedDict, deque
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import partial
from time import monotonic

from db.connections import Connection, connect
from db.outages import DatabaseUnavailable, cause_of, outage_of
from db.pool import Database, Pool
from db.replicas.probes import DatabaseIdentity, UnfitReplica, check_replica, flushed, identity_of, replayed
from db.replicas.replica import Replica

logger = logging.getLogger("portico.replicas")

POLL_SECONDS = 0.25
# A server that does not answer a probe for so long is not used.
PROBE_SECONDS = 1.0
# How many positions of the primary are remembered, and of how many callers the last one.
SAMPLES = 256
MAX_CALLERS = 20_000


@dataclass(slots=True)
class Replicas:
    """The replicas of a process; none without URLs. A replica may be `lag_seconds` behind the primary.

    `noted` are the positions that callers have reached by this process, for those who do not send them back.
    """

    items: list[Replica] = field(default_factory=list)
    url: str = field(default="", repr=False)
    urls: tuple[str, ...] = field(default=(), repr=False)
    server_settings: Mapping[str, str] = field(default_factory=dict, repr=False)
    lag_seconds: float = 2.0
    noted: OrderedDict[str, int] = field(default_factory=OrderedDict)
    _samples: deque[tuple[float, int]] = field(default_factory=lambda: deque(maxlen=SAMPLES))
    _primary: DatabaseIdentity | None = None
    _has_primary: asyncio.Event = field(default_factory=asyncio.Event)
    _cause: str = ""
    _last: int = 0

    def __bool__(self) -> bool:
        return bool(self.items)

    def choose(self, caller: str, position: int = 0) -> Replica | None:
        """Return a replica that has what the caller has seen, in turn; None where the primary must answer.

        `position` is what the caller says that they have seen.
        """
        needed, since = max(position, self.noted.get(caller, 0)), monotonic() - self.lag_seconds
        for distance in range(1, len(self.items) + 1):
            replica = self.items[(self._last + distance) % len(self.items)]
            if replica.has(needed, since=since):
                self._last = (self._last + distance) % len(self.items)
                return replica
        return None

    def note(self, caller: str, position: int) -> None:
        """Remember that the caller has seen the state at a position."""
        self.noted[caller] = max(position, self.noted.pop(caller, 0))
        if len(self.noted) > MAX_CALLERS:
            self.noted.popitem(last=False)

    def identified(self, primary: DatabaseIdentity) -> None:
        """Remember which database the primary is. The replicas are compared with it."""
        self._primary, self._cause = primary, ""
        self._has_primary.set()

    async def primary(self) -> DatabaseIdentity:
        """Return which database the primary is, once it has answered."""
        await self._has_primary.wait()
        assert self._primary is not None
        return self._primary

    def lost_primary(self, error: Exception) -> None:
        """Log why the primary does not say its position, once for each cause. The replicas grow old meanwhile."""
        if (cause := cause_of(error)) != self._cause:
            logger.log(_level(error), "the position of the primary is not known: %s", cause, extra={"cause": cause})
            self._cause = cause

    def sampled(self, read_at: float, position: int) -> None:
        """Remember up to which position the primary had written at the time `read_at`."""
        self._samples.append((read_at, position))

    def reached(self, replica: Replica, position: int) -> None:
        """Note up to which position a replica can be read, and so which age it has."""
        times = [read_at for read_at, written in self._samples if written <= position]
        replica.reached(position, max(times, default=float("-inf")))


def replicas_of(url: str, urls: tuple[str, ...], pool: Pool, *, server_settings: Mapping[str, str], lag_seconds: float) -> Replicas:
    """Return the replicas of the primary `url`, which are used once `watch` runs."""
    items = [Replica(number, partial(Database, each, pool, server_settings=server_settings)) for number, each in enumerate(urls, 1)]
    return Replicas(items, url, urls, server_settings, lag_seconds)


async def watch(replicas: Replicas) -> None:
    """Probe the primary and the replicas until cancelled."""
    if replicas:
        try:
            await asyncio.gather(_sample(replicas), *(_follow(replicas, replica, url) for replica, url in zip(replicas.items, replicas.urls, strict=True)))
        finally:
            for replica in replicas.items:
                await replica.close()


async def _sample(replicas: Replicas) -> None:
    """Ask the primary for its position. While it does not answer, replicas grow old."""
    while True:
        connection: Connection | None = None
        try:
            connection = await _connect(replicas, replicas.url)
            replicas.identified(await identity_of(connection))
            while True:
                read_at = monotonic()
                replicas.sampled(read_at, await flushed(connection))
                await asyncio.sleep(POLL_SECONDS)
        except Exception as error:  # an outage or a bug ends this connection only
            replicas.lost_primary(error)
        finally:
            if connection:
                connection.terminate()
        await asyncio.sleep(PROBE_SECONDS)


async def _follow(replicas: Replicas, replica: Replica, url: str) -> None:
    """Use a replica as long as it answers, is a standby of the primary and can be connected to."""
    while True:
        connection: Connection | None = None
        try:
            connection = await _connect(replicas, url)
            await check_replica(connection, await replicas.primary())
            while True:
                replicas.reached(replica, await replayed(connection))
                await replica.use()
                await asyncio.sleep(POLL_SECONDS)
        except Exception as error:  # whatever it is, queries are answered by the primary
            replica.drop(cause_of(error))
            if _level(error) == logging.ERROR:
                logger.exception("the probe of replica %d failed", replica.number)
        finally:
            if connection:
                connection.terminate()
        await asyncio.sleep(PROBE_SECONDS)


async def _connect(replicas: Replicas, url: str) -> Connection:
    settings = {"application_name": "portico-replicas", **replicas.server_settings}
    return await connect(url, seconds=PROBE_SECONDS, command_seconds=PROBE_SECONDS, server_settings=settings)


def _level(error: Exception) -> int:
    """Return the level of an error in the log: an outage, or a bug."""
    is_known = isinstance(error, UnfitReplica | DatabaseUnavailable | PermissionError) or outage_of(error)
    return logging.WARNING if is_known else logging.ERROR
