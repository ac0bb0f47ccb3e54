"""PDFs that do something when opened. Names are looked for in the file's text and in its compressed object streams; what is encrypted stays closed."""

import re
import zlib

from billing.refusals import ErrorCode, Refused

HEADER = re.compile(rb"%PDF-[12]\.\d")
END = b"%%EOF"

ACTIVE = (b"JavaScript", b"Launch", b"RichMedia")
# Both expressions begin with one certain byte, which makes them four times as fast as others.
NAMES = re.compile(rb"/(?:JavaScript|Launch|RichMedia|ObjStm)(?![A-Za-z0-9])")
# Any character of a name may be written as # and two hexadecimal digits; these are letters.
ESCAPE = re.compile(rb"#[4-7][0-9A-Fa-f]")
ESCAPED = re.compile(rb"/([!-~]{0,40}?#[0-9A-Fa-f]{2}[!-~]{0,40})")
OBJECT_STREAM = re.compile(rb"/ObjStm(?![A-Za-z0-9])")
STREAM = re.compile(rb"stream\r?\n")

# A name and what leads to a stream may lie across the border of two chunks.
OVERLAP = 160
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
        has_objects = _judge(border) | _judge(chunk)
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
    names = {found[0] for found in NAMES.finditer(text)}
    if names - {b"/ObjStm"} or any(_hides(text, found.start()) for found in ESCAPE.finditer(text)):
        raise Refused(ErrorCode.UNSAFE_FILE, "The PDF has scripts or starts programs. Print it into a new PDF and attach that.")
    return bool(names)


def _hides(text: bytes, at: int) -> bool:
    """Whether a name with an escape at this place is one of those."""
    return any(_plain(found) in ACTIVE for found in ESCAPED.findall(text, max(0, at - OVERLAP // 2), at + OVERLAP // 2))


def _plain(name: bytes) -> bytes:
    decoded = re.sub(rb"#([0-9A-Fa-f]{2})", lambda match: bytes([int(match[1], 16)]), name)
    return re.split(rb"[^A-Za-z0-9]", decoded, maxsplit=1)[0]
