"""Validation of stored documents by a schema other than the one they were published with, after a deploy: a few at a time, because requests run meanwhile."""

import asyncio
import logging
from collections.abc import AsyncIterator, Callable, Iterable
from dataclasses import dataclass, field
from itertools import islice

from billing.rows.partners import PersistedTextRow
from resolvers.documents.publishing import DocumentValidator, ValidationResult, validate_all

logger = logging.getLogger("portico.documents")

# Validating one document takes one to a few milliseconds. Between batches, requests have the processor.
BATCH_SIZE = 20
PAUSE_SECONDS = 0.1

Key = tuple[str, str]


@dataclass(frozen=True, slots=True)
class Revalidation:
    """`schema_digest` returns the digest of the schema and limits of `validate`. A document (client and id) is validated once per process, and once per schema if it is valid."""

    validate: DocumentValidator
    schema_digest: Callable[[], str]
    _pending: dict[Key, str] = field(default_factory=dict)
    _validated: set[Key] = field(default_factory=set)

    def schedule(self, texts: Iterable[PersistedTextRow]) -> None:
        """Replace the documents to validate by those of `texts` that were not validated by this schema."""
        schema_digest = self.schema_digest()
        self._pending.clear()
        self._pending.update(
            ((text.client_id, text.id), text.body) for text in texts if text.fits != schema_digest and (text.client_id, text.id) not in self._validated
        )

    async def valid_batches(self) -> AsyncIterator[list[Key]]:
        """Validate in batches and yield the keys of valid documents. Invalid ones are logged; requests for them get the errors."""
        while batch := dict(islice(self._pending.items(), BATCH_SIZE)):
            results = await asyncio.to_thread(validate_all, list(batch.values()), self.validate)
            self._validated.update(batch)
            for key in batch:
                self._pending.pop(key, None)
            for key, result in zip(batch, results, strict=True):
                if result.errors:
                    _log_result(*key, result)
            if valid := [key for key, result in zip(batch, results, strict=True) if not result.errors]:
                yield valid
            await asyncio.sleep(PAUSE_SECONDS)


def _log_result(client_id: str, identifier: str, result: ValidationResult) -> None:
    fields = {"client": client_id, "document": identifier, "operations": list(result.names), "problems": list(result.errors)}
    logger.warning("a stored document no longer fits the schema", extra=fields)
