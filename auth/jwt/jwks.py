"""Another issuer's keys, fetched from its JWKS URL. PyJWT has a client for that, but it blocks the event loop and asks once per caller."""

import asyncio
import json
import logging
from collections.abc import Awaitable, Callable, Sequence
from datetime import datetime
from importlib import import_module
from urllib.parse import urlsplit

from auth.jwt.keys import Key, Keys, chosen, named, of_jwk

TTL_SECONDS = 300
REFRESH_SECONDS = TTL_SECONDS * 0.8
UNKNOWN_KID_SECONDS = 30
STALE_SECONDS = 24 * 3600
# After a failure the next try waits this long, so that a dead server is not asked once per request.
PAUSE_SECONDS = 2
TIMEOUT_SECONDS = 3
MAX_BYTES = 256 * 1024
MAX_KEYS = 100
# Without compression the bytes that are counted are all there is to unpack.
HEADERS = {"Accept": "application/json, application/jwk-set+json", "Accept-Encoding": "identity", "User-Agent": "portico"}

logger = logging.getLogger("portico.auth")

Fetch = Callable[[], Awaitable[bytes]]
NEVER = float("-inf")


class KeysUnavailable(Exception):
    """The issuer's keys were never had, or last a day ago: whether the token holds cannot be said now."""


class KeyStore:
    """One issuer's keys: fetched by one caller for all, renewed before they are old, and kept for a day when their server is away."""

    def __init__(self, url: str, algorithms: Sequence[str]) -> None:
        self._host = urlsplit(url).hostname
        self._fetch = fetcher(url)
        self._algorithms = algorithms
        self._current: Keys = {}
        self._previous: Keys = {}
        self._fetched_at = self._tried_at = self._previous_until = NEVER
        self._fetching: asyncio.Task[None] | None = None

    async def find(self, kid: str | None, algorithm: str, now: datetime) -> Key | None:
        """None for a key that the issuer does not have. Raises KeysUnavailable."""
        at = now.timestamp()
        if algorithm not in self._algorithms:
            return None
        await self._refresh(at)
        key = self._known(kid, algorithm, at)
        if key is None and at - self._tried_at >= UNKNOWN_KID_SECONDS:
            await self._renewed(at)
            key = self._known(kid, algorithm, at)
        return key

    async def _refresh(self, at: float) -> None:
        age = at - self._fetched_at
        is_failing = self._tried_at > self._fetched_at
        may_try = at - self._tried_at >= PAUSE_SECONDS
        # While the server is away nobody waits for it as long as there are keys to go on with.
        if (age >= TTL_SECONDS and not is_failing) or (age > STALE_SECONDS and may_try):
            await self._renewed(at)
        elif age >= REFRESH_SECONDS and may_try:
            self._renewal(at)
        if at - self._fetched_at > STALE_SECONDS:
            raise KeysUnavailable

    def _known(self, kid: str | None, algorithm: str, at: float) -> Key | None:
        found = chosen(self._current, kid, algorithm)
        return found or (chosen(self._previous, kid, algorithm) if at < self._previous_until else None)

    async def _renewed(self, at: float) -> None:
        # Whoever waits may be cancelled; the fetch goes on for the others.
        await asyncio.shield(self._renewal(at))

    def _renewal(self, at: float) -> asyncio.Task[None]:
        if self._fetching is None or self._fetching.done():
            self._fetching = asyncio.create_task(self._renew(at))
        return self._fetching

    async def _renew(self, at: float) -> None:
        try:
            keys = await asyncio.to_thread(parsed, await self._fetch(), self._algorithms)
        except Exception as error:  # whatever goes wrong over there, the keys we have stay
            # The URL may hold a password or a key, and httpx repeats it.
            reason = f"{type(error).__name__}: {error}" if type(error) is ValueError else type(error).__name__
            logger.warning("keys cannot be fetched from %s: %s", self._host, reason)
            self._tried_at = at
            return
        if keys != self._current:
            # Nobody says when they changed. The old ones go on for a while after we noticed, but not long after we last saw them.
            self._previous, self._current = self._current, keys
            self._previous_until = min(at, self._fetched_at + TTL_SECONDS) + TTL_SECONDS
        self._fetched_at = self._tried_at = at


def parsed(body: bytes, algorithms: Sequence[str]) -> Keys:
    """The keys of a JWK Set that may verify with one of `algorithms`. Raises ValueError when that is none."""
    document = json.loads(body)
    listed = document.get("keys") if isinstance(document, dict) else None
    if not isinstance(listed, list) or len(listed) > MAX_KEYS:
        raise ValueError(f"not a JWK Set of at most {MAX_KEYS} keys")
    keys = named([key for data in listed for key in of_jwk(data, algorithms)])
    if not keys:
        raise ValueError(f"no key for {', '.join(algorithms)}")
    return keys


def fetcher(url: str) -> Fetch:
    """How to get `url`: no redirects, and bounds on time and bytes that hold for a server which sends a byte at a time or never stops."""
    # Imported here, because most portals trust no other issuer.
    import httpx

    # Reading the certificates takes tens of milliseconds, and so does what httpx and anyio import at their first request: done once and at the start.
    context = httpx.create_ssl_context()
    httpx.AsyncHTTPTransport(verify=context)
    import_module("anyio._backends._asyncio")

    async def fetch() -> bytes:
        body = bytearray()
        async with (
            asyncio.timeout(TIMEOUT_SECONDS),
            httpx.AsyncClient(verify=context, timeout=TIMEOUT_SECONDS, follow_redirects=False) as client,
            client.stream("GET", url, headers=HEADERS) as response,
        ):
            if response.status_code != 200:
                raise ValueError(f"status {response.status_code}")
            async for chunk in response.aiter_raw():
                body += chunk
                if len(body) > MAX_BYTES:
                    raise ValueError(f"more than {MAX_BYTES} bytes")
        return bytes(body)

    return fetch
