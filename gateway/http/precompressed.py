"""Files that the build compressed: `NAME.br` and `NAME.gz` beside NAME. Which of them a request gets follows from `Accept-Encoding`."""

from dataclasses import dataclass
from pathlib import Path

from starlette.requests import Request
from starlette.responses import FileResponse, Response

# In the order in which they are preferred where a client accepts several alike: the smaller one first.
SUFFIXES = {"br": ".br", "gzip": ".gz"}


@dataclass(frozen=True, slots=True)
class PrecompressedFile:
    """A file, its media type, and the headers of its responses."""

    path: Path
    media_type: str
    headers: dict[str, str]

    def respond(self, request: Request) -> Response:
        accepted = accepted_encodings(request.headers.get("accept-encoding", ""))
        encoding = next((name for name in SUFFIXES if name in accepted and self._variant(name).is_file()), None)
        headers = self.headers | {"Vary": "Accept-Encoding"} | ({"Content-Encoding": encoding} if encoding else {})
        return FileResponse(self._variant(encoding) if encoding else self.path, media_type=self.media_type, headers=headers)

    def _variant(self, encoding: str) -> Path:
        return self.path.with_name(self.path.name + SUFFIXES[encoding])


def accepted_encodings(header: str) -> frozenset[str]:
    """Return which of our encodings a client accepts (RFC 9110 §12.5.3). One with the weight 0 is refused; `*` stands for those that are not named."""
    weights = dict(_weight(item) for item in header.lower().split(",") if item.strip())
    return frozenset(name for name in SUFFIXES if weights.get(name, weights.get("*", 0.0)) > 0)


def _weight(item: str) -> tuple[str, float]:
    """Return the name and the weight of an item. A weight that is no number counts as 0."""
    name, _, parameter = item.partition(";")
    key, _, value = parameter.strip().partition("=")
    if not parameter.strip():
        return name.strip(), 1.0
    try:
        return name.strip(), float(value) if key.strip() == "q" else 1.0
    except ValueError:
        return name.strip(), 0.0
