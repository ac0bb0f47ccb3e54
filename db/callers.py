"""The caller of a transaction, and the statements that open a transaction."""

import re
from dataclasses import dataclass
from datetime import datetime
from enum import Enum, auto

from billing.states import Actor
from db.literals import encode_param, literal

# For a transaction without a unit of work.
SYSTEM = f"SET LOCAL app.actor = {literal(Actor.SYSTEM)}"
READ = "ISOLATION LEVEL REPEATABLE READ READ ONLY"
WRITE = "ISOLATION LEVEL READ COMMITTED READ WRITE"

# `SET LOCAL` of settings of the caller, one or more.
SETTING = r"SET LOCAL app\.\w+ = E'(?:[^'\\]|\\.)*'"
SETTINGS = re.compile(rf"{SETTING}(?:; {SETTING})*", re.DOTALL)


@dataclass(frozen=True, slots=True)
class Caller:
    """The caller whose rows a unit of work can read, and the time of the operation. `app` is the registered app of the token; the database checks that it is enabled.
    `acting_party` is the party that acts in the customer's name.

    `scopes` are those of a staff token, which decide what the transaction may write, and `client` is the program that sent it; neither is set for other callers.
    `request_id` is the id of the request in the log, for the events that the transaction writes.

    `is_of_token`: the customer id comes from a token, so the database has to check that the customer exists. `is_known`: it was checked recently, so reads do not check again.
    """

    customer_id: str | None
    actor: Actor
    now: datetime
    session_id: str | None = None
    is_of_token: bool = False
    is_known: bool = False
    app: str | None = None
    acting_party: str | None = None
    scopes: tuple[str, ...] = ()
    client: str = ""
    request_id: str = ""

    @property
    def key_owner(self) -> str | None:
        """Return the client that owns the idempotency keys of a staff caller; None where the customer owns them."""
        return (self.client or "staff") if self.actor is Actor.STAFF else None


@dataclass(slots=True)
class CommitCount:
    """The number of transactions that all units of work of one operation have committed so far."""

    commits: int = 0


@dataclass(frozen=True, slots=True)
class NewKey:
    """An idempotency key that a call expects to be new, and the hash of its input. It belongs to the customer, or to the client of a staff caller."""

    mutation: str
    key: str
    input_hash: str


class CustomerLock(Enum):
    """Whether a write transaction begins with the lock of its customer. PRESENT fails for an erased customer; ANY is for money that comes later."""

    NONE = auto()
    PRESENT = auto()
    ANY = auto()


def begin(caller: Caller, mode: str, *, lock: CustomerLock = CustomerLock.NONE, claims: NewKey | None = None, guard: str = "") -> str:
    """Return the statements that open a transaction, set its caller and check it, in one round trip, and then lock the customer. With `claims` they claim a new
    idempotency key, and lock a present customer. `guard` is run before the caller is checked."""
    return opening(caller, mode) + guard + permission_check(caller, mode) + (_claim(caller, claims) if claims else _lock(caller, lock, mode))


def _lock(caller: Caller, lock: CustomerLock, mode: str) -> str:
    if lock is CustomerLock.PRESENT:
        return "; SELECT lock_customer()"
    statement = f"; SELECT FROM customer WHERE id = {literal(caller.customer_id)} FOR NO KEY UPDATE" if lock is CustomerLock.ANY else ""
    return statement + _erasure_check(caller, mode)


def _claim(caller: Caller, claimed: NewKey) -> str:
    function = "begin_call" if caller.key_owner is None else "begin_client_call"
    return f"; SELECT {function}({literal(claimed.mutation)}, {literal(encode_param(claimed.key))}, {literal(claimed.input_hash)})"


def opening(caller: Caller, mode: str) -> str:
    """Return the statements that open a transaction and set its caller, who is checked elsewhere.

    SET LOCAL and not set_config(): a distributed Postgres forwards only the first.
    """
    return (
        f"BEGIN {mode}; "
        f"SET LOCAL app.customer_id = {literal(caller.customer_id or '')}; "
        f"SET LOCAL app.actor = {literal(caller.actor)}; "
        f"SET LOCAL app.now = {literal(caller.now.isoformat())}" + _acting(caller) + (_cause(caller) if mode == WRITE else "")
    )


def in_blocks(statements: str) -> str:
    """Return statements with the settings of the caller in a block. Citus forwards the text that was sent, with all of its statements, for each setting outside of a block."""
    return SETTINGS.sub(lambda settings: f"DO {literal(f'BEGIN {settings[0]}; END')}", statements)


def _cause(caller: Caller) -> str:
    """Return the settings that events name as their cause, beside the actor."""
    settings = [("client", caller.client or caller.app), ("request_id", caller.request_id)]
    return "".join(f"; SET LOCAL app.{name} = {literal(value)}" for name, value in settings if value)


def _acting(caller: Caller) -> str:
    """Return the settings of the session and of the party that acts in it, which decide whether actions of the customer alone are allowed, and of staff their scopes
    and their client."""
    settings = [("session_id", caller.session_id), ("acting_party", caller.acting_party)]
    if caller.actor is Actor.STAFF:
        # Without `app.scopes` the database takes the caller for a program of the version before (migration 0029).
        settings += [("scopes", " ".join(caller.scopes) or "-"), ("caller", caller.key_owner)]
    return "".join(f"; SET LOCAL app.{name} = {literal(value)}" for name, value in settings if value is not None)


def permission_check(caller: Caller, mode: str) -> str:
    """Return the statements that check the caller; empty if none is needed.

    A session has a customer, and the session of a partner's token has an app, so one call checks all of them.
    """
    if caller.session_id:
        return f"; SELECT assert_session({literal(caller.session_id)})"
    is_unchecked = caller.is_of_token and caller.customer_id and not (caller.is_known and mode == READ)
    client = f"; SELECT assert_client({literal(caller.app)})" if caller.app else ""
    return client + ("; SELECT assert_customer()" if is_unchecked else "")


def existence_check(caller: Caller) -> str:
    """Return the statement that checks that the customer, if there is one, has a row."""
    return "; SELECT assert_customer()" if caller.customer_id else ""


def _erasure_check(caller: Caller, mode: str) -> str:
    """Return the statement that checks that staff write for no erased customer. The lock of the customer checks the same."""
    return "; SELECT assert_not_erased()" if caller.actor is Actor.STAFF and caller.customer_id and mode == WRITE else ""
