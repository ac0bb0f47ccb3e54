"""Queries on replicas: each is run on one replica that has what its caller has seen, or on the primary, which also runs it again where the replica failed.

On a distributed database a customer's query is run on the worker that has the customer's group of shards, or by the coordinator, in the same way.

A mutation answers its position in the header Portico-Position, and a query that sends it back reads at that position or later.
"""

from contextlib import suppress

from graphql import ExecutionResult

from billing.refusals import RequestError
from db.outages import Conflict, DatabaseUnavailable, SessionEnded
from db.replicas.positions import NEWEST, current_position, formatted, parsed
from db.replicas.replica import Replica
from db.workers.shard_group import ShardGroup
from gateway.http.graphql.execution import Execution, run_operation
from gateway.http.graphql.state import AppState, PreparedOperation, RequestState
from gateway.http.origins import POSITION_HEADER
from resolvers.context import Context

# Causes that say nothing about the server: no connection was free in time, and a statement that took longer than it may.
SLOW = ("no connection in time", "57014")


async def executed(app: AppState, work: PreparedOperation, state: RequestState, context: Context) -> Execution:
    """Execute an operation. A query is read from a replica or a group of shards where one can be used. Raises DatabaseUnavailable, SessionEnded, and the end of the deadline."""
    if not app.replicas and not app.shard_groups:
        return await _execute(app, work, context)
    if state.log_entry.kind == "query":
        return await _query(app, work, state, context)
    execution = await _execute(app, work, context)
    if context.session.progress.commits and app.replicas:
        # Without a position the mutation has succeeded all the same.
        with suppress(DatabaseUnavailable, SessionEnded):
            state.headers[POSITION_HEADER] = await noted_position(app, state.caller, context)
    return execution


async def _execute(app: AppState, work: PreparedOperation, context: Context) -> Execution:
    execution = await run_operation(app.schema, work.document, work.operation, work.call, context, conditional=work.conditional)
    await context.session.confirm()
    return execution


async def _query(app: AppState, work: PreparedOperation, state: RequestState, context: Context) -> Execution:
    replica = _choose(app, state, context)
    if replica is None:
        return await _execute(app, work, context)
    has_attempted = context.has_attempted
    await context.session.read_from(replica.database)
    try:
        execution = await _execute(app, work, context)
        if not _has_failed(execution[1], replica):
            # A planned query that conflicted with the recovery was read on the primary already.
            if context.session.replica:
                _log(state, replica)
            return execution
    except DatabaseUnavailable as error:
        _suspect(replica, error)
    await context.session.read_from(None)
    context.forget()
    context.has_attempted = has_attempted
    return await _execute(app, work, context)


def _choose(app: AppState, state: RequestState, context: Context) -> Replica | ShardGroup | None:
    if app.replicas:
        return app.replicas.choose(state.caller, position_of(state.request.headers.get(POSITION_HEADER.lower(), "")))
    caller = context.session.caller
    # A program that is disabled is known to the coordinator first.
    return None if caller.app and not caller.session_id else app.shard_groups.choose(context.viewer.customer_id)


def _log(state: RequestState, replica: Replica | ShardGroup) -> None:
    if isinstance(replica, Replica):
        state.log_entry.replica = replica.number
    else:
        state.log_entry.shard = replica.number


def _has_failed(result: ExecutionResult | None, replica: Replica | ShardGroup) -> bool:
    """Return whether a field failed for another reason than a refusal: an outage, or what a replica that has not replayed a migration makes of a statement."""
    originals = [error.original_error for error in (result.errors if result else None) or ()]
    failures = [original for original in originals if original and not isinstance(original, RequestError | SessionEnded)]
    for failure in failures:
        _suspect(replica, failure)
    return bool(failures)


def _suspect(replica: Replica | ShardGroup, error: Exception) -> None:
    """Look at the replica again before the next query, unless it only had to cancel the statement for its recovery, or the query took or waited too long."""
    if isinstance(error, DatabaseUnavailable) and not isinstance(error, Conflict) and not error.cause.startswith(SLOW):
        replica.suspect()


def position_of(header: str) -> int:
    """Return the position that a caller has seen; of a header of another form, one that only the primary has."""
    position = parsed(header.strip()) if header else 0
    return NEWEST if position is None else position


async def noted_position(app: AppState, caller: str, context: Context) -> str:
    """Return the position of what was committed so far, after which the caller reads from now on; empty without replicas. Raises DatabaseUnavailable, SessionEnded."""
    if not app.replicas:
        return ""
    position = await current_position(context.session)
    app.replicas.note(caller, position)
    return formatted(position)
