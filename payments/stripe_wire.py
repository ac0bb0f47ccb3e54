"""The HTTP client of the SDK: one httpx client with our own limits. The SDK's own httpx client calls httpx in a deprecated way."""

from collections.abc import Mapping
from typing import Any

import httpx
import stripe

# The connection was never made, so nothing was sent.
NOT_SENT = (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout, httpx.UnsupportedProtocol)


class Wire(stripe.HTTPClient):
    name = "httpx"

    def __init__(self, patience_seconds: float) -> None:
        super().__init__()
        patience = httpx.Timeout(patience_seconds, connect=min(2.0, patience_seconds))
        self._client = httpx.AsyncClient(timeout=patience, follow_redirects=False, limits=httpx.Limits(max_connections=50))

    async def request_async(self, method: str, url: str, headers: Mapping[str, str], post_data: Any = None) -> tuple[bytes, int, Mapping[str, str]]:
        try:
            answer = await self._client.request(method, url, headers=dict(headers), content=post_data or None)
        except httpx.HTTPError as problem:
            raise stripe.APIConnectionError("no answer from Stripe", should_retry=False) from problem  # type: ignore[no-untyped-call]  # stripe's errors have no types
        return answer.content, answer.status_code, answer.headers

    async def close_async(self) -> None:
        await self._client.aclose()
