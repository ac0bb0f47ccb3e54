"""In whose name a transaction runs, and the statements that open one."""

from dataclasses import dataclass
from datetime import datetime

from billing.states import Actor
from db.literals import literal

READ = "ISOLATION LEVEL REPEATABLE READ READ ONLY"
WRITE = "ISOLATION LEVEL READ COMMITTED READ WRITE"


@dataclass(frozen=True, slots=True)
class Caller:
    """Whose rows a session sees, and when it is. `app` is the registered app of the token, which is checked to be enabled.

    `is_of_token`: only a token says that the customer exists, so the database has to check it. `is_known`: it was checked lately, so reads need not check again.
    """

    customer_id: str | None
    actor: Actor
    now: datetime
    session_id: str | None = None
    is_of_token: bool = False
    is_known: bool = False
    app: str | None = None


def begin(caller: Caller, mode: str) -> str:
    """One round trip that opens the snapshot and says who is asking. SET LOCAL and not set_config(): a distributed Postgres forwards only the first."""
    return (
        f"BEGIN {mode}; "
        f"SET LOCAL app.customer_id = {literal(caller.customer_id or '')}; "
        f"SET LOCAL app.actor = {literal(caller.actor)}; "
        f"SET LOCAL app.now = {literal(caller.now.isoformat())}" + judging(caller, mode)
    )


def judging(caller: Caller, mode: str) -> str:
    """The statements that judge the caller, as far as needed. A session has a customer, and the session of a partner's token an app, so one call judges all of them."""
    if caller.session_id:
        return f"; SELECT assert_session({literal(caller.session_id)})"
    is_asked = caller.is_of_token and caller.customer_id and not (caller.is_known and mode == READ)
    client = f"; SELECT assert_client({literal(caller.app)})" if caller.app else ""
    return client + ("; SELECT assert_customer()" if is_asked else "")
