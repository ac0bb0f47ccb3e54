"""How fast requests are sent, and how long to wait before one is sent again."""

import asyncio
import random
import time
from collections.abc import Mapping

MAX_PAUSE_SECONDS = 60.0


class Pace:
    """At most `per_second` requests a second, evenly spaced, of all tasks together."""

    def __init__(self, per_second: float) -> None:
        self._interval_seconds = 1 / per_second
        self._next_at = 0.0
        self._holds = 0

    async def turn(self) -> None:
        """Wait until the next request may be sent. A turn that was given out before a hold counts no more: another one comes after it."""
        holds = None
        while holds != self._holds:
            holds, now = self._holds, time.monotonic()
            at = max(now, self._next_at)
            self._next_at = at + self._interval_seconds
            await asyncio.sleep(at - now)

    def hold(self, seconds: float) -> None:
        """Send nothing for so long: Stripe has refused a request for having come too soon, and would refuse those of other tasks too."""
        if seconds > 0:
            self._next_at = time.monotonic() + seconds
            self._holds += 1


def pause_seconds(failures: int, first_seconds: float) -> float:
    """Return how long to wait after so many failures in a row: twice as long each time, of which a random half is taken off, so that clients do not return together."""
    return min(MAX_PAUSE_SECONDS, first_seconds * 2.0 ** (failures - 1)) * random.uniform(0.5, 1)


def retry_after_seconds(headers: Mapping[str, str]) -> float:
    """Return the seconds of the header Retry-After, at most MAX_PAUSE_SECONDS; 0 without one, or for a date."""
    text = headers.get("retry-after", "")
    return min(MAX_PAUSE_SECONDS, float(text)) if text.isascii() and text.isdigit() else 0.0
