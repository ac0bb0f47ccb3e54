"""Reads Stripe's API by GET requests alone, each sent again until it has an answer: a read has no effect, so that is always safe.

The payments of `payments/stripe.py` go through Stripe's SDK. Here plain HTTP is better: answers are stored as they are, and Retry-After decides when the next is sent.
"""

import asyncio
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from types import TracebackType
from typing import Any

import httpx

from imports.stripe.pacing import Pace, pause_seconds, retry_after_seconds
from imports.stripe.problems import CannotRead, ObjectMissing

# The version whose shapes `imports.stripe` reads; it is the one of the SDK that payments use.
API_VERSION = "2026-10-28.endive"
ATTEMPTS = 10
PERMISSION = re.compile(r"\brak_[a-z0-9_]+")
# What Stripe answers when a request may succeed later: a conflict with another request, too many requests, and its own errors.
LATER = frozenset({409, 429, 500, 502, 503, 504})
AGAIN = "Run the command again: it goes on where it stopped."

Params = Mapping[str, str | int | list[str]]


@dataclass(frozen=True, slots=True)
class StripeAccess:
    """How to reach an account. `key` is a restricted key; `first_pause_seconds` is the first wait after a failure."""

    key: str = field(repr=False)
    address: str = "https://api.stripe.com"
    requests_per_second: float = 20.0
    patience_seconds: float = 30.0
    first_pause_seconds: float = 0.5


class ReadClient:
    """Sends the requests of one run; used as an asynchronous context manager."""

    def __init__(self, access: StripeAccess) -> None:
        self._access = access
        self._pace = Pace(access.requests_per_second)
        self.requests = 0
        self._http = httpx.AsyncClient(
            base_url=access.address,
            headers={"Authorization": f"Bearer {access.key}", "Stripe-Version": API_VERSION},
            timeout=httpx.Timeout(access.patience_seconds, connect=min(10.0, access.patience_seconds)),
            follow_redirects=False,
        )

    async def __aenter__(self) -> "ReadClient":
        return self

    async def __aexit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        await self._http.aclose()

    async def get(self, path: str, params: Params, *, attempts: int = ATTEMPTS) -> dict[str, Any]:
        """Return the object of a path. Raises CannotRead, ObjectMissing."""
        failures, reason = 0, ""
        while failures < attempts:
            await self._pace.turn()
            self.requests += 1
            try:
                response = await self._http.get(path, params=dict(params))
                if response.status_code not in LATER:
                    return _object_of(path, response)
                reason = f"it answered {response.status_code}"
                if response.status_code == 429:
                    self._pace.hold(retry_after_seconds(response.headers))
            except (httpx.TransportError, json.JSONDecodeError, UnicodeDecodeError) as error:
                reason = type(error).__name__
            failures += 1
            await asyncio.sleep(pause_seconds(failures, self._access.first_pause_seconds))
        raise CannotRead(f"Stripe did not answer {path} in {attempts} attempts ({reason}). {AGAIN}")


def _object_of(path: str, response: httpx.Response) -> dict[str, Any]:
    if response.status_code == 401:
        raise CannotRead("Stripe refuses the key in PORTICO_STRIPE_IMPORT_KEY: it is wrong, revoked or expired.")
    if not response.is_success and response.status_code not in (400, 403, 404):
        raise CannotRead(f"Stripe answered {path} with {response.status_code}; is PORTICO_STRIPE_IMPORT_ADDRESS an address of its API?")
    body = json.loads(response.content)
    if response.is_success and isinstance(body, dict):
        return body
    error = body.get("error") if isinstance(body, dict) else None
    details: Mapping[str, Any] = error if isinstance(error, dict) else {}
    if response.status_code == 403:
        raise CannotRead(_permission(path, str(details.get("message") or "")))
    if details.get("code") == "resource_missing" or response.status_code == 404:
        raise ObjectMissing(f"Stripe has no {details.get('param') or 'object'} for {path}.")
    raise CannotRead(f"Stripe refuses {path}: {details.get('message') or 'without a reason'}")


def _permission(path: str, message: str) -> str:
    """Return which permission the key lacks. Stripe names it in its message; the message also has the end of the key, and is not repeated."""
    name = PERMISSION.search(message)
    named = f"the permission {name[0]}" if name else "a permission"
    return f"The key in PORTICO_STRIPE_IMPORT_KEY lacks {named} to read {path}. Add it to the restricted key in Stripe's dashboard. {AGAIN}"
