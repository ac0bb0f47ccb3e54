"""How often somebody may try: budgets per account, per network and per device, over moving windows, in memory or in Redis or Valkey.

A success gives nothing back: whoever knows one password could otherwise wash his budget clean between guesses at another. Attempts that were refused are not
counted, so a budget that is spent refills by itself. Unknown accounts have budgets like known ones, so that being throttled tells nothing.

A budget that an unauthenticated request can spend is never the only one that an account has: see `resolvers/recognition.py`.
"""

import asyncio
import hashlib
import logging
import time
from collections import OrderedDict
from collections.abc import Awaitable, Callable
from enum import StrEnum
from ipaddress import IPv6Address, IPv6Network, ip_address, ip_network
from itertools import islice
from math import ceil
from typing import TYPE_CHECKING, Any, TypeVar
from unicodedata import normalize
from urllib.parse import urlsplit

from limits import RateLimitItem, parse_many
from limits.aio.storage import MovingWindowSupport, RedisStorage, Storage
from limits.aio.strategies import MovingWindowRateLimiter
from limits.errors import StorageError

from billing.refusals import TooManyAttempts

if TYPE_CHECKING:
    from valkey.asyncio import BlockingConnectionPool

log = logging.getLogger("portico.throttle")
T = TypeVar("T")

STORAGE_SECONDS = 0.5
REST_SECONDS = 5
MAX_KEYS = 100_000
MAX_CONNECTIONS = 16
MOVING_ONLY = "this storage keeps moving windows only"
# Addresses of IPv4 as a network without IPv4 sees them (RFC 6052).
TRANSLATED = IPv6Network("64:ff9b::/96")
# Redis and Valkey speak one protocol, and the client of the one serves both.
SCHEMES = {"redis": "valkey", "rediss": "valkeys", "valkey": "valkey", "valkeys": "valkeys"}


class Kind(StrEnum):
    SIGN_IN = "SIGN_IN"
    RESET = "RESET"
    LETTER = "LETTER"
    PASSWORD = "PASSWORD"
    LINK = "LINK"
    COUPON = "COUPON"
    TOKEN = "TOKEN"
    PAYMENT = "PAYMENT"
    METHOD = "METHOD"


# For one account: from everybody else, from one network that the account signed in from before, and from one device that did.
ATTEMPTS = "5 per 1 minute; 10 per 15 minutes"

# The network comes first: once its budget is spent it cannot spend an account's, and so keeps fewer people out of their accounts. The shorter window comes first for
# the same reason: somebody who hammers is stopped by the minute and keeps the rest of his quarter of an hour.
BUDGETS: dict[str, dict[str, list[RateLimitItem]]] = {
    kind: {sort: parse_many(budget) for sort, budget in budgets.items()}
    for kind, budgets in {
        Kind.SIGN_IN: {"network": "60 per 15 minutes", "account": ATTEMPTS, "familiar": ATTEMPTS, "device": ATTEMPTS},
        # Requests for a letter. The account has no budget: whoever knows its address could spend it.
        Kind.RESET: {"network": "30 per 1 hour", "device": "10 per 1 hour"},
        # Letters to who is recognised, while an earlier one is still good.
        Kind.LETTER: {"familiar": "3 per 1 hour", "device": "3 per 1 hour"},
        # By who is signed in, so nobody else can spend it, and what the network does is no concern of it.
        Kind.PASSWORD: {"account": "5 per 1 hour"},
        # Only what does not hold is counted: a right link or secret is heard whatever the network has spent.
        Kind.LINK: {"network": "30 per 15 minutes"},
        Kind.COUPON: {"account": "20 per 1 hour"},
        Kind.TOKEN: {"network": "300 per 1 minute", "account": "300 per 1 minute"},
        # Whoever tries stolen cards tries many of them.
        Kind.PAYMENT: {"account": "30 per 1 hour"},
        Kind.METHOD: {"account": "20 per 1 hour"},
    }.items()
}


