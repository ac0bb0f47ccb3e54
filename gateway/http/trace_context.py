"""The trace of which a request is a part, by the header traceparent (W3C Trace Context, https://www.w3.org/TR/trace-context/)."""

import re
from collections.abc import Iterable
from typing import NamedTuple

NAME = b"traceparent"
# The version, the trace, the caller's span and the flags. Later versions may append more after a hyphen.
TRACEPARENT = re.compile(rb"([0-9a-f]{2})-([0-9a-f]{32})-([0-9a-f]{16})-[0-9a-f]{2}(-.*)?")
INVALID_VERSION = b"ff"
FIRST_VERSION = b"00"


class Trace(NamedTuple):
    """The ids of a trace and of the span in it that sent the request."""

    trace_id: str
    parent_id: str


def trace_of(headers: Iterable[tuple[bytes, bytes]]) -> Trace | None:
    """Return the trace that the headers name; None where they name none, or not by one valid header."""
    values = [value for name, value in headers if name == NAME]
    match = TRACEPARENT.fullmatch(values[0]) if len(values) == 1 else None
    if match is None:
        return None
    version, trace_id, parent_id, rest = match.groups()
    is_valid = version != INVALID_VERSION and not (version == FIRST_VERSION and rest) and trace_id.strip(b"0") and parent_id.strip(b"0")
    return Trace(trace_id.decode(), parent_id.decode()) if is_valid else None
