"""Reading of a file format step by step, from chunks of any size."""

import re
from collections.abc import Callable, Generator
from dataclasses import dataclass
from typing import TypeAlias

# Bytes without a meaning behind the end of a format, which tools add to fill up blocks or to end lines.
PADDING = b"\0\t\n\x0b\x0c\r "
# How many bytes behind the end of a format are stored for inspection.
TRAILER = 64


@dataclass(frozen=True, slots=True)
class ReadBytes:
    """Resume the reader with the next `size` bytes, which are held in memory."""

    size: int


@dataclass(frozen=True, slots=True)
class StreamBytes:
    """Pass the next `size` bytes to `sink` as they are received; the reader resumes without them."""

    size: int
    sink: Callable[[bytes], None]


@dataclass(frozen=True, slots=True)
class Seek:
    """Skip to the first match of a pattern of exactly two bytes, the first of which is `\\xff`. The reader resumes with the match."""

    pattern: re.Pattern[bytes]


Step: TypeAlias = ReadBytes | StreamBytes | Seek
# A reader of a format is a generator of steps. It returns at the end of the format.
ByteReader: TypeAlias = Generator[Step, bytes, None]


def ignore(_: bytes) -> None:
    """Discard bytes: the sink of content that is not inspected."""


class ByteReaderDriver:
    """Feeds a reader. `is_done` once it has returned; `trailer` then holds the first bytes behind the format's end, without padding before them."""

    def __init__(self, walk: Callable[[], ByteReader]) -> None:
        self._walk = walk()
        self._held = b""
        self._passed = 0
        self._step = next(self._walk)
        self.is_done = False
        self.trailer = b""

    def feed(self, chunk: bytes) -> None:
        data = self._held + chunk if self._held else chunk
        at = 0
        while not self.is_done and (end := self._advance(data, at)) is not None:
            at = end
        if self.is_done:
            self._held = b""
            self._trail(data[at:] if at else data)

    def _advance(self, data: bytes, at: int) -> int | None:
        """Return where the next step begins; None if this one needs more bytes. The bytes that it needs again are stored."""
        if isinstance(self._step, ReadBytes):
            return self._taken(data, at, self._step)
        if isinstance(self._step, StreamBytes):
            return self._passing(data, at, self._step)
        match = self._step.pattern.search(data, at)
        if match is None:
            self._held = data[-1:] if len(data) > at and data.endswith(b"\xff") else b""
            return None
        self._go_on(match[0])
        return match.end()

    def _taken(self, data: bytes, at: int, step: ReadBytes) -> int | None:
        end = at + step.size
        if end > len(data):
            self._held = data[at:]
            return None
        self._go_on(data[at:end])
        return end

    def _passing(self, data: bytes, at: int, step: StreamBytes) -> int | None:
        end = min(at + step.size - self._passed, len(data))
        if end > at:
            step.sink(data[at:end])
        self._passed += end - at
        if self._passed < step.size:
            self._held = b""
            return None
        self._passed = 0
        self._go_on(b"")
        return end

    def _go_on(self, result: bytes) -> None:
        try:
            self._step = self._walk.send(result)
        except StopIteration:
            self.is_done = True

    def _trail(self, data: bytes) -> None:
        if len(self.trailer) < TRAILER:
            self.trailer += data[: TRAILER - len(self.trailer)] if self.trailer else data.lstrip(PADDING)[:TRAILER]
