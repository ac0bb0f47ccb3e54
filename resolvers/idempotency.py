"""Idempotency keys: an operation with a key runs once, and a later call with the same key gets the stored answer of the first."""

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
    """The mutation and the idempotency key that a charge belongs to."""

    mutation: str
    key: str


@dataclass(frozen=True, slots=True)
class ReplayedAnswer:
    """The stored answer of the first call with the same key."""

    value: Any


@dataclass(frozen=True, slots=True)
class MutationResult:
    """The result of a call: the ids of the rows that it changed or created, by the payload's fields."""

    customer_id: str
    payload_ids: Mapping[str, Any]
    is_replayed: bool = False
    refusal: Refused | None = None
    client_action: Any = None


def call_of(mutation: str, key: str) -> MutationCall:
    """Return the mutation with its key. Raises Refused for an invalid key."""
    if not 1 <= len(key) <= 255 or not key.isprintable():
        raise Refused(ErrorCode.INVALID_VALUE, "An idempotency key has 1 to 255 printable characters.", "idempotencyKey")
    return MutationCall(mutation, key)


async def claim_key(transaction: Transaction, call: MutationCall, input_hash: str) -> KeyClaim:
    """Return the claim: NEW, DONE with the stored answer, or TAKEN_OVER. Raises Refused while another call with the key runs, and for a key used with another input."""
    claim: KeyClaim = await transaction.first("operations.claim", mutation=call.mutation, key=call.key, input_hash=input_hash)
    if claim.state == "IN_PROGRESS":
        raise Refused(ErrorCode.IN_PROGRESS, RUNNING)
    if claim.state == "CONFLICT":
        raise Refused(ErrorCode.IDEMPOTENCY_CONFLICT, CONFLICT, "idempotencyKey")
    return claim


def answered(call: MutationCall, answer: Mapping[str, Any], *, now: datetime) -> dict[str, list[dict[str, Any]]]:
    """Return the rows that store the answer, in the transaction of the effect."""
    return {"idempotency_key": [{"mutation": call.mutation, "key": call.key, "answer": answer, "finished_at": now}]}


def outcome_of(customer_id: str, answer: Mapping[str, Any], *, is_replayed: bool = False) -> MutationResult:
    refusal = answer.get("refusal")
    return MutationResult(customer_id, answer, is_replayed, Refused(ErrorCode(refusal["code"]), refusal["message"]) if refusal else None)
