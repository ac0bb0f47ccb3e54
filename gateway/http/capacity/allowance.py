"""The rate limit of PDF documents or files per customer and minute, counted by each process for itself."""

import time
from math import ceil

from limits import RateLimitItemPerMinute
from limits.aio.strategies import MovingWindowRateLimiter

from auth.throttle import Memory


class Allowance:
    """`per_minute` is for each customer, over a moving minute."""

    def __init__(self, per_minute: int) -> None:
        self._limit = RateLimitItemPerMinute(per_minute)
        self._limiter = MovingWindowRateLimiter(Memory())

    async def spend(self, customer_id: str) -> int:
        """Count one. Return 0 if it is within the limit, or else the whole seconds until the next is. A refused one is not counted."""
        if await self._limiter.hit(self._limit, customer_id):
            return 0
        reset_at, _ = await self._limiter.get_window_stats(self._limit, customer_id)
        return max(1, ceil(reset_at - time.time()))
