"""Save a customer: one transaction of two statements, and of more only where an address or a tax rate changes that something else depends on."""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from billing.customers.erasing import erased_already
from billing.customers.saving import BLANK, EmailNeighbour, customer_columns, duplicate_email, shares_email
from billing.customers.values import NO_ZONE
from billing.lifecycle.bills import retaxed
from billing.merchant.names import external_id_taken
from billing.merchant.upserts import SaveOutcome, changed_columns, save_outcome
from billing.refusals import ErrorCode, Refused
from db.outages import AlreadyTaken
from db.unit_of_work import Transaction
from mail.letters import Letter
from resolvers import letters
from resolvers.audit import acting, fresh_id
from resolvers.changes.previews import hash_of
from resolvers.changes.saving import as_json, save
from resolvers.changes.writing import row_of
from resolvers.context import Context
from resolvers.idempotency import MutationCall, ReplayedAnswer, answered, call_of, claim_key
from resolvers.identity.secret_links import void_links
from resolvers.mutating import present_fields
from resolvers.reads.facts import contract as contract_of
from resolvers.reads.facts import facts_of

MUTATION = "saveCustomer"
# A save that meets another one at the same external id or address looks again, and then sees the other's row.
ATTEMPTS = 3
# The unique indexes that a save can meet, and what the refusal says.
TAKEN: Mapping[str, Callable[[], Refused]] = {
    "customer_by_external_id": external_id_taken,
    "customer_of_address": duplicate_email,
    "credential_pkey": duplicate_email,
}


@dataclass(frozen=True, slots=True)
class SavedCustomer:
    customer: Any
    outcome: SaveOutcome

    @property
    def customer_id(self) -> str:
        return str(self.customer.id)


@dataclass(frozen=True, slots=True)
class _StoredState:
    """What is stored: the customer's columns, or None for a new customer, and another customer with the address of the input."""

    columns: Mapping[str, Any] | None
    neighbour: EmailNeighbour | None


async def save_customer(arguments: Any, context: Context) -> SavedCustomer | ReplayedAnswer:
    """Create or change a customer. Raises Refused."""
    key = arguments.idempotency_key
    call = call_of(MUTATION, key, client=context.session.caller.key_owner) if key is not None else None
    for attempt in range(1, ATTEMPTS + 1):
        try:
            async with context.session.write() as transaction:
                return await _saved(transaction, context, arguments, call)
        except AlreadyTaken as taken:
            if attempt == ATTEMPTS and (refusal := TAKEN.get(str(taken))):
                raise refusal() from None
            if attempt == ATTEMPTS:
                raise
    raise AssertionError("unreachable")


async def _saved(transaction: Transaction, context: Context, arguments: Any, call: MutationCall | None) -> SavedCustomer | ReplayedAnswer:
    claim = await claim_key(transaction, call, hash_of(arguments)) if call else None
    if claim and claim.answer:
        answer = json.loads(claim.answer)
        customer = await transaction.first("customers.by_id", key=answer["customer"], customer_id=answer["customer"])
        return ReplayedAnswer(SavedCustomer(customer, SaveOutcome(answer["outcome"])))
    result = await _upserted(transaction, context, present_fields(arguments))
    if call:
        await save(transaction, answered(call, {"customer": result.customer.id, "outcome": result.outcome}, now=context.now))
    return result


async def _upserted(transaction: Transaction, context: Context, sent: Mapping[str, Any]) -> SavedCustomer:
    stored = await _stored(transaction, sent)
    if stored.columns and transaction.is_distributed:  # which locks no row while it searches for it
        await transaction.run("customers.lock", customer_id=stored.columns["id"])
        stored = await _stored(transaction, sent)
    columns = customer_columns(sent, stored.columns)
    columns["shares_email"] = shares_email(sent, stored.columns, stored.neighbour)
    before = stored.columns or BLANK
    changes = changed_columns(before, columns)
    outcome = save_outcome(stored.columns, changes)
    if stored.columns is None:
        customer = await transaction.first("customers.insert", customer_id=fresh_id("cus", context), row=as_json({**before, **columns}))
    elif outcome is SaveOutcome.UNCHANGED:
        identifier = stored.columns["id"]
        return SavedCustomer(await transaction.first("customers.by_id", key=identifier, customer_id=identifier), outcome)
    else:
        customer = await _updated(transaction, context, stored.columns, changes)
    _note(transaction, context, customer.id, detail=outcome if stored.columns is None else f"{outcome} {' '.join(sorted(changes))}")
    return SavedCustomer(customer, outcome)


