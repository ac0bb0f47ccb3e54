"""The customer whom an action is about: the caller, or for staff the owner of the object, or the customer whom the input names.

Staff stay staff in the transactions: row security lets them write what the scopes of their token allow, in rows of this customer.
"""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from typing import Any

from billing.refusals import ErrorCode, Refused
from db.unit_of_work import Transaction, UnitOfWork
from resolvers.context import Context
from resolvers.reads.roots import owner_of

NO_CUSTOMER = "There is no such customer."


async def owner_named(identifier: str, field: str, context: Context, *, message: str) -> str:
    """Return the customer who owns the object, or for callers other than staff the caller's customer, whose object it may not be. Raises Refused (NOT_FOUND)."""
    owner = await owner_of(identifier, context)
    if owner is None:
        raise Refused(ErrorCode.NOT_FOUND, message, field)
    return owner


async def customer_named(arguments: Any, context: Context) -> str:
    """Return the customer for whom to act where the input names no object: staff name the customer in `customerId`, and nobody else does. Raises Refused."""
    identifier = arguments.customer_id
    if not context.viewer.is_staff:
        if identifier is not None:
            raise Refused(ErrorCode.INVALID_VALUE, "Only staff name the customer.", "customerId")
        return context.viewer.customer_id or ""
    if identifier is None:
        raise Refused(ErrorCode.INVALID_VALUE, "Name the customer for whom you act.", "customerId")
    if not identifier.startswith("cus_"):
        raise Refused(ErrorCode.NOT_FOUND, NO_CUSTOMER, "customerId")
    return await owner_named(str(identifier), "customerId", context, message=NO_CUSTOMER)


def unit_of_work_for(context: Context, customer_id: str | None) -> UnitOfWork:
    """Return the operation's unit of work, or for staff another one on the rows of the customer."""
    caller = context.session.caller
    return context.session if caller.customer_id == customer_id else context.session.for_caller(replace(caller, customer_id=customer_id))


@asynccontextmanager
async def writing_for(context: Context, customer_id: str) -> AsyncIterator[Transaction]:
    """Run one write transaction on the rows of the customer. What the operation reads before it holds no connection meanwhile, and what it reads afterwards is new."""
    await context.session.release()
    session = unit_of_work_for(context, customer_id)
    async with session.write() as transaction:
        yield transaction
    if session is not context.session:
        await context.session.release()


def read_next(transaction: Transaction, context: Context) -> None:
    """Open the read transaction of the payload in the round trip of COMMIT. Not for staff who write for a customer: their payload is read by another unit of work."""
    if transaction.caller is context.session.caller:
        transaction.then_read()
