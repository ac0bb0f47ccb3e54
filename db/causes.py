"""Why something failed, in one line for the log of a job. `db/outages.py` has the shorter form, without the message, for the lines of operations."""

import asyncpg

MAX_LENGTH = 300


def describe(error: BaseException) -> str:
    """The class of the error, its SQLSTATE where it has one, and the first line of its message. Where an error was translated into one of ours, of the one that caused it."""
    while error.__cause__ is not None:
        error = error.__cause__
    sqlstate = f" {error.sqlstate}" if isinstance(error, asyncpg.PostgresError) and error.sqlstate else ""
    message = next(iter(str(error).splitlines()), "")
    return f"{type(error).__name__}{sqlstate}: {message}"[:MAX_LENGTH] if message else f"{type(error).__name__}{sqlstate}"
