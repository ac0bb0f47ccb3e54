"""Classification of the errors of Postgres and asyncpg for the caller: try again shortly, try again at once, or a bug of ours.

DatabaseUnavailable     temporary: a lock held by another transaction, a restart, a full disk, a lost connection
├── Conflict            Postgres rolled this transaction back in favour of another one; the same work may be run again at once
└── ReadOnly            the database accepts no writes: a standby, or a primary that was made read-only
"""

import errno
import re
import socket
import ssl
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from typing import TypeVar

import asyncpg

from billing.refusals import ResyncRequired

T = TypeVar("T")

# The SQLSTATE that assert_session raises; a code of our own, so that it differs from that of a wrong password of the application role.
SESSION_ENDED = "PO401"
# The SQLSTATE that assert_customer raises, and assert_session for a session whose customer was deleted.
UNKNOWN_CUSTOMER = "PO402"
# The claim of an idempotency key is the first thing that staff write, and names the customer.
OWNER_OF_KEY = "client_key_owner_id_fkey"
# The SQLSTATE that assert_client raises for a token whose app is disabled.
CLIENT_DISABLED = "PO403"
# The SQLSTATE that check_erased raises.
CUSTOMER_ERASED = "PO404"

# The SQLSTATE that feed_position raises.
RESYNC_REQUIRED = "PO405"

# The SQLSTATE that begin_call raises.
KEY_IN_USE = "PO406"

# SQLSTATEs, or the first two characters of a whole class of them: https://www.postgresql.org/docs/current/errcodes-appendix.html
CONFLICTS = ("40001", "40P01")
READ_ONLY = ("25006",)
OUTAGE_ERRORS = (
    "08",  # connection exception; poolers also send it
    "25P03",  # idle in transaction for too long
    "25P04",  # transaction timeout
    "26000",  # a pooler ran the statement on a connection that has not prepared it: PORTICO_PREPARED=false
    "28",  # invalid authorization: a password that is being changed
    "3D000",  # the database does not exist: it is being restored
    "40",  # transaction rollback
    "42P05",  # a pooler ran the preparation on a connection that has this name already: PORTICO_PREPARED=false
    "53",  # insufficient resources: disk full, out of memory, too many connections
    "55P03",  # lock not available
    "57",  # operator intervention: shutdown, statement timeout, canceled, not accepting connections yet
    "58000",  # an error of the operating system
    "58030",  # an error of the disk
    "72000",  # snapshot too old
)

# The functions of Citus that report a worker which was lost at the commit, with the code of an internal error. What the coordinator wrote is rolled back; the worker may have committed.
LOST_WORKER = ("ErrorIfPostCommitFailedShardPlacements", "CheckRemoteTransactionsHealth", "MarkRemoteTransactionFailed")

# The errors of using a connection that asyncpg has released, or whose transport is closed.
CONNECTION_ERRORS = (asyncpg.InterfaceError, asyncpg.InternalClientError, AttributeError, AssertionError)
# The messages of an InterfaceError for wrong arguments; asyncpg raises the same class for a lost connection.
MISUSE = ("the server expects", "the number of query arguments")
# A wrong setting or a wrong value (ClientConfigurationError and DataError are ValueErrors), and features that this Postgres or asyncpg does not support.
WRONG = (ValueError, asyncpg.UnsupportedClientFeatureError, asyncpg.UnsupportedServerFeatureError)
# A failure of a machine or a network, a connection that ends in the middle of a message, and the errors of asyncpg's protocol that follow.
CONNECTION_LOST_ERRORS = (OSError, EOFError, TimeoutError, asyncpg.InternalClientError)

# asyncio joins the failures of several addresses in one text.
ERRNO = re.compile(r"\[Errno (-?\d+)\]")
MAX_TEXT = 200
MAX_MESSAGE = 300
MAX_LINKS = 10

# Names of the errors of resolving a host name; their numbers are negative on Linux and are not errnos.
RESOLVING = {value: name for name, value in vars(socket).items() if name.startswith("EAI_")}


class DatabaseUnavailable(Exception):
    """Postgres cannot run the statement now. The caller may try again shortly. `cause` is for the log."""

    def __init__(self, cause: str) -> None:
        super().__init__(cause)
        self.cause = cause


class Conflict(DatabaseUnavailable):
    """Postgres rolled the transaction back in favour of another one: a deadlock, a serialization failure, a plan that a migration made invalid."""


class ReadOnly(DatabaseUnavailable):
    """The database accepts no writes: a standby, or a primary that was made read-only."""


class AlreadyTaken(Exception):
    """A unique index has another row with the same value."""


class UnknownOwner(Exception):
    """The customer for whom staff act does not exist. Nothing was written."""


class CustomerErased(Exception):
    """The customer is erased, so nothing is written for them. Nothing was written."""


class KeyInUse(Exception):
    """The idempotency key is not new: an earlier call has it, or a call with it is running. Nothing was written."""


class SessionEnded(Exception):
    """The token's session was ended, although the token itself has not expired."""


class ClientDisabled(SessionEnded):
    """The token is valid, but the app that it was issued to is disabled."""


class UnknownCustomer(SessionEnded):
    """The token is valid, but the customer that it names has no row: another issuer has customers that are not in this database, or the customer was deleted."""


