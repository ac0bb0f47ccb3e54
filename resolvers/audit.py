"""The audit trail: one row per mutation and per security-relevant event, in the transaction of its effect."""

import secrets
from datetime import datetime

from billing.ids import type_id
from db.unit_of_work import Transaction
from resolvers.context import Context


async def note(transaction: Transaction, context: Context, event: str, *, customer_id: str | None = None, outcome: str = "OK", detail: str = "") -> None:
    """Append an event about `customer_id`, by default the customer of the transaction.

    `detail` must not contain a secret, an address or an amount: audit events are never deleted.
    """
    owner = customer_id or transaction.caller.customer_id
    await transaction.run("audit.append", id=fresh_id("aud", context), **acting(context), customer_id=owner, event=event, outcome=outcome, detail=detail)


def acting(context: Context) -> dict[str, str | None]:
    """Return who acts, by which app and in which request, as columns of an event. Without a token there is no subject and no issuer.

    For a session that began with a portal link the database adds the creator of the link.
    """
    viewer = context.viewer
    is_ours = viewer.issuer is None
    return {
        "actor": viewer.kind,
        "actor_subject": viewer.subject or None,
        "actor_issuer": (viewer.issuer or context.issuer) if viewer.subject else None,
        "acting_subject": None if is_ours else viewer.acting_party,
        "acting_issuer": viewer.issuer if viewer.acting_party is not None else None,
        "acting_client": viewer.acting_party if is_ours else None,
        "client": viewer.client,
        "request_id": context.origin.request_id,
    }


async def note_refusal(context: Context, event: str, outcome: str) -> None:
    """Record a refusal in a transaction of its own, because a refused mutation has no effect to commit."""
    async with context.session.write() as transaction:
        await note(transaction, context, event, outcome=outcome)


def fresh_id(prefix: str, context: Context) -> str:
    return id_at(prefix, context.now)


def id_at(prefix: str, now: datetime) -> str:
    return type_id(prefix, int(now.timestamp() * 1000), entropy=secrets.randbits(74))