class Throttled(TooManyAttempts):
    """A budget is spent. Which one is not told."""

    def __init__(self, retry_after_seconds: int) -> None:
        super().__init__("There were too many attempts. Try again later.", retry_after_seconds=retry_after_seconds)


def account_of(name: str) -> str:
    """The identity of an account by its e-mail address or id, one and the same however the address is typed."""
    return f"account:{normalize('NFKC', name).strip().casefold()}"


# The identity of what is no address.
UNKNOWN_NETWORK = "network:unknown"


def network_of(address: str) -> str:
    """The identity of the network that an address belongs to: one address of IPv4, 64 bits of IPv6, because that is what one household or one server is given.

    What is no address (a socket of Unix, a test) is one network together.
    """
    try:
        found = ip_address(address.strip())
    except ValueError:
        return UNKNOWN_NETWORK
    if isinstance(found, IPv6Address):
        inner = found.ipv4_mapped or (ip_address(int(found) & 0xFFFFFFFF) if IPv6Address(int(found)) in TRANSLATED else None)
        return network_of(str(inner)) if inner else f"network:{ip_network((int(found), 64), strict=False)}"
    return f"network:{found}/32"


def familiar_of(account: str, network: str) -> str:
    """The identity of an account at one network from which it signed in before."""
    return f"familiar:{account} {network}"


class Throttle:
    """`url` names a Redis or Valkey that all processes share (`redis://`, `rediss://`, `valkey://`, `valkeys://`); without one each process counts for itself.

    If the shared storage is away or slow, attempts are still heard, and each process counts for itself until it is back: guessing gets as many times easier as there
    are processes, whereas closing the door would let anybody who can hurt Redis lock every customer out. It is asked again after five seconds.
    """

    def __init__(self, url: str | None = None, *, secret: str = "") -> None:
        self._secret = hashlib.sha256(secret.encode()).digest()
        self._local = MovingWindowRateLimiter(Memory())
        self._pool = _pool(url) if url else None
        self._shared = _shared(self._pool) if self._pool else None
        self._rests_until = 0.0

    async def hit(self, kind: str, *identities: str) -> None:
        """Spends one attempt of each identity (`account_of`, `network_of`, `familiar_of`, `Device.identity`) and raises Throttled if one has none left.

        A sort of identity that this kind has no budget for is not limited; that none is limited is a mistake.
        """
        sorted_out = [(budgets, identity) for sort, budgets in BUDGETS[kind].items() for identity in identities if identity.startswith(f"{sort}:")]
        if not sorted_out:
            raise ValueError(f"nobody is limited by this: {kind}")
        for budgets, identity in sorted_out:
            await self._spend(budgets, kind, self._hidden(identity))

    async def close(self) -> None:
        if self._pool:
            await self._pool.disconnect()

    async def _spend(self, budgets: list[RateLimitItem], kind: str, key: str) -> None:
        for budget in budgets:
            if not await self._take(budget, kind, key):
                raise Throttled(max([await self._wait(other, kind, key) for other in budgets]))

    async def _take(self, budget: RateLimitItem, kind: str, key: str) -> bool:
        return await self._ask(lambda limiter: limiter.hit(budget, kind, key))

    async def _wait(self, budget: RateLimitItem, kind: str, key: str) -> int:
        """Whole seconds until the budget has something again, at least one."""
        reset_at, remaining = await self._ask(lambda limiter: limiter.get_window_stats(budget, kind, key))
        # `limits` reads the clock itself, so what is left is told by the same clock.
        return 1 if remaining > 0 else max(1, ceil(reset_at - time.time()))

    async def _ask(self, question: Callable[[MovingWindowRateLimiter], Awaitable[T]]) -> T:
        """Asks the shared storage, or the process's own if there is none, it is away or it rests."""
        now = asyncio.get_running_loop().time()
        if self._shared and now >= self._rests_until:
            try:
                async with asyncio.timeout(STORAGE_SECONDS):
                    return await question(self._shared)
            except (StorageError, OSError) as away:
                self._rests_until = now + REST_SECONDS
                log.warning("the throttle storage cannot be reached; this process counts alone: %s", type(away.__cause__ or away).__name__)
        return await question(self._local)

    def _hidden(self, identity: str) -> str:
        """Neither an address nor a network is readable in the storage; with a secret they cannot be guessed there either."""
        return hashlib.blake2b(identity.encode("utf-8", "surrogatepass"), key=self._secret, digest_size=16).hexdigest()


