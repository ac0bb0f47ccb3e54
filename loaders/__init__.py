"""The batched reads of one operation. All keys that one level of a query loads at the same time become one statement."""

from asyncio import CancelledError, shield
from collections.abc import Awaitable, Callable, Hashable, Sequence
from dataclasses import fields
from functools import lru_cache
from typing import Any

from strawberry.dataloader import DataLoader

from billing.rows import row_type
from db.batches import count_of, page_of, rows_of
from db.blocks import Block
from db.pages import Window
from db.unit_of_work import UnitOfWork, UnitOfWorkClosed
from loaders.batch import BatchReader, Filters, Key, fetch_counts, fetch_many, fetch_one, fetch_pages

# Names of columns, in the order of the fields of their row type.
Columns = tuple[str, ...]
# The columns of a batch that counts.
COUNT = ("total",)
Fetch = Callable[[BatchReader, list[Key]], Awaitable[Sequence[Any]]]


class Shared(DataLoader[Key, Any]):
    """A loader whose keys several fields may await.

    When one field raises, graphql-core cancels the awaits of its siblings. Another field of the document that awaits the same row must still get it.
    """

    def __init__(self, fetch: Fetch, reader: BatchReader) -> None:
        super().__init__(self._batch)
        self.fetch, self.reader = fetch, reader
        # What `loaders/levels.py` has read, by the columns of the rows.
        self.read: dict[Columns, dict[Key, Any]] = {}

    @property
    def columns(self) -> Columns:
        """Return all columns of a row."""
        return COUNT if self.fetch is fetch_counts else columns_of(self.reader.block.returns)

    def load(self, key: Key) -> Awaitable[Any]:
        if (rows := self.read.get(self.columns)) and key in rows and not self.cache_map.get(key):
            self.prime(key, rows[key])
        return shield(super().load(key))

    def is_loading(self, key: Key) -> bool:
        """Return whether `load` has been called for a key."""
        row = self.cache_map.get(key)
        return row is not None and not row.cancelled()

    async def _batch(self, keys: list[Key]) -> Sequence[Any]:
        """Return the rows of each key.

        Raises CancelledError if the unit of work ends during the batch, or has ended before it; every field that awaits the batch is then cancelled too.
        """
        try:
            return await self.fetch(self.reader, keys)
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
        self._known: dict[Hashable, Shared] = {}

    def one(self, block: Block) -> Shared:
        """Return the loader of the row, or None, of each key."""
        return self._loader((block.name,), lambda: BatchReader(self._session, block, rows_of(block, is_staff=self._is_staff)), fetch_one)

    def many(self, block: Block) -> Shared:
        """Return the loader of the list of rows of each key."""
        return self._loader((block.name, "many"), lambda: BatchReader(self._session, block, rows_of(block, is_staff=self._is_staff)), fetch_many)

    def page(self, block: Block, window: Window, filters: Filters) -> Shared:
        """Return the loader of the page of rows that each key has inside a window."""

        def reader() -> BatchReader:
            return BatchReader(self._session, block, page_of(block, window, is_staff=self._is_staff, filters=_names(filters)), filters, window)

        return self._loader((block.name, window, filters), reader, fetch_pages)

    def count(self, block: Block, filters: Filters) -> Shared:
        """Return the loader of the number of rows of each key."""

        def reader() -> BatchReader:
            return BatchReader(self._session, block, count_of(block, is_staff=self._is_staff, filters=_names(filters)), filters)

        return self._loader((block.name, "count", filters), reader, fetch_counts)

    def _loader(self, identity: Hashable, reader: Callable[[], BatchReader], fetch: Fetch) -> Shared:
        if identity not in self._known:
            self._known[identity] = Shared(fetch, reader())
        return self._known[identity]


@lru_cache(maxsize=200)
def columns_of(name: str) -> Columns:
    """Return the columns of the row type of this name."""
    return tuple(field.name for field in fields(row_type(name)))


def _names(filters: Filters) -> frozenset[str]:
    return frozenset(name for name, _ in filters)
