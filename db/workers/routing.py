"""The choice of the group of shards that has a customer, and the background task that knows where each group is and whether it can be read there.

A worker has every commit of its customers as soon as the coordinator has answered, as the coordinator itself reads there. Where the shards are is known from the coordinator, and
checked by each transaction in the catalog of the worker.
"""

import asyncio
import logging
from bisect import bisect_right
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from urllib.parse import quote, urlsplit

from db.connections import Connection, connect, is_distributed
from db.deployment.roles import APP_SETTINGS
from db.outages import cause_of
from db.pool import Database, Pool
from db.sharding.groups import GROUPS, GUARD, SCHEMAS, schema_of
from db.workers.hashing import hash_of
from db.workers.shard_group import ShardGroup

logger = logging.getLogger("portico.workers")

POLL_SECONDS = 1.0
# A server that does not answer a probe for so long is not used.
PROBE_SECONDS = 1.0
# With the shards of a group that moves, Citus drops the views over them.
PRESENT = f"""
select cast(n.nspname as text) from pg_namespace n
 where {SCHEMAS} and exists (select from pg_class c where c.relnamespace = n.oid and c.relname = 'customer')"""

Address = tuple[str, int]
# The lowest and the highest hash of a group, its number, and its worker.
Placement = tuple[int, int, int, Address]


@dataclass(slots=True)
class ShardGroups:
    """The groups of a distributed database by their lowest hash; none before `watch` has found them, and of a database that is not distributed.

    `url` is that of the application on the coordinator. `connections` is how many a process may have to one worker, unless it has more than half as many groups.
    """

    url: str = field(default="", repr=False)
    server_settings: Mapping[str, str] = field(default_factory=dict, repr=False)
    connections: int = 10
    pool: Pool = field(default_factory=Pool)
    items: list[ShardGroup] = field(default_factory=list)
    _probes: dict[Address, Connection] = field(default_factory=dict, repr=False)
    _causes: dict[Address | None, str] = field(default_factory=dict)

    def __bool__(self) -> bool:
        return bool(self.items)

    def choose(self, customer_id: str | None) -> ShardGroup | None:
        """Return the group that has the customer; None where the coordinator must answer."""
        if customer_id is None or not self.items:
            return None
        # Between the groups of `items` there are others, whose workers are not in use or which are on the coordinator.
        hashed = hash_of(customer_id)
        place = bisect_right(self.items, hashed, key=_lowest) - 1
        group = self.items[place] if place >= 0 else None
        return group if group and hashed <= group.highest and group.can_be_read else None

    def replace(self, placed: Sequence[Placement]) -> None:
        """Take over where the groups are now. A group that is still on its worker stays as it is."""
        known = {(group.number, group.address): group for group in self.items}
        of_worker = max([sum(address == other for *_, other in placed) for *_, address in placed], default=1)
        size = max(2, -(-self.connections // of_worker))
        self.items = [
            known.get((number, address)) or ShardGroup(lowest, highest, number, address, partial(self._database, number, address, size))
            for lowest, highest, number, address in placed
        ]
        for group in known.values():
            if group not in self.items:
                group.drop()
        for address in self._probes.keys() - {group.address for group in self.items}:
            self._probes.pop(address).terminate()

    async def probe(self, address: Address) -> None:
        """Find which groups of a worker can be read there: those that have a schema, while it answers."""
        groups = [group for group in self.items if group.address == address]
        try:
            connection = self._probes.get(address) or await _connect(located(self.url, address), self.server_settings)
            self._probes[address] = connection
            present = {record[0] for record in await connection.fetch(PRESENT)}
            for group in groups:
                if schema_of(group.number) in present:
                    await group.use()
                else:
                    group.drop()
            self.note(address, "" if present else "it has no schemas of groups: run `./portico migrate --distribute`")
        except Exception as error:  # whatever it is, the coordinator answers
            if address in self._probes:
                self._probes.pop(address).terminate()
            for group in groups:
                group.drop()
            self.note(address, cause_of(error))

    def note(self, address: Address | None, cause: str) -> None:
        """Log why a worker, or with None the coordinator, cannot be read, once for each cause."""
        if cause == self._causes.get(address):
            return
        name = f"worker {address[0]}:{address[1]}" if address else "coordinator"
        if cause:
            logger.warning("%s is not read directly: %s" if address else "%s does not say where shards are: %s", name, cause, extra={"cause": cause})
        elif address:
            logger.info("%s answers queries", name)
        self._causes[address] = cause

    async def close(self) -> None:
        for connection in self._probes.values():
            connection.terminate()
        for group in self.items:
            await group.close()

    def _database(self, number: int, address: Address, size: int) -> Database:
        pool = Pool(size, self.pool.acquire_seconds, command_seconds=self.pool.command_seconds)
        settings = {**self.server_settings, **APP_SETTINGS, "search_path": schema_of(number)}
        return Database(located(self.url, address), pool, server_settings=settings, guard=GUARD)


def _lowest(group: ShardGroup) -> int:
    return group.lowest


def located(url: str, address: Address) -> str:
    """Return the URL with another host and port, for the same user and database."""
    parts = urlsplit(url)
    credentials, has_user, _ = parts.netloc.rpartition("@")
    host = f"[{address[0]}]" if ":" in address[0] else quote(address[0])
    return parts._replace(netloc=f"{credentials}{has_user}{host}:{address[1]}").geturl()


async def watch(groups: ShardGroups) -> None:
    """Follow where the groups are, until cancelled; until the first answer of a database that is not distributed. While the coordinator does not answer, they are read where they were."""
    try:
        while groups.url:
            connection: Connection | None = None
            try:
                connection = await _connect(groups.url, groups.server_settings)
                if not await is_distributed(connection):
                    return
                while True:
                    groups.replace([(lowest, highest, number, (host, port)) for lowest, highest, number, host, port in await connection.fetch(GROUPS)])
                    groups.note(None, "")
                    await _probed(groups)
                    await asyncio.sleep(POLL_SECONDS)
            except Exception as error:  # an outage or a bug ends this connection only
                if groups:  # what is not known to be distributed, such as a database that does not answer yet, is nothing to be read directly
                    groups.note(None, cause_of(error))
            finally:
                if connection:
                    connection.terminate()
            await _probed(groups)
            await asyncio.sleep(POLL_SECONDS)
    finally:
        await groups.close()


async def _probed(groups: ShardGroups) -> None:
    await asyncio.gather(*(groups.probe(address) for address in {group.address for group in groups.items}))


async def _connect(url: str, server_settings: Mapping[str, str]) -> Connection:
    settings = {**server_settings, "application_name": "portico-workers"}
    return await connect(url, seconds=PROBE_SECONDS, command_seconds=PROBE_SECONDS, server_settings=settings)
