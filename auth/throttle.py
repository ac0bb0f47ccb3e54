"""Limits on attempts: budgets per account, per network and per device, over moving windows, in memory or in Redis or Valkey.

A success does not refill a budget: otherwise an attacker who knows one password could refill it between guesses at another account. Refused attempts are not
counted, so a spent budget refills by itself. Unknown accounts have the same budgets as known ones, so that a refusal does not reveal whether an account exists.

A budget that an unauthenticated request can spend is never the only one that an account has: see `resolvers/recognition.py`.
"""

import asyncio
import hashlib
import logging
import time
from collections import Counter, OrderedDict
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
# Redis and Valkey use the same protocol, so one client serves both.
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
    CALENDAR = "CALENDAR"


# For one account, each on its own: attempts from one network that the account signed in from before, from one device that did, and from all other clients.
ATTEMPTS = "5 per 1 minute; 10 per 15 minutes"

# The network comes first: once its budget is spent, its requests cannot spend the budgets of accounts, so fewer customers are locked out. The shorter window comes
# first for the same reason: a client that sends many attempts is stopped by the minute and does not spend the rest of its quarter of an hour.
BUDGETS: dict[str, dict[str, list[RateLimitItem]]] = {
    kind: {sort: parse_many(budget) for sort, budget in budgets.items()}
    for kind, budgets in {
        Kind.SIGN_IN: {"network": "60 per 15 minutes", "account": ATTEMPTS, "familiar": ATTEMPTS, "device": ATTEMPTS},
        # Requests for a letter. The account has no budget: any client that knows its address could spend it.
        Kind.RESET: {"network": "30 per 1 hour", "device": "10 per 1 hour"},
        # Letters to a recognised client, while an earlier letter is still valid.
        Kind.LETTER: {"familiar": "3 per 1 hour", "device": "3 per 1 hour"},
        # By a signed-in customer: no other caller can spend it, so the network has no budget.
        Kind.PASSWORD: {"account": "5 per 1 hour"},
        # Only wrong links and secrets are counted: a right one is accepted even if the network's budget is spent.
        Kind.LINK: {"network": "30 per 15 minutes"},
        Kind.COUPON: {"account": "20 per 1 hour"},
        Kind.TOKEN: {"network": "300 per 1 minute", "account": "300 per 1 minute"},
        # An attacker who tests stolen cards tries many of them.
        Kind.PAYMENT: {"account": "30 per 1 hour"},
        Kind.METHOD: {"account": "20 per 1 hour"},
        # Only unknown secrets are counted. A program goes on reading a calendar that was revoked, and may do so every few minutes.
        Kind.CALENDAR: {"network": "60 per 15 minutes"},
    }.items()
}


class Throttled(TooManyAttempts):
    """The refusal of an attempt whose budget is spent. It does not say which budget."""

    def __init__(self, retry_after_seconds: int) -> None:
        super().__init__("There were too many attempts. Try again later.", retry_after_seconds=retry_after_seconds)


def account_of(name: str) -> str:
    """Return the identity of an account by its e-mail address or id; the spelling of the address does not matter."""
    return f"account:{normalize('NFKC', name).strip().casefold()}"


# The identity of a client without a network address.
UNKNOWN_NETWORK = "network:unknown"


def network_of(address: str) -> str:
    """Return the identity of the network of an address: one address of IPv4, 64 bits of IPv6, because that is what one household or one server has.

    All that is not an address (a Unix socket, a test) is one network.
    """
    try:
        parsed = ip_address(address.strip())
    except ValueError:
        return UNKNOWN_NETWORK
    if isinstance(parsed, IPv6Address):
        inner = parsed.ipv4_mapped or (ip_address(int(parsed) & 0xFFFFFFFF) if IPv6Address(int(parsed)) in TRANSLATED else None)
        return network_of(str(inner)) if inner else f"network:{ip_network((int(parsed), 64), strict=False)}"
    return f"network:{parsed}/32"


def familiar_of(account: str, network: str) -> str:
    """Return the identity of an account at one network from which it signed in before."""
    return f"familiar:{account} {network}"


