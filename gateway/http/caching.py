"""Answers that a browser may keep: those of stored queries by GET, for their caller alone, and asked for again each time by their tag (RFC 9110 §8.8.3)."""

import hashlib

from starlette.requests import Request

from gateway.http.responses import Answer

# Kept, and never shown without asking us: what a customer owes changes at any moment.
CACHED = "private, no-cache"


def tagged(answer: Answer, request: Request) -> Answer:
    """The same answer with its tag, or 304 without a body where the caller has it already."""
    tag = f'"{hashlib.blake2b(answer.body, digest_size=16).hexdigest()}"'
    answer.headers["Cache-Control"] = CACHED
    answer.headers["ETag"] = tag
    known = [item.strip().removeprefix("W/") for item in request.headers.get("if-none-match", "").split(",")]
    if tag in known or known == ["*"]:
        answer.status_code = 304
        answer.body = b""
        del answer.headers["Content-Length"], answer.headers["Content-Type"]
    return answer
