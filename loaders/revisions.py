"""The loader of revisions: look-ups of requests that arrive at once, of any callers, are one statement."""

import asyncio
from functools import partial

from strawberry.dataloader import DataLoader

from db.outages import DatabaseUnavailable
from db.pool import Database
from db.revisions.lookup import RevisionKey, confirmed_revisions

# So many take a backend about a millisecond.
MAX_BATCH = 16

RevisionLoader = DataLoader[RevisionKey, str]


def revision_loader(database: Database, *, acquire_seconds: float) -> RevisionLoader:
    """Return a loader for all requests of a process. It remembers nothing: each key is read, and each caller checked. Raises DatabaseUnavailable, SessionEnded."""
    return DataLoader(partial(_load, database, acquire_seconds), max_batch_size=MAX_BATCH, cache=False)


async def _load(database: Database, acquire_seconds: float, keys: list[RevisionKey]) -> list[str | BaseException]:
    read = partial(confirmed_revisions, database, acquire_seconds=acquire_seconds)
    if len(keys) > 1 and not database.is_distributed:
        try:
            return list(await read(keys))
        except DatabaseUnavailable:
            raise
        except Exception:  # a caller is refused, which the others must not be
            pass
    revisions = await asyncio.gather(*(read([key]) for key in keys), return_exceptions=True)
    return [each if isinstance(each, BaseException) else each[0] for each in revisions]
