"""The entry to a run by levels, which leaves to the executor what it cannot read."""

import logging
from typing import Any

from graphql import GraphQLError

from billing.refusals import RequestError
from db.outages import DatabaseUnavailable, SessionEnded
from gateway.levels.run import Calls, LevelRun, LevelSelection, NeedsFields
from resolvers.context import Context

logger = logging.getLogger("portico.http")

# Errors that the executor reports at the path of their field.
REPORTED = (NeedsFields, RequestError, GraphQLError, DatabaseUnavailable, SessionEnded)


async def read_levels(selection: LevelSelection, source: Any, context: Context, calls: Calls) -> dict[str, Any]:
    """Return some fields of an object by response key. Nothing where one of them has an error: the executor reads all of them again, one by one, and reports it."""
    try:
        return await LevelRun(context, calls).read(selection, source)
    except REPORTED:
        return {}
    except Exception:  # a bug: the executor's errors show whether it is one of the data
        logger.warning("fields could not be read by levels; the executor reads them one by one", exc_info=True)
        return {}
