"""Reading a format piece by piece while its bytes come in chunks of any size."""

from collections.abc import Callable, Generator
from typing import TypeAlias

# A format is a generator: it yields how many bytes it wants to see next, or as a negative number how many it skips. It ends where its walk ends.
Walk: TypeAlias = Generator[int, bytes, None]


class Walker:
    """Feeds a walk. `is_done` once it has ended; bytes that come later are counted in `beyond`."""

    def __init__(self, walk: Callable[[], Walk]) -> None:
        self._walk = walk()
        self._seen = bytearray()
        self._wanted = next(self._walk)
        self.is_done = False
        self.beyond = 0

    def feed(self, chunk: bytes) -> None:
        at = 0
        while at < len(chunk) and not self.is_done:
            taken = min(abs(self._wanted) - len(self._seen) if self._wanted > 0 else -self._wanted, len(chunk) - at)
            self._take(chunk[at : at + taken] if self._wanted > 0 else b"", taken)
            at += taken
        self.beyond += len(chunk) - at

    def _take(self, piece: bytes, size: int) -> None:
        if self._wanted < 0:
            self._wanted += size
            if self._wanted == 0:
                self._go_on(b"")
            return
        self._seen += piece
        if len(self._seen) == self._wanted:
            found = bytes(self._seen)
            self._seen.clear()
            self._go_on(found)

    def _go_on(self, found: bytes) -> None:
        try:
            self._wanted = self._walk.send(found)
        except StopIteration:
            self.is_done = True
