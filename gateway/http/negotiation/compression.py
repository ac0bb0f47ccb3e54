"""Compression of answers by the codings that the client accepts: br and gzip.

An answer that holds both a secret and a text that an attacker chooses can tell the secret by its size (BREACH, https://www.breachattack.com), if the attacker can
have the client send many such requests. `is_compressible` says which answers are compressed, and docs/decisions/0080 why that is safe.
"""

import asyncio
import gzip
from collections.abc import Callable, Mapping

import brotli

from gateway.http.qualities import qualities_of
from gateway.http.responses import Answer

# A smaller answer fits into one packet with its headers.
MIN_BYTES = 1024
# A larger answer is compressed in a thread, because it takes longer than a millisecond.
THREAD_BYTES = 64 * 1024

# By their names in headers, the preferred one first. The levels are those at which the time grows faster than the size shrinks.
ENCODERS: Mapping[str, Callable[[bytes], bytes]] = {
    "br": lambda body: brotli.compress(body, quality=4),
    "gzip": lambda body: gzip.compress(body, compresslevel=5, mtime=0),
}


def coding_of(accept_encoding: str | None) -> str | None:
    """Return the coding for an answer, by the header Accept-Encoding (RFC 9110 §12.5.3); None for an answer that is not compressed.

    Codings that the header does not name have the quality of `*`. Of equal ones the first of `ENCODERS` is taken. A part that cannot be read names nothing.
    """
    if not accept_encoding:
        return None
    qualities = qualities_of(accept_encoding)
    others = qualities.get("*", 0.0)
    best = max(ENCODERS, key=lambda coding: qualities.get(coding, others))
    quality = qualities.get(best, others)
    return best if quality > 0 and quality >= qualities.get("identity", 0.0) else None


def is_compressible(headers: Mapping[str, str], *, is_query: bool) -> bool:
    """Return whether an answer to a request with these headers may be compressed.

    Mutations return secrets: tokens, links, and what the processor's form needs; of queries only those of `calendarUrl` do. A request that a browser authenticates by
    itself, by a cookie, can be sent by another site; one with a bearer token cannot.
    """
    return is_query and ("authorization" in headers or "cookie" not in headers)


def coding_for(answer: Answer, headers: Mapping[str, str], *, is_query: bool) -> str | None:
    """Return the coding for this answer to a request with these headers; None where it is small, or may not be compressed, or the client takes no coding."""
    if len(answer.body) < MIN_BYTES or not is_compressible(headers, is_query=is_query):
        return None
    return coding_of(headers.get("accept-encoding"))


async def compress(answer: Answer, coding: str) -> None:
    """Compress the body of the answer."""
    body, encode = bytes(answer.body), ENCODERS[coding]
    answer.body = await asyncio.to_thread(encode, body) if len(body) > THREAD_BYTES else encode(body)
    answer.headers["Content-Encoding"] = coding
    answer.headers["Content-Length"] = str(len(answer.body))
