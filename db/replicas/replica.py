"""One replica: whether it can be used now, how far it has come, and the pool of its connections."""

import logging
from dataclasses import dataclass, field
from functools import partial

from db.pool import Database

logger = logging.getLogger("portico.replicas")


@dataclass(slots=True)
class Replica:
    """`number` is its place in the setting, from 1. `replayed` is the position up to which it can be read, and at `fresh_at` (monotonic, in seconds) it had everything
    that the primary had committed then.

    `database` is open while the replica can be used, and None otherwise.
    """

    number: int
    make: "partial[Database]" = field(repr=False)
    database: Database | None = None
    replayed: int = 0
    fresh_at: float = float("-inf")
    is_suspect: bool = False
    _cause: str = ""

    def has(self, position: int, *, since: float) -> bool:
        """Return whether it can be read now, up to a position, with everything that was committed before the time `since`, without a wait for a connection."""
        return self.database is not None and not self.is_suspect and self.database.has_free_place and self.replayed >= position and self.fresh_at >= since

    async def use(self) -> None:
        """Begin to use the replica, after a probe has succeeded."""
        if self.database is not None:
            return
        database = self.make()
        await database.connect()
        self.database = database
        logger.info("replica %d answers queries", self.number)
        self._cause = ""

    def reached(self, position: int, fresh_at: float) -> None:
        """Note what a probe has found. A replica does not go back, so what it had once it still has."""
        self.replayed, self.fresh_at, self.is_suspect = position, max(self.fresh_at, fresh_at), False

    def suspect(self) -> None:
        """Use the replica again only after the next probe: a statement on it has failed."""
        self.is_suspect = True

    def drop(self, cause: str) -> None:
        """Stop using the replica. Statements that run on it fail at once, and their operations go on at the primary."""
        database, self.database = self.database, None
        self.fresh_at = float("-inf")
        if database is not None:
            database.terminate()
        if cause != self._cause:
            logger.warning("replica %d is not used: %s", self.number, cause, extra={"cause": cause})
            self._cause = cause

    async def close(self) -> None:
        database, self.database = self.database, None
        if database is not None:
            await database.disconnect()
