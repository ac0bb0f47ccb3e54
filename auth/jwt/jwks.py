"""Another issuer's keys, fetched from its JWKS URL. PyJWT's own client is not used: it blocks the event loop and sends one request per caller."""

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
# The time between a failed fetch and the next, so that an unavailable server does not get one fetch per request.
PAUSE_SECONDS = 2
TIMEOUT_SECONDS = 3
MAX_BYTES = 256 * 1024
MAX_KEYS = 100
# No compression, so that the bytes that are counted are the size of the document.
HEADERS = {"Accept": "application/json, application/jwk-set+json", "Accept-Encoding": "identity", "User-Agent": "portico"}

logger = logging.getLogger("portico.auth")

Fetch = Callable[[], Awaitable[bytes]]
NEVER = float("-inf")


class KeysUnavailable(Exception):
    """The issuer's keys were never fetched, or last fetched more than a day ago, so the token cannot be verified now."""


class KeyStore:
    """One issuer's keys: fetched once for all callers, renewed before they are old, and used for a day while their server is unavailable."""

    def __init__(self, url: str, algorithms: Sequence[str]) -> None:
        self._host = urlsplit(url).hostname
        self._fetch = fetcher(url)
        self._algorithms = algorithms
        self._current: Keys = {}
        self._previous: Keys = {}
        self._fetched_at = self._tried_at = self._previous_until = NEVER
        self._fetching: asyncio.Task[None] | None = None

    async def find(self, kid: str | None, algorithm: str, now: datetime) -> Key | None:
        """Return the issuer's key for a `kid` and an algorithm, or None if the issuer has none. Raises KeysUnavailable."""
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
        # While the server is unavailable, no caller waits for it as long as there are keys that can be used.
        if (age >= TTL_SECONDS and not is_failing) or (age > STALE_SECONDS and may_try):
            await self._renewed(at)
        elif age >= REFRESH_SECONDS and may_try:
            self._renewal(at)
        if at - self._fetched_at > STALE_SECONDS:
            raise KeysUnavailable

    def _known(self, kid: str | None, algorithm: str, at: float) -> Key | None:
        key = chosen(self._current, kid, algorithm)
        return key or (chosen(self._previous, kid, algorithm) if at < self._previous_until else None)

    async def _renewed(self, at: float) -> None:
        # A waiting caller may be cancelled; the fetch continues for the others.
        await asyncio.shield(self._renewal(at))

    def _renewal(self, at: float) -> asyncio.Task[None]:
        if self._fetching is None or self._fetching.done():
            self._fetching = asyncio.create_task(self._renew(at))
        return self._fetching

    async def _renew(self, at: float) -> None:
        try:
            keys = await asyncio.to_thread(parsed, await self._fetch(), self._algorithms)
        except Exception as error:  # any error of the issuer's server leaves the present keys in use
            # The URL may contain a password or a key, and httpx repeats it in its messages.
            reason = f"{type(error).__name__}: {error}" if type(error) is ValueError else type(error).__name__
            logger.warning("keys cannot be fetched from %s: %s", self._host, reason)
            self._tried_at = at
            return
        if keys != self._current:
            # The time of the change is unknown. The old keys are accepted for TTL_SECONDS after the change was noticed, but at most 2 × TTL_SECONDS after they were last fetched.
            self._previous, self._current = self._current, keys
            self._previous_until = min(at, self._fetched_at + TTL_SECONDS) + TTL_SECONDS
        self._fetched_at = self._tried_at = at


def parsed(body: bytes, algorithms: Sequence[str]) -> Keys:
    """Return the keys of a JWK Set that can verify with one of `algorithms`. Raises ValueError if there are none."""
    document = json.loads(body)
    listed = document.get("keys") if isinstance(document, dict) else None
    if not isinstance(listed, list) or len(listed) > MAX_KEYS:
        raise ValueError(f"not a JWK Set of at most {MAX_KEYS} keys")
    keys = named([key for data in listed for key in of_jwk(data, algorithms)])
    if not keys:
        raise ValueError(f"no key for {', '.join(algorithms)}")
    return keys


def fetcher(url: str) -> Fetch:
    """Return a function that fetches `url`: without redirects, with limits on time and bytes that also apply to a server that sends slowly or without end."""
    # Imported here, because most deployments trust no other issuer.
    import httpx

    # Reading the certificates takes tens of milliseconds, and so do the imports of httpx and anyio at the first request: both are done once, at the start.
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
