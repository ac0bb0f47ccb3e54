"""Responses that a browser may cache: those of stored queries by GET, for their caller alone, revalidated each time by their ETag (RFC 9110 §8.8.3)."""

import hashlib

from starlette.requests import Request

from gateway.http.negotiation.compression import coding_for, compress
from gateway.http.responses import Answer

# Cached by the browser and revalidated before each use, because what a customer owes changes at any moment.
CACHE_CONTROL = "private, no-cache"


def with_etag(answer: Answer) -> Answer:
    """Return the response with the ETag of its content."""
    answer.headers["Cache-Control"] = CACHE_CONTROL
    answer.headers["ETag"] = etag_of(answer.body)
    return answer


def etag_of(body: bytes | memoryview) -> str:
    """Return the strong ETag of these bytes."""
    return f'"{hashlib.blake2b(body, digest_size=16).hexdigest()}"'


async def represented(answer: Answer, request: Request, *, is_query: bool) -> None:
    """Compress the response if the request accepts that; or give it status 304 and no body if the caller has it already.

    The ETag of a compressed response is weak, because the same content has other bytes without compression (RFC 9110 §8.8.3.3).
    """
    coding = coding_for(answer, request.headers, is_query=is_query)
    tag = answer.headers.get("etag")
    if tag and coding:
        answer.headers["ETag"] = f"W/{tag}"
    if tag and has_etag(request, tag):
        answer.status_code = 304
        answer.body = b""
        del answer.headers["Content-Length"], answer.headers["Content-Type"]
    elif coding:
        await compress(answer, coding)


def has_etag(request: Request, tag: str) -> bool:
    """Return whether If-None-Match has the tag, weak or strong."""
    known_tags = [item.strip().removeprefix("W/") for item in request.headers.get("if-none-match", "").split(",")]
    return tag in known_tags or known_tags == ["*"]
