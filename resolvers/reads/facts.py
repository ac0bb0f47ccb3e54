"""The facts that the rules decide on, read in one statement: the contract, its billing account, and the prices that it needs."""

from collections.abc import Awaitable, Callable, Iterable
from dataclasses import replace
from datetime import datetime
from typing import Any

from billing.lifecycle.facts import SubscriptionFacts
from billing.refusals import ErrorCode, Refused
from billing.rows.contracts import BillingAccount, Contract, CouponOffer, Offer
from db.blocks import TOGETHER, block_named, positional, whole
from db.records import rows_of
from db.unit_of_work import UnitOfWork
from resolvers.context import Context

# Runs a named block with values and returns its rows: `Transaction.run`, or the result of `block_reader`.
RunBlock = Callable[..., Awaitable[list[Any]]]

AROUND = "contracts.by_id + accounts.around + offers.around"
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
    if session.is_distributed and TOGETHER in name:
        return [await fetch_rows(session, part, **values) for part in name.split(TOGETHER)]
    block = block_named(name)
    return await rows_from(session, whole(block), block.returns, **values)


async def rows_from(session: UnitOfWork, sql: str, returns: str, /, **values: Any) -> list[Any]:
    """Return the rows of a statement that is made around a block, read in the session's read transaction. `returns` is the name of their row type."""
    text, names = positional(sql)
    arguments = {"now": session.caller.now} | values
    return rows_of(returns, await session.fetch(text, [arguments[parameter] for parameter in names], owner=values.get("customer_id")))


async def contract(run: RunBlock, subscription_id: str) -> Contract:
    """Lock the customer and the contract, and return it. Raises Refused (NOT_FOUND) for another customer's subscription, like for one that does not exist."""
    return _first_contract(await run("contracts.lock", key=subscription_id))


def _first_contract(contracts: list[Contract]) -> Contract:
    if not contracts:
        raise Refused(ErrorCode.NOT_FOUND, NOT_FOUND, "subscriptionId")
    return contracts[0]


async def facts_of_subscription(run: RunBlock, subscription_id: str, *, now: datetime, others: Iterable[str | None] = ()) -> SubscriptionFacts:
    """Read a subscription with the facts about it, without a lock of its row: for previews, and in transactions that have locked the customer. Raises Refused as `contract`."""
    contracts, accounts, offers = await run(AROUND, key=subscription_id, others=_ids(others), currency=None, method_id=None)
    return _facts(_first_contract(contracts), accounts, offers, now)


async def facts_of_change(run: RunBlock, subscription_id: str, *, now: datetime, others: Iterable[str | None] = ()) -> SubscriptionFacts:
    """Read the same with the invoices that cover unused time."""
    contracts, accounts, offers, covers = await run(
        f"{AROUND} + covers.of_subscription", key=subscription_id, others=_ids(others), currency=None, method_id=None
    )
    return replace(_facts(_first_contract(contracts), accounts, offers, now), covers=tuple(covers))


async def facts_of(run: RunBlock, contract: Contract, *, now: datetime, others: Iterable[str | None] = ()) -> SubscriptionFacts:
    """Read the facts about a contract. `others` are ids of further prices that the decision needs."""
    ids = _ids((contract.price_id, contract.pending_price_id, *others))
    accounts, offers = await run("accounts.around + offers.around", key=contract.id, others=ids, currency=None, method_id=None)
    return _facts(contract, accounts, offers, now)


def _facts(contract: Contract, accounts: list[BillingAccount], offers: list[Offer], now: datetime) -> SubscriptionFacts:
    return SubscriptionFacts(replace(contract, has_overdue=accounts[0].has_overdue), accounts[0], {offer.price_id: offer for offer in offers}, now)


async def account_around(run: RunBlock, *, key: str | None = None, currency: str | None = None, method_id: str | None = None) -> BillingAccount:
    accounts: list[BillingAccount] = await run("accounts.around", key=key, currency=currency, method_id=method_id)
    return accounts[0]


def _ids(ids: Iterable[str | None]) -> list[str]:
    return sorted({identifier for identifier in ids if identifier})


async def coupon_of(run: RunBlock, code: str) -> CouponOffer | None:
    if len(code) > MAX_CODE:
        return None
    coupons = await run("coupons.by_code", code=code)
    return coupons[0] if coupons else None
