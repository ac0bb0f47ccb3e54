"""The facts that the rules decide on, read in three statements: the contract, its billing account, and the prices that it needs."""

from collections.abc import Awaitable, Callable, Iterable
from dataclasses import replace
from datetime import datetime
from typing import Any

from billing.lifecycle.facts import SubscriptionFacts
from billing.refusals import ErrorCode, Refused
from billing.rows.contracts import BillingAccount, Contract, CouponOffer, Offer
from db.blocks import blocks, positional
from db.records import rows_of
from db.unit_of_work import UnitOfWork
from resolvers.context import Context

# Runs a named block with values and returns its rows: `Transaction.run`, or the result of `block_reader`.
RunBlock = Callable[..., Awaitable[list[Any]]]

NOT_FOUND = "There is no such subscription."
# Characters of a coupon code as it is sent, spaces around it included; a longer text cannot be a code.
MAX_CODE = 200


def block_reader(context: Context, customer_id: str | None = None) -> RunBlock:
    """Return a `RunBlock` that reads in the operation's unit of work."""

    async def run(name: str, /, **values: Any) -> list[Any]:
        return await fetch_rows(context.session, name, **{"customer_id": customer_id or context.viewer.customer_id} | values)

    return run


async def fetch_rows(session: UnitOfWork, name: str, /, **values: Any) -> list[Any]:
    """Return the rows of a named block, read in the session's read transaction."""
    block = blocks()[name]
    return await rows_from(session, block.sql, block.returns, **values)


async def rows_from(session: UnitOfWork, sql: str, returns: str, /, **values: Any) -> list[Any]:
    """Return the rows of a statement that is made around a block, read in the session's read transaction. `returns` is the name of their row type."""
    text, names = positional(sql)
    arguments = {"now": session.caller.now} | values
    return rows_of(returns, await session.fetch(text, [arguments[parameter] for parameter in names], owner=values.get("customer_id")))


async def contract(run: RunBlock, subscription_id: str, *, is_locked: bool) -> Contract:
    """Return the contract. Raises Refused (NOT_FOUND) for another customer's subscription, like for one that does not exist."""
    contracts: list[Contract] = await run("contracts.lock" if is_locked else "contracts.by_id", key=subscription_id)
    if not contracts:
        raise Refused(ErrorCode.NOT_FOUND, NOT_FOUND, "subscriptionId")
    return contracts[0]


async def facts_of(run: RunBlock, contract: Contract, *, now: datetime, others: Iterable[str | None] = ()) -> SubscriptionFacts:
    """Read the facts about a contract. `others` are ids of further prices that the decision needs."""
    account = await account_around(run, key=contract.id)
    offers = await offers_of(run, {contract.price_id, contract.pending_price_id, *others})
    # Prices to which the merchant moves subscriptions; they move to no further price.
    if present := {offer.moves_to for offer in offers.values() if offer.moves_to} - offers.keys():
        offers |= await offers_of(run, present)
    return SubscriptionFacts(replace(contract, has_overdue=account.has_overdue), account, offers, now)


async def account_around(run: RunBlock, *, key: str | None = None, currency: str | None = None, method_id: str | None = None) -> BillingAccount:
    accounts: list[BillingAccount] = await run("accounts.around", key=key, currency=currency, method_id=method_id)
    return accounts[0]


async def offers_of(run: RunBlock, ids: Iterable[str | None]) -> dict[str, Offer]:
    return {offer.price_id: offer for offer in await run("offers.by_ids", ids=sorted(price_id for price_id in ids if price_id))}


async def coupon_of(run: RunBlock, code: str) -> CouponOffer | None:
    if len(code) > MAX_CODE:
        return None
    coupons = await run("coupons.by_code", code=code)
    return coupons[0] if coupons else None
