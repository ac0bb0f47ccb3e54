"""How many papers or files a customer may have in a minute, counted by each process for itself."""

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
        """Take one; 0 if there was one, or else the whole seconds until there is one again. What is refused is not counted."""
        if await self._limiter.hit(self._limit, customer_id):
            return 0
        reset_at, _ = await self._limiter.get_window_stats(self._limit, customer_id)
        return max(1, ceil(reset_at - time.time()))