class Throttle:
    """Counter of attempts. `url` names a Redis or Valkey that all processes share (`redis://`, `rediss://`, `valkey://`, `valkeys://`); without one each process counts alone.

    If the shared storage is unavailable or slow, attempts are still accepted, and each process counts alone until the storage is back. The budgets are then multiplied by the
    number of processes; refusing all attempts instead would lock out every customer whenever Redis fails. The storage is tried again after five seconds.
    """

    def __init__(self, url: str | None = None, *, secret: str = "") -> None:
        self._secret = hashlib.sha256(secret.encode()).digest()
        self._local = MovingWindowRateLimiter(Memory())
        self._pool = _pool(url) if url else None
        self._shared = _shared(self._pool) if self._pool else None
        self._rests_until = 0.0
        # How many attempts of each kind were refused so far by this process.
        self.refused = Counter[str]()

    async def hit(self, kind: str, *identities: str) -> None:
        """Spend one attempt of each identity (`account_of`, `network_of`, `familiar_of`, `Device.identity`). Raises Throttled if one has none left.

        A sort of identity for which this kind has no budget is not limited. Raises ValueError if none of the identities is limited.
        """
        limited = [(budgets, identity) for sort, budgets in BUDGETS[kind].items() for identity in identities if identity.startswith(f"{sort}:")]
        if not limited:
            raise ValueError(f"no identity has a budget for {kind}")
        for budgets, identity in limited:
            try:
                await self._spend(budgets, kind, self._hidden(identity))
            except Throttled:
                self.refused[kind] += 1
                raise

    async def is_shared_available(self) -> bool:
        """Whether the shared storage answers; false without one."""
        if self._shared is None:
            return False
        try:
            async with asyncio.timeout(STORAGE_SECONDS):
                return bool(await self._shared.storage.check())
        except (StorageError, OSError):
            return False

    async def close(self) -> None:
        if self._pool:
            await self._pool.disconnect()

    async def _spend(self, budgets: list[RateLimitItem], kind: str, key: str) -> None:
        for budget in budgets:
            if not await self._take(budget, kind, key):
                raise Throttled(max([await self._wait(other, kind, key) for other in budgets]))

    async def _take(self, budget: RateLimitItem, kind: str, key: str) -> bool:
        return await self._run(lambda limiter: limiter.hit(budget, kind, key))

    async def _wait(self, budget: RateLimitItem, kind: str, key: str) -> int:
        """Return the whole seconds until the budget has an attempt again, at least one."""
        reset_at, remaining = await self._run(lambda limiter: limiter.get_window_stats(budget, kind, key))
        # `limits` reads the clock itself, so the seconds are counted by the same clock.
        return 1 if remaining > 0 else max(1, ceil(reset_at - time.time()))

    async def _run(self, command: Callable[[MovingWindowRateLimiter], Awaitable[T]]) -> T:
        """Run a command on the shared storage, or on the process's own if there is none, it is unavailable, or it failed less than REST_SECONDS ago."""
        now = asyncio.get_running_loop().time()
        if self._shared and now >= self._rests_until:
            try:
                async with asyncio.timeout(STORAGE_SECONDS):
                    return await command(self._shared)
            except (StorageError, OSError) as error:
                self._rests_until = now + REST_SECONDS
                log.warning("the throttle storage cannot be reached; this process counts alone: %s", type(error.__cause__ or error).__name__)
        return await command(self._local)

    def _hidden(self, identity: str) -> str:
        """Return the identity's keyed hash, so that addresses and networks are not readable in the storage; with a secret they cannot be guessed there either."""
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
    # `limits` declares its options as plain values but accepts a pool; only with our own pool can the connections be bounded and closed.
    options: dict[str, Any] = {"connection_pool": pool}
    return MovingWindowRateLimiter(RedisStorage("valkey://", wrap_exceptions=True, key_prefix="portico", **options))


class Memory(Storage, MovingWindowSupport):
    """A storage of `limits` for moving windows, in the memory of the process.

    The storage of `limits` itself visits every key after every attempt (20,000 keys cost 0.8 s of CPU and stalled the loop for 57 ms), which an attacker with many
    addresses could exploit. Here each attempt checks two keys, in turn, so that expired keys are removed as fast as new ones are added, and there is an upper bound.
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
        """Return the time of the oldest attempt that counts, and the number of attempts that count."""
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

    # The methods of fixed windows, which the base class declares and no strategy here calls.
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
