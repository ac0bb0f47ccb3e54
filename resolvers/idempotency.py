"""One effect for one key, however often and however many at once ask for it. The key is claimed, and its answer kept, in the transaction of the effect."""

import hashlib
import json
from dataclasses import dataclass
from typing import Any

from billing.refusals import ErrorCode, Refused
from db.session import Transaction

MAX_KEY = 255


@dataclass(frozen=True, slots=True)
class Replayed:
    """What was answered to the first call with the same key."""

    value: Any


@dataclass(frozen=True, slots=True)
class Claim:
    """A mutation under a key; `input_hash` is of what it was asked to do."""

    mutation: str
    key: str
    input_hash: str


def claim_of(mutation: str, key: str, asked: Any) -> Claim:
    """`asked` is JSON. Raises Refused for a key that cannot be one."""
    if not 1 <= len(key) <= MAX_KEY or "\x00" in key:
        raise Refused(ErrorCode.INVALID_VALUE, f"An idempotency key has 1 to {MAX_KEY} characters.", "idempotencyKey")
    return Claim(mutation, key, hashlib.sha256(json.dumps(asked, sort_keys=True).encode()).hexdigest())


async def claimed(transaction: Transaction, claim: Claim) -> Replayed | None:
    """None: the effect is the caller's to do, and `finish` ends it. Else what was kept. Raises Refused (IDEMPOTENCY_CONFLICT)."""
    if await transaction.first("idempotency.claim", mutation=claim.mutation, key=claim.key, input_hash=claim.input_hash):
        return None
    kept = await transaction.first("idempotency.kept", mutation=claim.mutation, key=claim.key)
    if kept is None or kept.input_hash != claim.input_hash:
        raise Refused(ErrorCode.IDEMPOTENCY_CONFLICT, "This idempotency key was used with another input. Take a new one.", "idempotencyKey")
    return Replayed(json.loads(kept.answer))


async def finish(transaction: Transaction, claim: Claim, answer: Any) -> None:
    """Keep the answer: JSON from which the payload can be made again."""
    await transaction.run("idempotency.finish", mutation=claim.mutation, key=claim.key, answer=json.dumps(answer))
