"""The head of a request, read once: Starlette looks through all headers for each that is asked for."""

from typing import Any

from starlette.datastructures import Headers
from starlette.requests import Request
from starlette.types import Receive, Scope


class HeaderIndex(Headers):
    """Headers by their names in lower case; the first of several."""

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
    """The content's media type in lower case; empty if none is named."""
    return headers.get("content-type", "").partition(";")[0].strip().lower()


class GraphQLHTTPRequest(Request):
    """`media_type` is the content's, in lower case; empty if none is named."""

    def __init__(self, scope: Scope, receive: Receive) -> None:
        super().__init__(scope, receive)
        self._heads = HeaderIndex(scope["headers"])
        self.media_type = media_type_of(self._heads)

    @property
    def headers(self) -> Headers:
        return self._heads