OWN_ERRORS: dict[str, type[Exception]] = {
    SESSION_ENDED: SessionEnded,
    UNKNOWN_CUSTOMER: UnknownCustomer,
    CLIENT_DISABLED: ClientDisabled,
    CUSTOMER_ERASED: CustomerErased,
    RESYNC_REQUIRED: ResyncRequired,
    KEY_IN_USE: KeyInUse,
}


@contextmanager
def translate_errors() -> Iterator[None]:
    """Translate exceptions of Postgres and asyncpg into DatabaseUnavailable, AlreadyTaken, UnknownOwner, and those of `OWN_ERRORS`. Exceptions that are bugs pass unchanged."""
    try:
        yield
    except asyncpg.UniqueViolationError as error:
        raise AlreadyTaken(error.constraint_name) from error
    except asyncpg.ForeignKeyViolationError as error:
        if error.constraint_name != OWNER_OF_KEY:
            raise
        raise UnknownOwner from error
    except Exception as error:  # asyncpg and the operating system raise many classes; an exception without a rule is raised again
        if isinstance(error, asyncpg.PostgresError) and (own := OWN_ERRORS.get(error.sqlstate or "")):
            raise own from error
        if kind := outage_of(error):
            raise kind(cause_of(error)) from error
        raise


def outage_of(error: BaseException) -> type[DatabaseUnavailable] | None:
    """Return the outage that an exception means; None for a bug, and for an exception that was translated already."""
    if isinstance(error, asyncpg.PostgresError):
        return _outage_of_sqlstate(error)
    if isinstance(error, asyncpg.OutdatedSchemaCacheError):
        return Conflict
    if isinstance(error, asyncpg.InterfaceError):
        return None if isinstance(error, WRONG) or str(error).startswith(MISUSE) else DatabaseUnavailable
    return DatabaseUnavailable if isinstance(error, CONNECTION_LOST_ERRORS) else None


def _outage_of_sqlstate(error: asyncpg.PostgresError) -> type[DatabaseUnavailable] | None:
    code = error.sqlstate or ""
    if code in CONFLICTS or isinstance(error, asyncpg.InvalidCachedStatementError):
        return Conflict
    if code in READ_ONLY or _is_refused_by_standby(error):
        return ReadOnly
    # After FATAL and PANIC the connection is lost, whatever the code: a Postgres that shuts down also sends XX000.
    is_over = error.severity_en in ("FATAL", "PANIC")
    has_lost_worker = code == "XX000" and error.server_source_function in LOST_WORKER
    return DatabaseUnavailable if is_over or has_lost_worker or code.startswith(OUTAGE_ERRORS) else None


def _is_refused_by_standby(error: asyncpg.PostgresError) -> bool:
    """Return whether a standby refused `BEGIN … READ WRITE`. Its code is 0A000, as for other errors, and messages are translated, so the function in Postgres decides."""
    function = error.server_source_function or ""
    return error.sqlstate == "0A000" and function.startswith("call_") and function.endswith("_check_hook")


def cause_of(error: BaseException) -> str:
    """Return the cause for the log: `55P03 lock_not_available`, `ECONNREFUSED`, `ENOSPC`, or the class of the exception. It contains no data of customers."""
    if isinstance(known := getattr(error, "cause", None), str):
        return known
    links = _links(error)
    return next((name for link in links if (name := _name(link))), type(links[-1]).__name__)


def describe(error: BaseException) -> str:
    """Return the cause for the report of a job: the class of the first exception, its SQLSTATE, and the first line of its message."""
    first = _links(error)[-1]
    sqlstate = f" {first.sqlstate}" if isinstance(first, asyncpg.PostgresError) and first.sqlstate else ""
    message = next(iter(str(first).splitlines()), "")
    return f"{type(first).__name__}{sqlstate}: {message}"[:MAX_MESSAGE] if message else f"{type(first).__name__}{sqlstate}"


def _links(error: BaseException) -> list[BaseException]:
    """Return the error, its cause, the cause of that, and so on."""
    links = [error]
    while (cause := links[-1].__cause__) and len(links) < MAX_LINKS:
        links.append(cause)
    return links


def _name(error: BaseException) -> str:
    if isinstance(error, asyncpg.PostgresError):
        return f"{error.sqlstate} {_snake(type(error).__name__.removesuffix('Error'))}"
    if isinstance(error, ssl.SSLError):
        return getattr(error, "reason", None) or type(error).__name__
    if isinstance(error, OSError):
        return _name_of_errno(error)
    return type(error).__name__ if isinstance(error, asyncpg.InterfaceError | asyncpg.InternalClientError) else ""


def _name_of_errno(error: OSError) -> str:
    numbers = [error.errno] if error.errno else [int(number) for number in ERRNO.findall(str(error))]
    names = {errno.errorcode.get(number) or RESOLVING.get(number, str(number)) for number in numbers}
    if names:
        return " ".join(sorted(names))
    return "timeout" if isinstance(error, TimeoutError) else f"{type(error).__name__}: {error}"[:MAX_TEXT]


def _snake(name: str) -> str:
    """Return a name as Postgres writes it: `lock_not_available` for `LockNotAvailable`."""
    return re.sub(r"(?<=[a-z])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])", "_", name).lower()


async def repeated(work: Callable[[], Awaitable[T]]) -> T:
    """Run `work`, which is one write transaction and nothing else; after a Conflict run it once more."""
    try:
        return await work()
    except Conflict:
        return await work()
