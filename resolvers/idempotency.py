"""Idempotency keys: an operation with a key runs once, and a later call with the same key gets the stored answer of the first.

A key belongs to its caller: the customer, or the client of a staff token, whomever the call is about.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from billing.refusals import ErrorCode, Refused
from billing.rows.money.operations import KeyClaim
from db.unit_of_work import Transaction

RUNNING = "An earlier call with this key is still running."
CONFLICT = "This idempotency key was used with another input. Use a new key."


@dataclass(frozen=True, slots=True)
class MutationCall:
    """The mutation and the idempotency key that a charge belongs to. `client` owns the key of a staff caller; None where the customer owns it."""

    mutation: str
    key: str
    client: str | None = None


@dataclass(frozen=True, slots=True)
class ReplayedAnswer:
    """The stored answer of the first call with the same key."""

    value: Any


@dataclass(frozen=True, slots=True)
class MutationResult:
    """The result of a call: the ids of the rows that it changed or created, by the payload's fields. `customer_id` is None for what belongs to no customer."""

    customer_id: str | None
    payload_ids: Mapping[str, Any]
    is_replayed: bool = False
    refusal: Refused | None = None
    client_action: Any = None


def call_of(mutation: str, key: str, *, client: str | None = None) -> MutationCall:
    """Return the mutation with its key. `client` is the `key_owner` of a staff caller. Raises Refused for an invalid key."""
    if not 1 <= len(key) <= 255 or not key.isprintable():
        raise Refused(ErrorCode.INVALID_VALUE, "An idempotency key has 1 to 255 printable characters.", "idempotencyKey")
    return MutationCall(mutation, key, client)


async def claim_key(transaction: Transaction, call: MutationCall, input_hash: str) -> KeyClaim:
    """Return the claim: NEW, DONE with the stored answer, or TAKEN_OVER. Raises Refused while another call with the key runs, and for a key used with another input."""
    block = "operations.claim" if call.client is None else "operations.claim_of_client"
    claim: KeyClaim = await transaction.first(block, mutation=call.mutation, key=call.key, input_hash=input_hash)
    if claim.state == "IN_PROGRESS":
        raise Refused(ErrorCode.IN_PROGRESS, RUNNING)
    if claim.state == "CONFLICT":
        raise Refused(ErrorCode.IDEMPOTENCY_CONFLICT, CONFLICT, "idempotencyKey")
    return claim


def answered(call: MutationCall, answer: Mapping[str, Any], *, now: datetime) -> dict[str, list[dict[str, Any]]]:
    """Return the rows that store the answer, in the transaction of the effect."""
    return key_rows(call, answer=answer, finished_at=now)


def key_rows(call: MutationCall, *, is_free: bool = False, **columns: Any) -> dict[str, list[dict[str, Any]]]:
    """Return the rows that change the columns of a key, or with `is_free` delete it, so that the same call may be sent again."""
    row = {"mutation": call.mutation, "key": call.key, **columns}
    if call.client is None:
        return {"freed_key" if is_free else "idempotency_key": [row]}
    return {"freed_client_key" if is_free else "client_key": [{**row, "caller": call.client}]}


def outcome_of(customer_id: str | None, answer: Mapping[str, Any], *, is_replayed: bool = False) -> MutationResult:
    refusal = answer.get("refusal")
    # A call that made a customer is answered about it.
    return MutationResult(
        customer_id or answer.get("customer"), answer, is_replayed, Refused(ErrorCode(refusal["code"]), refusal["message"]) if refusal else None
    )
