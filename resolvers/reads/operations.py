"""What became of a call whose answer was lost, by its idempotency key."""

import json
from typing import Any

from resolvers.context import Context
from resolvers.reads.facts import asking


async def of_key(key: str, context: Context) -> Any:
    """The newest call with the key; None if none arrived, or if it was refused and so left nothing behind."""
    if context.viewer.customer_id is None:
        return None
    found = await asking(context)("operations.of_key", key=key)
    return found[0] if found else None


def answer_of(operation: Any) -> dict[str, Any]:
    return json.loads(operation.answer) if operation.answer else {}
