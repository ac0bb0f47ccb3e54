"""The result of a call whose response was lost, by its idempotency key."""

import json
from typing import Any

from resolvers.context import Context
from resolvers.reads.facts import block_reader


async def of_key(key: str, context: Context) -> Any:
    """Return the newest call with the key; None if no call arrived, or if it was refused, because a refused call leaves no row."""
    if context.viewer.customer_id is None and not context.viewer.is_staff:
        return None
    rows = await block_reader(context)("operations.of_client_key" if context.viewer.is_staff else "operations.of_key", key=key)
    return rows[0] if rows else None


def answer_of(operation: Any) -> dict[str, Any]:
    return json.loads(operation.answer) if operation.answer else {}
