"""One group of shards: the worker that has it, whether it can be read there now, and the pool of its connections."""

import logging
from collections.abc import Callable
from dataclasses import dataclass, field

from db.pool import Database

logger = logging.getLogger("portico.workers")


@dataclass(slots=True, eq=False)
class ShardGroup:
    """The shards of customers whose hash is from `lowest` to `highest`. `number` names it: its shard of `customer`.

    `database` is open while the group can be read, and None otherwise.
    """

    lowest: int
    highest: int
    number: int
    address: tuple[str, int]
    make: Callable[[], Database] = field(repr=False)
    database: Database | None = None
    is_suspect: bool = False

    @property
    def can_be_read(self) -> bool:
        return self.database is not None and not self.is_suspect

    async def use(self) -> None:
        """Begin to read the group on its worker, or go on with it, after a probe has succeeded."""
        self.is_suspect = False
        if self.database is None:
            database = self.make()
            await database.connect()
            self.database = database

    def suspect(self) -> None:
        """Read the group on its worker again only after the next probe: a statement there has failed."""
        self.is_suspect = True

    def drop(self) -> None:
        """Stop reading on the worker. Statements that run there fail at once, and their operations go on at the coordinator."""
        database, self.database = self.database, None
        if database is not None:
            database.terminate()

    async def close(self) -> None:
        database, self.database = self.database, None
        if database is not None:
            await database.disconnect()
