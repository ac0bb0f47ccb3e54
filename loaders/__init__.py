"""The batched reads of one operation. All keys that one level of a query loads at the same time become one statement."""

from asyncio import CancelledError, shield
from collections.abc import Awaitable, Callable, Hashable, Sequence
from typing import Any

from strawberry.dataloader import DataLoader

from db.batches import count_of, page_of, rows_of
from db.blocks import Block
from db.pages import Window
from db.unit_of_work import UnitOfWork, UnitOfWorkClosed
from loaders.batch import BatchReader, Filters, Key, fetch_counts, fetch_many, fetch_one, fetch_pages

Fetch = Callable[[BatchReader, list[Key]], Awaitable[Sequence[Any]]]


class Shared(DataLoader[Key, Any]):
    """A loader whose keys several fields may await.

    When one field raises, graphql-core cancels the awaits of its siblings. Another field of the document that awaits the same row must still get it.
    """

    def __init__(self, fetch: Fetch, reader: BatchReader) -> None:
        super().__init__(self._batch)
        self._fetch, self._reader = fetch, reader

    def load(self, key: Key) -> Awaitable[Any]:
        return shield(super().load(key))

    async def _batch(self, keys: list[Key]) -> Sequence[Any]:
        """Return the rows of each key.

        Raises CancelledError if the unit of work ends during the batch, or has ended before it; every field that awaits the batch is then cancelled too.
        """
        try:
            return await self._fetch(self._reader, keys)
        except (CancelledError, UnitOfWorkClosed):
            for key in keys:
                if row := self.cache_map.get(key):
                    row.cancel()
            raise CancelledError from None


class Loaders:
    """All loaders of one operation. A loader belongs to a block and the arguments of a field, and lives as long as the operation."""

    def __init__(self, session: UnitOfWork) -> None:
        self._session = session
        self._is_staff = session.caller.customer_id is None
        self._known: dict[Hashable, DataLoader[Key, Any]] = {}

    def one(self, block: Block) -> DataLoader[Key, Any]:
        """Return the loader of the row, or None, of each key."""
        return self._loader((block.name,), lambda: BatchReader(self._session, block, rows_of(block, is_staff=self._is_staff)), fetch_one)

    def many(self, block: Block) -> DataLoader[Key, Any]:
        """Return the loader of the list of rows of each key."""
        return self._loader((block.name, "many"), lambda: BatchReader(self._session, block, rows_of(block, is_staff=self._is_staff)), fetch_many)

    def page(self, block: Block, window: Window, filters: Filters) -> DataLoader[Key, Any]:
        """Return the loader of the page of rows that each key has inside a window."""

        def reader() -> BatchReader:
            return BatchReader(self._session, block, page_of(block, window, is_staff=self._is_staff, filters=_names(filters)), filters, window)

        return self._loader((block.name, window, filters), reader, fetch_pages)

    def count(self, block: Block, filters: Filters) -> DataLoader[Key, Any]:
        """Return the loader of the number of rows of each key."""

        def reader() -> BatchReader:
            return BatchReader(self._session, block, count_of(block, is_staff=self._is_staff, filters=_names(filters)), filters)

        return self._loader((block.name, "count", filters), reader, fetch_counts)

    def _loader(self, identity: Hashable, reader: Callable[[], BatchReader], fetch: Fetch) -> DataLoader[Key, Any]:
        if identity not in self._known:
            self._known[identity] = Shared(fetch, reader())
        return self._known[identity]


def _names(filters: Filters) -> frozenset[str]:
    return frozenset(name for name, _ in filters)
