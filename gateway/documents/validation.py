"""Many documents at once, on every processor. For commands: a server has others to answer meanwhile."""

from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from functools import cache, partial

from graphql import GraphQLSchema

import schema
from gateway.documents.document_cache import validate_document
from gateway.documents.limits import DocumentLimits
from resolvers.documents.publishing import ValidationResult

# A process takes longer to start than this many documents to judge.
FEW = 1000


def validate_many(texts: Sequence[str], limits: DocumentLimits) -> list[ValidationResult]:
    """By the schema of this program, in the order of the texts."""
    if len(texts) <= FEW:
        return [_validated(limits, text) for text in texts]
    with ProcessPoolExecutor() as pool:
        return list(pool.map(partial(_validated, limits), texts, chunksize=FEW // 10))


def _validated(limits: DocumentLimits, text: str) -> ValidationResult:
    return validate_document(_schema(), limits, text)


@cache
def _schema() -> GraphQLSchema:
    """Once in each process."""
    return schema.build()
