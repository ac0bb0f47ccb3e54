"""Sample files: valid PDFs, PNGs, JPEGs and ZIPs of a chosen size, and their parts for building invalid ones."""

import random
import struct
import zlib
from collections.abc import Sequence

PDF_HEAD = b"%PDF-1.7\n%\xe2\xe3\xcf\xd3\n"


# Above this number of bytes of rows a PNG contains hardly any data, because no reader unpacks that much.
MOST_ROWS = 64 * 1024**2


def noise(size: int, *, seed: int = 1) -> bytes:
    return random.Random(seed).randbytes(size)


def pdf_of(objects: Sequence[bytes], *, head: bytes = PDF_HEAD, trailer: bytes = b"") -> bytes:
    """Return a PDF with a cross-reference table. The objects are numbered from 1, and the first is the catalog."""
    content = bytearray(head)
    places = []
    for number, body in enumerate(objects, 1):
        places.append(len(content) - head.find(b"%PDF-"))
        content += b"%d 0 obj %s endobj\n" % (number, body)
    start = len(content) - head.find(b"%PDF-")
    content += b"xref\n0 %d\n0000000000 65535 f \n" % (len(places) + 1) + b"".join(b"%010d 00000 n \n" % place for place in places)
    return bytes(content) + b"trailer << /Size %d /Root 1 0 R %s >>\nstartxref\n%d\n%%%%EOF\n" % (len(places) + 1, trailer, start)


def stream(content: bytes, entries: bytes = b"") -> bytes:
    return b"<< /Length %d %s >> stream\n%s\nendstream" % (len(content), entries, content)


def pdf(size: int = 1000, *, catalog: bytes = b"", page: bytes = b"", more: Sequence[bytes] = ()) -> bytes:
    """Return a PDF of exactly `size` bytes with one page and a stream of noise. `catalog` and `page` are further entries of these objects, `more` are
    further objects from number 5 on; with them it may be larger."""
    objects = [
        b"<< /Type /Catalog /Pages 2 0 R %s >>" % catalog,
        b"<< /Type /Pages /Kids [3 0 R] /Count 1 >>",
        b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] %s >>" % page,
    ]
    empty = len(pdf_of([*objects, stream(b""), *more]))
    # What the stream's length and where the table begins are written with makes the file longer as well: the rest are spaces in the trailer.
    filled = [*objects, stream(noise(max(size - empty - 24, 0))), *more]
    return pdf_of(filled, trailer=b" " * (size - len(pdf_of(filled))))


def chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def png(size: int = 0, *, width: int = 2, height: int = 2) -> bytes:
    """Return a PNG. With a size it has exactly that many bytes."""
    header = b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0))
    rows = height * (1 + 3 * width)
    body = chunk(b"IDAT", zlib.compress(bytes(rows if rows <= MOST_ROWS else 14))) + chunk(b"IEND", b"")
    fill = size - len(header) - len(body) - 12
    return header + (chunk(b"teXt", noise(fill)) if fill >= 0 else b"") + body


def segment(marker: int, data: bytes) -> bytes:
    return bytes([0xFF, marker]) + struct.pack(">H", len(data) + 2) + data


def jpeg(size: int = 0, *, width: int = 16, height: int = 16, before: bytes = b"") -> bytes:
    """Return a JPEG. With a size it has at least that many bytes. `before` are segments in front of the frame."""
    frame = segment(0xC0, struct.pack(">BHHB", 8, height, width, 1) + b"\x01\x11\x00")
    head = b"\xff\xd8" + segment(0xE0, b"JFIF\x00\x01\x01\x00\x00\x01\x00\x01\x00\x00") + before + frame + segment(0xDA, b"\x01\x01\x00\x00\x3f\x00")
    return head + noise(max(size - len(head) - 2, 20)).replace(b"\xff", b"\xfe") + b"\xff\xd9"


def zipped() -> bytes:
    """Return the smallest ZIP."""
    return b"PK\x05\x06" + bytes(18)
