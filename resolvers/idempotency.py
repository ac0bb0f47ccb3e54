"""Idempotency keys: an operation with a key runs once, and another call with the key gets the stored answer of the first."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from billing.refusals import ErrorCode, Refused
from billing.rows.money.operations import Claim
from db.unit_of_work import Transaction

RUNNING = "An earlier call with this key is still running."
CONFLICT = "This idempotency key was used with another input. Use a new key."


@dataclass(frozen=True, slots=True)
class Call:
    """The mutation and the idempotency key that a charge belongs to."""

    mutation: str
    key: str


@dataclass(frozen=True, slots=True)
class Replayed:
    """What was answered to the first call with the same key."""

    value: Any


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a call answers: ids of what it changed or made, by the payload's fields."""

    customer_id: str
    shows: Mapping[str, Any]
    is_replayed: bool = False
    refusal: Refused | None = None
    client_action: Any = None


def call_of(mutation: str, key: str) -> Call:
    """Raises Refused for a key that cannot be one."""
    if not 1 <= len(key) <= 255 or not key.isprintable():
        raise Refused(ErrorCode.INVALID_VALUE, "An idempotency key has 1 to 255 printable characters.", "idempotencyKey")
    return Call(mutation, key)


async def claimed(transaction: Transaction, call: Call, input_hash: str) -> Claim:
    """NEW, DONE with the kept answer, or TAKEN_OVER. Raises Refused while another call with the key runs, and where the key was used with another input."""
    claim: Claim = await transaction.first("operations.claim", mutation=call.mutation, key=call.key, input_hash=input_hash)
    if claim.state == "IN_PROGRESS":
        raise Refused(ErrorCode.IN_PROGRESS, RUNNING)
    if claim.state == "CONFLICT":
        raise Refused(ErrorCode.IDEMPOTENCY_CONFLICT, CONFLICT, "idempotencyKey")
    return claim


def answered(call: Call, answer: Mapping[str, Any], *, now: datetime) -> dict[str, list[dict[str, Any]]]:
    """Keeps the answer, in the transaction of the effect."""
    return {"idempotency_key": [{"mutation": call.mutation, "key": call.key, "answer": answer, "finished_at": now}]}


def outcome_of(customer_id: str, answer: Mapping[str, Any], *, is_replayed: bool = False) -> Outcome:
    refusal = answer.get("refusal")
    return Outcome(customer_id, answer, is_replayed, Refused(ErrorCode(refusal["code"]), refusal["message"]) if refusal else None)