def _pool(url: str) -> "BlockingConnectionPool":
    parts = urlsplit(url)
    if parts.scheme not in SCHEMES:
        raise ValueError(f"the throttle's URL starts with one of {', '.join(SCHEMES)}")
    # Imported here, because a single server counts in its memory.
    from valkey.asyncio import BlockingConnectionPool

    url = parts._replace(scheme=SCHEMES[parts.scheme]).geturl()
    return BlockingConnectionPool.from_url(
        url, max_connections=MAX_CONNECTIONS, timeout=STORAGE_SECONDS, socket_timeout=STORAGE_SECONDS, socket_connect_timeout=STORAGE_SECONDS
    )


def _shared(pool: "BlockingConnectionPool") -> MovingWindowRateLimiter:
    # `limits` declares its options as plain values and takes a pool all the same; only with a pool of ours can the connections be bounded and closed.
    options: dict[str, Any] = {"connection_pool": pool}
    return MovingWindowRateLimiter(RedisStorage("valkey://", wrap_exceptions=True, key_prefix="portico", **options))


class Memory(Storage, MovingWindowSupport):
    """A storage of `limits` for moving windows, in the memory of the process.

    That of `limits` itself visits every key after every attempt (20,000 keys cost 0.8 s of CPU and stalled the loop for 57 ms), which is a gift to whoever has many
    addresses. Here each attempt looks at two keys, in turn, so that dead ones go as fast as new ones come, and there is an upper bound.
    """

    STORAGE_SCHEME = None

    def __init__(self) -> None:
        super().__init__()
        # By key: when each attempt stops counting, the latest first, by the wall clock in seconds.
        self.events: OrderedDict[str, list[float]] = OrderedDict()

    @property
    def base_exceptions(self) -> type[Exception]:
        return ValueError

    async def acquire_entry(self, key: str, limit: int, expiry: int, amount: int = 1) -> bool:
        now = time.time()
        self._sweep(now)
        ends = _later_than(now, self.events.get(key, []))
        if len(ends) + amount > limit:
            return False
        self.events[key] = [now + expiry] * amount + ends
        return True

    async def get_moving_window(self, key: str, limit: int, expiry: int) -> tuple[float, int]:
        """When the oldest attempt that counts was made, and how many count."""
        now = time.time()
        ends = _later_than(now, self.events.get(key, []))
        return (ends[-1] - expiry if ends else now), len(ends)

    async def check(self) -> bool:
        return True

    async def reset(self) -> int:
        count = len(self.events)
        self.events.clear()
        return count

    async def clear(self, key: str) -> None:
        self.events.pop(key, None)

    async def incr(self, key: str, expiry: int, amount: int = 1) -> int:
        raise NotImplementedError(MOVING_ONLY)

    async def get(self, key: str) -> int:
        raise NotImplementedError(MOVING_ONLY)

    async def get_expiry(self, key: str) -> float:
        raise NotImplementedError(MOVING_ONLY)

    def _sweep(self, now: float) -> None:
        for key in list(islice(self.events, 2)):
            if self.events[key][0] > now and len(self.events) <= MAX_KEYS:
                self.events.move_to_end(key)
            else:
                del self.events[key]


def _later_than(now: float, ends: list[float]) -> list[float]:
    return [end for end in ends if end > now]
