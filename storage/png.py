"""The structure of PNG (https://www.w3.org/TR/png-3/): the header's table, each chunk's checksum, and that there is data for the pixels.

No pixel is decoded. The data is decompressed and discarded where all of it is within a budget; of larger pictures only the first bytes of the data are checked.
"""

import struct
import zlib

from billing.files.attachments import MAX_PICTURE_PARTS, MAX_UNPACKED_BYTES, check_pixels
from billing.refusals import ErrorCode, Refused
from storage.walk import ByteReader, ReadBytes, StreamBytes

SIGNATURE = b"\x89PNG\r\n\x1a\n"
HEADER = b"\x00\x00\x00\x0dIHDR"
# Bits per sample by colour type (table 8), and samples per pixel.
DEPTHS = {0: (1, 2, 4, 8, 16), 2: (8, 16), 3: (1, 2, 4, 8), 4: (8, 16), 6: (8, 16)}
SAMPLES = {0: 1, 2: 3, 3: 1, 4: 2, 6: 4}
# The seven passes of an interlaced picture: first column, first row, and the steps between (table 13).
ADAM7 = ((0, 0, 8, 8), (4, 0, 8, 8), (0, 4, 4, 8), (2, 0, 4, 4), (0, 2, 2, 4), (1, 0, 2, 2), (0, 1, 1, 2))
WHOLE = ((0, 0, 1, 1),)
# How much data may follow the last row: readers stop there, and some encoders write a little more.
SPARE_BYTES = 1024**2
STEP_BYTES = 256 * 1024


def byte_reader() -> ByteReader:
    """Read all chunks. Raises Refused."""
    if (yield ReadBytes(len(SIGNATURE))) != SIGNATURE:
        raise Refused(ErrorCode.UNSUPPORTED_FILE, "The file is not a PNG.")
    header = yield ReadBytes(len(HEADER) + 13)
    pixels = Pixels(_unpacked_size(header))
    if (yield ReadBytes(4)) != zlib.crc32(header[4:]).to_bytes(4):
        raise broken("the check sum of its header is wrong")
    kind = b""
    for _ in range(MAX_PICTURE_PARTS - 1):
        length, kind = struct.unpack(">I4s", (yield ReadBytes(8)))
        if length >= 2**31 or not kind.isalpha() or kind == b"IHDR":
            raise broken("it has bytes that are not a chunk")
        chunk = Chunk(kind, pixels)
        yield StreamBytes(length, chunk.feed)
        if (yield ReadBytes(4)) != chunk.sum.to_bytes(4):
            raise broken(f"the check sum of a chunk {kind.decode()} is wrong")
        if kind == b"IEND":
            pixels.finish()
            return
    raise Refused(ErrorCode.TOO_COMPLEX, f"The PNG has more than {MAX_PICTURE_PARTS} chunks. Save it again, or export it as JPEG.")


class Chunk:
    """The checksum of a chunk. Data of pixels is passed on to `pixels`."""

    def __init__(self, kind: bytes, pixels: "Pixels") -> None:
        self.sum = zlib.crc32(kind)
        self._pixels = pixels if kind == b"IDAT" else None

    def feed(self, piece: bytes) -> None:
        self.sum = zlib.crc32(piece, self.sum)
        if self._pixels:
            self._pixels.feed(piece)


class Pixels:
    """The compressed data of `size` bytes of pixels. It is decompressed as it is received if that is within the budget."""

    def __init__(self, size: int) -> None:
        self._size = size
        self._unpacked = 0
        self._begin = b""
        self._packed = zlib.decompressobj() if size + SPARE_BYTES <= MAX_UNPACKED_BYTES else None

    def feed(self, piece: bytes) -> None:
        self._begin = (self._begin + piece[:2])[:2]
        while piece and self._packed and not self._packed.eof:
            piece = self._unpack(piece)

    def finish(self) -> None:
        """Check the data as a whole, after its last byte. Raises Refused."""
        if len(self._begin) < 2 or self._begin[0] & 15 != 8 or int.from_bytes(self._begin) % 31:
            raise broken("it has no data of pixels")
        if self._packed and self._unpacked + len(self._packed.flush()) < self._size:
            raise broken("its data ends before its pixels do")

    def _unpack(self, piece: bytes) -> bytes:
        """Decompress one step; return the rest of the piece. Raises Refused."""
        assert self._packed
        try:
            self._unpacked += len(self._packed.decompress(piece, STEP_BYTES))
        except zlib.error:
            raise broken("the data of its pixels cannot be unpacked") from None
        if self._unpacked > self._size + SPARE_BYTES:
            raise Refused(ErrorCode.TOO_COMPLEX, "The PNG's data unpacks to more than its pixels take.")
        return self._packed.unconsumed_tail


def _unpacked_size(header: bytes) -> int:
    """Return the number of bytes of the picture's rows, each with its filter byte. Raises Refused for an impossible header."""
    if not header.startswith(HEADER):
        raise broken("its first chunk is not its header")
    width, height, depth, colour, *methods, interlace = struct.unpack(">IIBBBBB", header[len(HEADER) :])
    check_pixels(width, height)
    if max(width, height) >= 2**31 or depth not in DEPTHS.get(colour, ()) or any(methods) or interlace > 1:
        raise broken("its header is impossible")
    bits = depth * SAMPLES[colour]
    size = 0
    for column, row, right, down in ADAM7 if interlace else WHOLE:
        columns, rows = -(-(width - column) // right), -(-(height - row) // down)
        size += rows * (1 + (columns * bits + 7) // 8) if columns > 0 and rows > 0 else 0
    return size


def broken(why: str) -> Refused:
    return Refused(ErrorCode.UNSUPPORTED_FILE, f"The file begins like a PNG, but {why}.")
