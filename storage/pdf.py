"""PDFs that do something when opened. Names are looked for in the file's text and in its compressed object streams; what is encrypted stays closed."""

import re
import zlib

from ahocorasick_rs import BytesAhoCorasick, MatchKind

from billing.refusals import ErrorCode, Refused

HEADER = re.compile(rb"%PDF-[12]\.\d")
END = b"%%EOF"

ACTIVE = (b"JavaScript", b"Launch", b"RichMedia")
OBJECTS = b"ObjStm"
NAMES = re.compile(rb"/(?:JavaScript|Launch|RichMedia|ObjStm)(?![A-Za-z0-9])")
# Any character of a name may be written as # and two hexadecimal digits. No honest program writes the letters of these names so.
HIDDEN = (*ACTIVE, OBJECTS)
ESCAPES = {written % letter for letter in set(b"".join(HIDDEN)) for written in (b"#%02X", b"#%02x")}
ESCAPED = re.compile(rb"/([A-Za-z0-9]*#[A-Za-z0-9#]*)")
# Finds every place that is worth a closer look, in one pass, while other threads run. Asked for names without their slash, and for the leftmost match,
# the library compares many bytes at once, which is four times as fast (20 GiB a second).
WORTH_A_LOOK = BytesAhoCorasick([*HIDDEN, *ESCAPES], MatchKind.LeftmostFirst)
OBJECT_STREAM = re.compile(rb"/ObjStm(?![A-Za-z0-9])")
STREAM = re.compile(rb"stream\r?\n")

# A name and what leads to a stream may lie across the border of two chunks.
OVERLAP = 160
# How much is looked at together: a file of nothing but escapes shall not become a long list of places.
WINDOW = 256 * 1024
MAX_INFLATED = 64 * 1024**2
STEP = 256 * 1024


class Scripts:
    """Fed with a PDF's bytes as they come. Raises Refused for what acts by itself."""

    def __init__(self) -> None:
        self._carry = b""
        self._inside = b""
        self._objects: Inflating | None = None
        self._awaits_stream = False

    def feed(self, chunk: bytes) -> None:
        border = self._carry + chunk[:OVERLAP]
        has_objects = _judge_near(border) | _judge(chunk)
        self._carry = (self._carry + chunk[-OVERLAP:])[-OVERLAP:]
        if has_objects or self._objects or self._awaits_stream:
            self._look_inside(chunk)
        else:
            self._inside = chunk[-len(b"/ObjStm?") :]

    def _look_inside(self, chunk: bytes) -> None:
        """Follow the object streams of a chunk: find one's name, then its beginning, then open it to its end."""
        rest = self._inside + chunk
        while rest:
            if self._objects:
                rest = self._objects.feed(rest)
                self._objects = None if self._objects.is_done else self._objects
                continue
            found = (STREAM if self._awaits_stream else OBJECT_STREAM).search(rest)
            if not found:
                break
            rest = rest[found.end() :]
            if self._awaits_stream:
                self._objects = Inflating()
            self._awaits_stream = not self._awaits_stream
        self._inside = b"" if self._objects else rest[-12:]


class Inflating:
    """One object stream while it is opened. What cannot be opened, for it is encrypted or packed otherwise, is over at once."""

    def __init__(self) -> None:
        self._stream = zlib.decompressobj()
        self._carry = b""
        self._size = 0
        self.is_done = False

    def feed(self, data: bytes) -> bytes:
        """What is left of the data behind the stream's end."""
        left = data
        while left and not self.is_done:
            try:
                opened = self._stream.decompress(left, STEP)
            except zlib.error:
                self.is_done = True
                return left
            self._judge(opened)
            self.is_done = self._stream.eof
            left = self._stream.unused_data if self.is_done else self._stream.unconsumed_tail
        return left

    def _judge(self, opened: bytes) -> None:
        self._size += len(opened)
        if self._size > MAX_INFLATED:
            raise Refused(ErrorCode.UNSAFE_FILE, "The PDF unpacks to far more than it should.")
        text = self._carry + opened
        _judge(text)
        self._carry = text[-OVERLAP:]


def _judge(text: bytes) -> bool:
    """Whether there are object streams. Raises Refused."""
    view = memoryview(text)
    looks = [_look(view[max(0, at - OVERLAP) : at + WINDOW]) for at in range(0, len(text), WINDOW)]
    return any(looks)


def _look(window: memoryview) -> bool:
    """As `_judge`. Places so near to each other that one look shows them all are looked at once."""
    has_objects = False
    seen = 0
    for _, at, _ in WORTH_A_LOOK.find_matches_as_indexes(window):
        if at >= seen:
            seen = at + OVERLAP
            has_objects |= _judge_near(bytes(window[max(0, at - OVERLAP) : seen + OVERLAP]))
    return has_objects


def _judge_near(text: bytes) -> bool:
    names = set(NAMES.findall(text))
    if names - {b"/" + OBJECTS} or any(_plain(name) in HIDDEN for name in ESCAPED.findall(text)):
        raise Refused(ErrorCode.UNSAFE_FILE, "The PDF has scripts or starts programs. Print it into a new PDF and attach that.")
    return bool(names)


def _plain(name: bytes) -> bytes:
    decoded = re.sub(rb"#([0-9A-Fa-f]{2})", lambda match: bytes([int(match[1], 16)]), name)
    return re.split(rb"[^A-Za-z0-9]", decoded, maxsplit=1)[0]
