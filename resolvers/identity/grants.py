"""What a customer lets a partner's app do for them, and how that ends."""

from typing import Any

from auth.permissions import PARTNER_SCOPES
from billing.refusals import ErrorCode, Refused
from db.unit_of_work import Transaction
from resolvers.audit import fresh_id, note
from resolvers.context import Context
from resolvers.standing import check_signed_in


async def grant(given: Any, context: Context) -> Any:
    """A second grant to the same app takes the place of the first, whose tokens end."""
    async with context.session.write() as transaction:
        await check_signed_in(transaction, context)
        client = await transaction.first("clients.by_id", key=given.client_id)
        if client is None or client.kind != "PARTNER" or client.disabled_at is not None:
            raise Refused(ErrorCode.NOT_FOUND, "There is no such app.", "clientId")
        made = await give(transaction, fresh_id("grant", context), given.client_id, scopes=_checked_scopes(given.scopes, client.scopes))
        await note(transaction, context, "grantAccess", detail=given.client_id)
    return made


async def revoke(given: Any, context: Context) -> bool:
    async with context.session.write() as transaction:
        await check_signed_in(transaction, context)
        if await transaction.first("grants.revoke", id=str(given.grant_id)) is None:
            raise Refused(ErrorCode.NOT_FOUND, "There is no such grant.", "grantId")
        await note(transaction, context, "revokeGrant", detail=str(given.grant_id))
    return True


async def give(transaction: Transaction, identifier: str, client_id: str, *, scopes: list[str]) -> Any:
    """The grant, of the customer who acts in the transaction."""
    await transaction.run("grants.revoke_of_client", client_id=client_id)
    await transaction.run("grants.create", id=identifier, client_id=client_id, scopes=scopes)
    return await transaction.first("grants.current", client_id=client_id)


def _checked_scopes(wanted: list[str], allowed: list[str]) -> list[str]:
    """Only what the app may have at all, and what a partner may do at all."""
    if not wanted or not set(wanted) <= set(allowed) & PARTNER_SCOPES:
        raise Refused(ErrorCode.INVALID_VALUE, f"This app may be given: {', '.join(sorted(set(allowed) & PARTNER_SCOPES))}.", "scopes")
    return sorted(set(wanted))
