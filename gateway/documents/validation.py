"""Validation of many documents in parallel, on every processor. For commands only, because it would slow down the requests of a server."""

from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from functools import cache, partial

from graphql import GraphQLSchema

import schema
from gateway.documents.document_cache import validate_document
from gateway.documents.limits import DocumentLimits
from resolvers.documents.publishing import ValidationResult

# Up to this many documents are validated in less time than a process takes to start.
FEW = 1000


def validate_many(texts: Sequence[str], limits: DocumentLimits) -> list[ValidationResult]:
    """Validate texts by the schema of this program. Results are in the order of the texts."""
    if len(texts) <= FEW:
        return [_validated(limits, text) for text in texts]
    with ProcessPoolExecutor() as pool:
        return list(pool.map(partial(_validated, limits), texts, chunksize=FEW // 10))


def _validated(limits: DocumentLimits, text: str) -> ValidationResult:
    return validate_document(_schema(), limits, text)


@cache
def _schema() -> GraphQLSchema:
    """Return the schema, built once per process."""
    return schema.build()
