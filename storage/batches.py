"""Bytes that come in many pieces, taken together until a hand-over to a thread is worth it, and without copying them into one."""

from collections.abc import AsyncIterator

# How much is handed over at a time: the work on a batch runs in a thread while the next one comes.
BATCH_BYTES = 1024 * 1024
# More pieces than these are so small that one copy is cheaper than handling each.
MOST_PIECES = 16


async def batches(chunks: AsyncIterator[bytes]) -> AsyncIterator[list[bytes]]:
    held: list[bytes] = []
    size = 0
    async for chunk in chunks:
        held.append(chunk)
        size += len(chunk)
        if size >= BATCH_BYTES:
            yield _few(held)
            held = []
            size = 0
    if held:
        yield _few(held)


def _few(pieces: list[bytes]) -> list[bytes]:
    return pieces if len(pieces) <= MOST_PIECES else [b"".join(pieces)]
