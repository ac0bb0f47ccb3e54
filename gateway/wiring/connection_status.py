"""Whether the worker is connected to its schedule in the database, for its log and its health endpoint."""

import logging
from collections.abc import Callable
from dataclasses import dataclass
from time import monotonic

from db.outages import describe

logger = logging.getLogger("portico.worker")

# The pauses before attempts to connect: they grow to the last of these, and start again after a connection that lasted LASTING_SECONDS.
PAUSES_SECONDS = (0.5, 1.0, 2.0)
LASTING_SECONDS = 5.0
# How often an unchanged cause is repeated in the log.
REPEATED_SECONDS = 60.0


@dataclass(slots=True)
class ConnectionStatus:
    """Logs every loss and every new connection, and of attempts with the same failure one per minute. `on_ready` is called at the first connection."""

    on_ready: Callable[[], None] = lambda: None
    is_connected: bool = False
    _was_connected: bool = False
    _attempts: int = 0
    _cause: str = ""
    _changed_at: float = 0.0
    _logged_at: float = 0.0
    _is_outage_logged: bool = False

    def connected(self) -> None:
        if self._is_outage_logged:
            logger.warning("the worker is connected again after %.1f seconds", monotonic() - self._changed_at)
            self._is_outage_logged = False
        if not self._was_connected:
            self.on_ready()
        self.is_connected = self._was_connected = True
        self._changed_at = monotonic()

    def lost(self, error: BaseException) -> float:
        """Log the cause, and return how many seconds to wait before the next attempt."""
        now, cause = monotonic(), describe(error)
        if self.is_connected and now - self._changed_at >= LASTING_SECONDS:
            self._attempts, self._cause = 0, ""
        if self.is_connected or cause != self._cause or now - self._logged_at >= REPEATED_SECONDS:
            event = "has lost its connection" if self.is_connected else "cannot connect"
            logger.error("the worker %s, and starts no job until it is connected again: %s", event, cause)
            self._cause, self._logged_at, self._is_outage_logged = cause, now, True
        if self.is_connected or not self._attempts:
            self._changed_at = now
        self.is_connected = False
        self._attempts += 1
        return PAUSES_SECONDS[min(self._attempts, len(PAUSES_SECONDS)) - 1]
