"""`imports`: the ledger of imports, as staff see it."""

from dataclasses import dataclass
from typing import Any

from resolvers.context import Context
from resolvers.reads.facts import fetch_rows


@dataclass(frozen=True, slots=True)
class ImportLedger:
    """The ledger of one source, or of all."""

    source: str | None


async def counts(source: str | None, context: Context) -> list[Any]:
    """Return how many lines came to what."""
    return await fetch_rows(context.session, "imports.counts", source=source)


async def skipped(source: str | None, reason: str | None, context: Context) -> list[Any]:
    """Return the lines that were skipped, at most 100."""
    return await fetch_rows(context.session, "imports.skipped", source=source, reason=reason)
