"""The deprecation of a document in responses: headers for programs and proxies, and an extension for developers.

`Deprecation` is of RFC 9745, `Sunset` of RFC 8594, `Link` of RFC 8288 with the relations `deprecation` (RFC 9745) and `successor-version` (RFC 5829).
The reason is free text written by the operator. Only a URL of ASCII characters and a document id are copied from it into headers.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import format_datetime
from functools import cached_property
from typing import Any

from schema.declarations.scalars import instant_text

# A host of ASCII letters, then the characters of RFC 3986. `<`, `>` and quotes, which would end the target of a link, are not allowed.
URL = re.compile(r"https?://[A-Za-z0-9][A-Za-z0-9.-]*(:\d{1,5})?([/?#][A-Za-z0-9._~:/?#\[\]@!$&'()*+,;=%-]*)?")
DOCUMENT = re.compile(r"sha256:[0-9a-f]{64}")
WORDS = re.compile(r"[^\s<>\"]+")
PUNCTUATION = ".,;:!?'()[]`"


@dataclass(frozen=True)
class Deprecation:
    """`since` is when the document was deprecated; `reason` says why or what to send instead (may be empty); from `sunset_at` on it may no longer be executed."""

    since: datetime
    reason: str = ""
    sunset_at: datetime | None = None

    @cached_property
    def successor(self) -> str | None:
        """Return the first document id in the reason."""
        return next((word for word in self._words if DOCUMENT.fullmatch(word)), None)

    @cached_property
    def url(self) -> str | None:
        """Return the first URL in the reason."""
        return next((word for word in self._words if URL.fullmatch(word)), None)

    @property
    def _words(self) -> Iterator[str]:
        return (word.strip(PUNCTUATION) for word in WORDS.findall(self.reason))

    @cached_property
    def headers(self) -> dict[str, str]:
        # A relative reference, because a proxy may have changed the host and path that the caller used.
        successor = [f'<?documentId={self.successor}>; rel="successor-version"'] if self.successor else []
        links = ([f'<{self.url}>; rel="deprecation"'] if self.url else []) + successor
        return {
            "Deprecation": f"@{int(self.since.timestamp())}",
            **({"Sunset": format_datetime(self.sunset_at.astimezone(UTC), usegmt=True)} if self.sunset_at else {}),
            **({"Link": ", ".join(links)} if links else {}),
        }

    @cached_property
    def extension(self) -> dict[str, Any]:
        return {
            "deprecatedAt": instant_text(self.since),
            "sunsetAt": instant_text(self.sunset_at) if self.sunset_at else None,
            "reason": self.reason,
            "successorDocumentId": self.successor,
        }