async def _stored(transaction: Transaction, sent: Mapping[str, Any]) -> _StoredState:
    """Read and lock the customer that the input names. Raises Refused for an id that does not exist, an erased customer, and a time zone that Postgres does not know."""
    identifier = sent.get("id")
    row = await transaction.first(
        "customers.to_save",
        key=None if identifier is None else str(identifier),
        external_id=sent.get("external_id"),
        email=(sent.get("email") or "").strip(),
        time_zone=sent.get("time_zone"),
    )
    if identifier is not None and row.stored is None:
        raise Refused(ErrorCode.NOT_FOUND, "There is no such customer.", "id")
    if not row.is_time_zone:
        raise Refused(ErrorCode.INVALID_VALUE, NO_ZONE, "timeZone")
    stored = json.loads(row.stored) if row.stored else None
    if stored and stored["erased_at"] is not None:
        raise erased_already("externalId" if identifier is None else "id")
    neighbour = EmailNeighbour(row.other_id, row.other_external_id, row.is_owner) if row.other_id else None
    return _StoredState(stored, neighbour)


async def _updated(transaction: Transaction, context: Context, stored: Mapping[str, Any], changes: Mapping[str, Any]) -> Any:
    """Write the changed columns, and what depends on them. Raises Refused."""
    identifier = stored["id"]
    after = {**stored, **changes}
    if "currency" in changes and (await transaction.first("customers.history", customer_id=identifier)).has_history:
        raise Refused(ErrorCode.CURRENCY_IN_USE, "The customer has a history of payments or subscriptions, so the currency stays.", "currency")
    customer = await transaction.first("customers.update", customer_id=identifier, row=as_json(after))
    if after["email"].lower() != stored["email"].lower() or changes.get("shares_email"):
        await transaction.act_for(identifier)
        await _move_credential(transaction, context, stored, after)
    if "tax_rate_ppm" in changes:
        await transaction.act_for(identifier)
        await _retax(transaction, context)
    return customer


async def _move_credential(transaction: Transaction, context: Context, stored: Mapping[str, Any], after: Mapping[str, Any]) -> None:
    """Let a customer sign in with the new address, and tell the former one; or no longer, where the address signs in to another customer.

    Links that were sent to the former address become void. The new address counts as unverified until a letter to it has been used.
    """
    await void_links(transaction)
    credential = await transaction.first("credentials.of_customer")
    if credential is None:
        return
    if after["shares_email"]:
        await transaction.run("credentials.delete")
        await transaction.run("sessions.end_others", keep=None, reason="PASSWORD_CHANGED")
    else:
        await transaction.run("credentials.correct_email", email=after["email"])
    await letters.write(transaction, context, Letter.EMAIL_CORRECTED, to=stored["email"])


async def _retax(transaction: Transaction, context: Context) -> None:
    """Store what the next renewal of each running subscription costs at the new rate."""
    for subscription in await transaction.run("subscriptions.unended"):
        contract = await contract_of(transaction.run, subscription.id)
        after = retaxed(await facts_of(transaction.run, contract, now=context.now))
        if after is not None:
            await save(transaction, {"subscription": [row_of(after)]})


def _note(transaction: Transaction, context: Context, customer_id: str, *, detail: str) -> None:
    """Append the event in the round trip of the commit. `detail` has the names of the changed columns, and no value."""
    columns = {"id": fresh_id("aud", context), **acting(context), "customer_id": customer_id, "event": MUTATION, "outcome": "OK", "detail": detail}
    transaction.at_commit("audit.append", **columns, now=context.now.isoformat())
