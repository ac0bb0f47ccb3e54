"""Small pieces of bytes collected into batches that are worth a hand-over to a thread, mostly without copying them into one."""

from collections.abc import AsyncIterator

# The size of a batch: a thread works on it while the next batch is received.
BATCH_BYTES = 1024 * 1024
# With more pieces than this they are so small that one copy is cheaper than handling each.
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
