"""Stored documents judged again by a schema that they were not published by, after a deploy: a few at a time, for requests run meanwhile."""

import asyncio
import logging
from collections.abc import AsyncIterator, Iterable
from dataclasses import dataclass, field
from itertools import islice

from billing.rows.partners import PersistedTextRow
from resolvers.documents.publishing import DocumentValidator, ValidationResult, validate_all

logger = logging.getLogger("portico.documents")

# Judging one takes a millisecond or a few, and then requests have the processor for longer.
AT_ONCE = 20
PAUSE_SECONDS = 0.1

Key = tuple[str, str]


@dataclass(frozen=True, slots=True)
class Revalidation:
    """`fits` is the digest of what `judge` judges by. A document, named by its client and its id, is judged once in a process, and once by a schema if it fits."""

    validate: DocumentValidator
    schema_digest: str
    _waiting: dict[Key, str] = field(default_factory=dict)
    _validated: set[Key] = field(default_factory=set)

    def wait_for(self, texts: Iterable[PersistedTextRow]) -> None:
        """What there is to judge now, in place of what there was."""
        self._waiting.clear()
        self._waiting.update(
            ((text.client_id, text.id), text.body) for text in texts if text.fits != self.schema_digest and (text.client_id, text.id) not in self._validated
        )

    async def slices(self) -> AsyncIterator[list[Key]]:
        """Those that fit. What no longer does is named in the log; callers are told when they ask for it."""
        while chosen := dict(islice(self._waiting.items(), AT_ONCE)):
            judged = await asyncio.to_thread(validate_all, list(chosen.values()), self.validate)
            self._validated.update(chosen)
            for key in chosen:
                self._waiting.pop(key, None)
            for key, found in zip(chosen, judged, strict=True):
                if found.errors:
                    _log_results(*key, found)
            if fitting := [key for key, found in zip(chosen, judged, strict=True) if not found.errors]:
                yield fitting
            await asyncio.sleep(PAUSE_SECONDS)


def _log_results(client_id: str, identifier: str, found: ValidationResult) -> None:
    about = {"client": client_id, "document": identifier, "operations": list(found.names), "problems": list(found.errors)}
    logger.warning("a stored document no longer fits the schema", extra=about)
