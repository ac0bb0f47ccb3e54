"""Responses that a browser may cache: those of stored queries by GET, for their caller alone, revalidated each time by their ETag (RFC 9110 §8.8.3).

The ETag is made of the content, or, where that identifies it, of the revision of what the response depends on (`gateway/http/graphql/revisions.py`).
"""

import hashlib

from starlette.requests import Request

from gateway.http.negotiation.compression import coding_for, compress
from gateway.http.responses import Answer

# Cached by the browser and revalidated before each use, because what a customer owes changes at any moment.
CACHE_CONTROL = "private, no-cache"
# The beginning of an ETag that says nothing of the single bytes, such as those of a coding.
WEAK = "W/"


def with_etag(answer: Answer, tag: str | None = None) -> Answer:
    """Return the response with this ETag, or else with that of its content."""
    answer.headers["Cache-Control"] = CACHE_CONTROL
    answer.headers["ETag"] = tag or etag_of(answer.body)
    return answer


def etag_of(body: bytes | memoryview) -> str:
    """Return the strong ETag of these bytes."""
    return f'"{hashlib.blake2b(body, digest_size=16).hexdigest()}"'


async def represented(answer: Answer, request: Request, *, is_query: bool) -> None:
    """Compress the response if the request accepts that; or give it status 304 and no body if the caller has it already.

    A response that has status 304 already was compared before its body was made.

    The ETag of a compressed response is weak, because the same content has other bytes without compression (RFC 9110 §8.8.3.3).
    """
    if answer.status_code == 304:
        return
    coding = coding_for(answer, request.headers, is_query=is_query)
    tag = answer.headers.get("etag")
    if tag and coding and not tag.startswith(WEAK):
        answer.headers["ETag"] = f"{WEAK}{tag}"
    if tag and has_etag(request, tag):
        unchanged(answer)
    elif coding:
        await compress(answer, coding)


def unchanged(answer: Answer) -> Answer:
    """Give the response status 304 and no body; its other headers are those of the response with the body (RFC 9110 §15.4.5)."""
    answer.status_code = 304
    answer.body = b""
    del answer.headers["Content-Length"], answer.headers["Content-Type"]
    return answer


def known_tags(request: Request) -> list[str]:
    """Return the ETags in If-None-Match, weak ones like strong ones (RFC 9110 §13.1.2), or `*`."""
    listed = ",".join(request.headers.getlist("if-none-match"))
    return [item.strip().removeprefix(WEAK) for item in listed.split(",")] if listed else []


def has_etag(request: Request, tag: str) -> bool:
    """Return whether If-None-Match has the tag, weak or strong."""
    tags = known_tags(request)
    return tag.removeprefix(WEAK) in tags or tags == ["*"]
