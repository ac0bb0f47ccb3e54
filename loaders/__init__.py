"""The batched reads of one operation. Whatever a level of a query asks for at once becomes one statement."""

from asyncio import shield
from collections.abc import Awaitable, Callable, Hashable, Sequence
from typing import Any

from strawberry.dataloader import DataLoader

from db.batches import count_of, page_of, rows_of
from db.blocks import Block
from db.pages import Window
from db.session import Session
from loaders.batch import Filters, Key, Reader, fetch_counts, fetch_many, fetch_one, fetch_pages


class Shared(DataLoader[Key, Any]):
    """A loader whose keys are waited for by several fields.

    When one field is refused, graphql-core cancels what its siblings wait for; somebody elsewhere in the document who waits for the same row must still get it.
    """

    def load(self, key: Key) -> Awaitable[Any]:
        return shield(super().load(key))


class Loaders:
    """Every loader of the product. A loader belongs to a block and the arguments that a field gave it, and lives as long as the operation."""

    def __init__(self, session: Session) -> None:
        self._session = session
        self._is_staff = session.caller.customer_id is None
        self._known: dict[Hashable, DataLoader[Key, Any]] = {}

    def one(self, block: Block) -> DataLoader[Key, Any]:
        """Keys to a row or None."""
        return self._loader((block.name,), lambda: Reader(self._session, block, rows_of(block, is_staff=self._is_staff)), fetch_one)

    def many(self, block: Block) -> DataLoader[Key, Any]:
        """Keys to the list of rows that belong to each."""
        return self._loader((block.name, "many"), lambda: Reader(self._session, block, rows_of(block, is_staff=self._is_staff)), fetch_many)

    def page(self, block: Block, window: Window, filters: Filters) -> DataLoader[Key, Any]:
        """Keys to the page of rows that each has inside a window."""

        def reader() -> Reader:
            return Reader(self._session, block, page_of(block, window, is_staff=self._is_staff, filters=_names(filters)), filters, window)

        return self._loader((block.name, window, filters), reader, fetch_pages)

    def count(self, block: Block, filters: Filters) -> DataLoader[Key, Any]:
        """Keys to the number of rows that each has."""

        def reader() -> Reader:
            return Reader(self._session, block, count_of(block, is_staff=self._is_staff, filters=_names(filters)), filters)

        return self._loader((block.name, "count", filters), reader, fetch_counts)

    def _loader(self, identity: Hashable, reader: Callable[[], Reader], fetch: Callable[[Reader, list[Key]], Awaitable[Sequence[Any]]]) -> DataLoader[Key, Any]:
        if identity not in self._known:
            made = reader()
            self._known[identity] = Shared(lambda keys: fetch(made, keys))
        return self._known[identity]


def _names(filters: Filters) -> frozenset[str]:
    return frozenset(name for name, _ in filters)
