"""`python -m bench.token` (not as a file: the standard library has a `token` too): the cost of verifying a token for the first time, and again from the cache."""

import asyncio
import time
from datetime import UTC, datetime, timedelta
from statistics import median

from auth.jwt.keys import Key, new_pem, of_pem, shared
from auth.jwt.tokens import OwnIssuer, Tokens, sign
from auth.viewer import Viewer
from billing.states import Actor

COUNT = 5000
VIEWER = Viewer(Actor.CUSTOMER, "cus_01m829w97ne1msh76cygrhecz9", ("portal",), "web", "ses_01m829w97ne1msh76cygrhecz9")
KEYS = {"HS256": shared("s" * 64), "EdDSA": of_pem("2026-11-22-204500", new_pem("EdDSA")), "RS256": of_pem("2026-11-22-204500", new_pem("RS256"))}


async def main() -> None:
    print(f"Median of {COUNT} tokens, µs\n{'':8}{'first':>8}{'again':>8}")
    for name, key in KEYS.items():
        first, again = await _measured(key)
        print(f"{name:8}{first:8.1f}{again:8.1f}")


async def _measured(key: Key) -> tuple[float, float]:
    issuer, now = OwnIssuer("portico", "portico", (key,)), datetime.now(UTC)
    tokens = Tokens(issuer)
    sent = [f"Bearer {sign(VIEWER, issuer, now=now, lifetime=timedelta(minutes=15))}" for _ in range(COUNT)]
    return await _median_us(tokens, sent, now), await _median_us(tokens, sent, now)


async def _median_us(tokens: Tokens, sent: list[str], now: datetime) -> float:
    taken = []
    for authorization in sent:
        started = time.perf_counter_ns()
        await tokens.viewer_of(authorization, now=now)
        taken.append(time.perf_counter_ns() - started)
    return median(taken) / 1000


if __name__ == "__main__":
    asyncio.run(main())
