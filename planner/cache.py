"""The cache of plans of a process. Callers choose the shapes of variables, and often the documents, so both are bounded."""

from collections import Counter, OrderedDict
from collections.abc import Hashable
from typing import Generic, TypeVar

T = TypeVar("T")

# The limits for all documents and for one document: many shapes of one document do not evict the plans of other documents.
MAX_PLANS = 1000
MAX_SHAPES = 32


class PlanCache(Generic[T]):
    """Entries by the number of a document and a key. The least recently used entry is evicted, of the document or of all documents."""

    def __init__(self) -> None:
        self._entries: OrderedDict[tuple[int, Hashable], T] = OrderedDict()
        self._shapes: Counter[int] = Counter()

    def __len__(self) -> int:
        return len(self._entries)

    def get(self, document: int, key: Hashable) -> T | None:
        entry = self._entries.get((document, key))
        if entry is not None:
            self._entries.move_to_end((document, key))
        return entry

    def put(self, document: int, key: Hashable, entry: T) -> None:
        self._entries[document, key] = entry
        self._shapes[document] += 1
        if self._shapes[document] > MAX_SHAPES:
            self._remove(next(place for place in self._entries if place[0] == document))
        if len(self._entries) > MAX_PLANS:
            self._remove(next(iter(self._entries)))

    def _remove(self, place: tuple[int, Hashable]) -> None:
        del self._entries[place]
        self._shapes[place[0]] -= 1
        if not self._shapes[place[0]]:
            del self._shapes[place[0]]
