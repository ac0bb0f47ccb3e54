"""Responses that a browser may cache: those of stored queries by GET, for their caller alone, revalidated each time by their ETag (RFC 9110 §8.8.3)."""

import hashlib

from starlette.requests import Request

from gateway.http.responses import Answer

# Cached by the browser and revalidated before each use, because what a customer owes changes at any moment.
CACHE_CONTROL = "private, no-cache"


def with_etag(answer: Answer, request: Request) -> Answer:
    """Return the response with its ETag, or with status 304 and no body if the caller has it already."""
    tag = f'"{hashlib.blake2b(answer.body, digest_size=16).hexdigest()}"'
    answer.headers["Cache-Control"] = CACHE_CONTROL
    answer.headers["ETag"] = tag
    known_tags = [item.strip().removeprefix("W/") for item in request.headers.get("if-none-match", "").split(",")]
    if tag in known_tags or known_tags == ["*"]:
        answer.status_code = 304
        answer.body = b""
        del answer.headers["Content-Length"], answer.headers["Content-Type"]
    return answer
