"""Many documents at once, on every processor. For commands: a server has others to answer meanwhile."""

from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from functools import cache, partial

from graphql import GraphQLSchema

import schema
from gateway.documents.document_cache import judge
from gateway.documents.limits import Limits
from resolvers.documents.publishing import Judged

# A process takes longer to start than this many documents to judge.
FEW = 1000


def judge_many(texts: Sequence[str], limits: Limits) -> list[Judged]:
    """By the schema of this program, in the order of the texts."""
    if len(texts) <= FEW:
        return [_judged(limits, text) for text in texts]
    with ProcessPoolExecutor() as pool:
        return list(pool.map(partial(_judged, limits), texts, chunksize=FEW // 10))


def _judged(limits: Limits, text: str) -> Judged:
    return judge(_schema(), limits, text)


@cache
def _schema() -> GraphQLSchema:
    """Once in each process."""
    return schema.build()
