"""The headers of a request in a dictionary, because Starlette searches the whole list for each look-up."""

from typing import Any

from starlette.datastructures import Headers
from starlette.requests import Request
from starlette.types import Receive, Scope


class HeaderIndex(Headers):
    """Headers by their names in lower case. Of several headers with one name, the first counts."""

    def __init__(self, raw: list[tuple[bytes, bytes]]) -> None:
        super().__init__(raw=raw)
        self._first = {name.decode("latin-1"): value.decode("latin-1") for name, value in reversed(raw)}

    def __getitem__(self, key: str) -> str:
        return self._first[key]

    def __contains__(self, key: object) -> bool:
        return key in self._first

    def get(self, key: str, default: Any = None) -> Any:
        return self._first.get(key, default)


def media_type_of(headers: Headers) -> str:
    """Return the media type of Content-Type in lower case; empty without the header."""
    return headers.get("content-type", "").partition(";")[0].strip().lower()


class GraphQLHTTPRequest(Request):
    """A request. `media_type` is that of Content-Type in lower case; empty without the header."""

    def __init__(self, scope: Scope, receive: Receive) -> None:
        super().__init__(scope, receive)
        self._header_index = HeaderIndex(scope["headers"])
        self.media_type = media_type_of(self._header_index)

    @property
    def headers(self) -> Headers:
        return self._header_index
