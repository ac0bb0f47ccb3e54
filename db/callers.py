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
    `acting_party` is who acts in the customer's name beside the customer.

    `is_of_token`: only a token says that the customer exists, so the database has to check it. `is_known`: it was checked lately, so reads need not check again.
    """

    customer_id: str | None
    actor: Actor
    now: datetime
    session_id: str | None = None
    is_of_token: bool = False
    is_known: bool = False
    app: str | None = None
    acting_party: str | None = None


def begin(caller: Caller, mode: str) -> str:
    """One round trip that opens the snapshot and says who is asking. SET LOCAL and not set_config(): a distributed Postgres forwards only the first."""
    return (
        f"BEGIN {mode}; "
        f"SET LOCAL app.customer_id = {literal(caller.customer_id or '')}; "
        f"SET LOCAL app.actor = {literal(caller.actor)}; "
        f"SET LOCAL app.now = {literal(caller.now.isoformat())}" + _acting(caller) + permission_check(caller, mode)
    )


def _acting(caller: Caller) -> str:
    """By which session, and who may act in it beside the customer: what only the customer may do depends on both."""
    settings = (("session_id", caller.session_id), ("acting_party", caller.acting_party))
    return "".join(f"; SET LOCAL app.{name} = {literal(value)}" for name, value in settings if value is not None)


def permission_check(caller: Caller, mode: str) -> str:
    """The statements that judge the caller, as far as needed. A session has a customer, and the session of a partner's token an app, so one call judges all of them."""
    if caller.session_id:
        return f"; SELECT assert_session({literal(caller.session_id)})"
    is_asked = caller.is_of_token and caller.customer_id and not (caller.is_known and mode == READ)
    client = f"; SELECT assert_client({literal(caller.app)})" if caller.app else ""
    return client + ("; SELECT assert_customer()" if is_asked else "")
