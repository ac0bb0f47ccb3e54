"""The audit trail: one row per mutation and per security-relevant event, in the transaction of its effect."""

import secrets

from billing.ids import type_id
from db.session import Transaction
from resolvers.context import Context


async def note(transaction: Transaction, context: Context, event: str, *, outcome: str = "OK", detail: str = "") -> None:
    """Never a secret, an address or an amount in `detail`: it is kept for ever."""
    await transaction.run(
        "audit.append",
        id=fresh_id("aud", context),
        customer_id=transaction.caller.customer_id,
        actor=context.viewer.kind,
        client=context.viewer.client,
        request_id=context.origin.request_id,
        event=event,
        outcome=outcome,
        detail=detail,
    )


async def note_refusal(context: Context, event: str, outcome: str) -> None:
    """A refusal has no effect and so no transaction of its own."""
    async with context.session.write() as transaction:
        await note(transaction, context, event, outcome=outcome)


def fresh_id(prefix: str, context: Context) -> str:
    return type_id(prefix, int(context.now.timestamp() * 1000), entropy=secrets.randbits(74))
