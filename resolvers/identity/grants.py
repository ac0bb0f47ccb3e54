"""Grants: what a customer allows a partner's app to do for them, until the grant is revoked."""

from typing import Any

from auth.permissions import PARTNER_SCOPES
from billing.refusals import ErrorCode, Refused
from db.unit_of_work import Transaction
from resolvers.audit import fresh_id, note
from resolvers.context import Context
from resolvers.standing import check_signed_in, lock_signed_in


async def grant(arguments: Any, context: Context) -> Any:
    """Grant scopes to an app. A second grant to the same app replaces the first, whose tokens become invalid. Raises Refused."""
    async with context.session.write() as transaction:
        await lock_signed_in(transaction, context)
        client = await transaction.first("clients.by_id", key=arguments.client_id)
        if client is None or client.kind != "PARTNER" or client.disabled_at is not None:
            raise Refused(ErrorCode.NOT_FOUND, "There is no such app.", "clientId")
        made = await give(transaction, fresh_id("grant", context), arguments.client_id, scopes=_checked_scopes(arguments.scopes, client.scopes))
        await note(transaction, context, "grantAccess", detail=arguments.client_id)
    return made


async def revoke(arguments: Any, context: Context) -> str:
    """End a grant and return its id. Raises Refused."""
    identifier = str(arguments.grant_id)
    async with context.session.write() as transaction:
        await check_signed_in(transaction, context)
        if await transaction.first("grants.revoke", id=identifier) is None:
            raise Refused(ErrorCode.NOT_FOUND, "There is no such grant.", "grantId")
        await note(transaction, context, "revokeGrant", detail=identifier)
    return identifier


async def give(transaction: Transaction, identifier: str, client_id: str, *, scopes: list[str]) -> Any:
    """Write the grant of the transaction's customer and return it."""
    await transaction.run("grants.revoke_of_client", client_id=client_id)
    await transaction.run("grants.create", id=identifier, client_id=client_id, scopes=scopes)
    return await transaction.first("grants.current", client_id=client_id)


def _checked_scopes(wanted: list[str], allowed: list[str]) -> list[str]:
    """Return the scopes sorted. Raises Refused for a scope that the app may not have, or that no partner may have."""
    if not wanted or not set(wanted) <= set(allowed) & PARTNER_SCOPES:
        raise Refused(ErrorCode.INVALID_VALUE, f"This app may be given: {', '.join(sorted(set(allowed) & PARTNER_SCOPES))}.", "scopes")
    return sorted(set(wanted))
