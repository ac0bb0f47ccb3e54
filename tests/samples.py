"""Files made by hand: small ones that are what they say, of any size that is asked for, and their pieces for making some that are not."""

import random
import struct
import zlib

PDF_HEAD = b"%PDF-1.7\n%\xe2\xe3\xcf\xd3\n"
PDF_END = b"\ntrailer << /Root 1 0 R >>\nstartxref\n9\n%%EOF\n"


# Bytes of rows beyond which a PNG has hardly any data: nobody unpacks so much of it.
MOST_ROWS = 64 * 1024**2


def noise(size: int, *, seed: int = 1) -> bytes:
    return random.Random(seed).randbytes(size)


def pdf(size: int = 1000, *, inside: bytes = b"") -> bytes:
    """A PDF of exactly so many bytes, filled up with a stream of noise."""
    head = PDF_HEAD + b"1 0 obj << /Type /Catalog >> endobj\n" + inside + b"\n2 0 obj << >> stream\n"
    end = b"\nendstream endobj" + PDF_END
    return head + noise(size - len(head) - len(end)) + end


def chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def png(size: int = 0, *, width: int = 2, height: int = 2) -> bytes:
    """A PNG; with a size, of exactly so many bytes."""
    header = b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0))
    rows = height * (1 + 3 * width)
    body = chunk(b"IDAT", zlib.compress(bytes(rows if rows <= MOST_ROWS else 14))) + chunk(b"IEND", b"")
    fill = size - len(header) - len(body) - 12
    return header + (chunk(b"teXt", noise(fill)) if fill >= 0 else b"") + body


def segment(marker: int, data: bytes) -> bytes:
    return bytes([0xFF, marker]) + struct.pack(">H", len(data) + 2) + data


def jpeg(size: int = 0, *, width: int = 16, height: int = 16, before: bytes = b"") -> bytes:
    """A JPEG; with a size, of at least so many bytes. `before` are segments in front of the frame."""
    frame = segment(0xC0, struct.pack(">BHHB", 8, height, width, 1) + b"\x01\x11\x00")
    head = b"\xff\xd8" + segment(0xE0, b"JFIF\x00\x01\x01\x00\x00\x01\x00\x01\x00\x00") + before + frame + segment(0xDA, b"\x01\x01\x00\x00\x3f\x00")
    return head + noise(max(size - len(head) - 2, 20)).replace(b"\xff", b"\xfe") + b"\xff\xd9"


def object_stream(text: bytes) -> bytes:
    """A part of a PDF whose objects are packed."""
    packed = zlib.compress(text)
    return b"7 0 obj << /Type /ObjStm /N 1 /First 4 /Filter /FlateDecode /Length %d >> stream\r\n%s\nendstream endobj" % (len(packed), packed)


def zipped() -> bytes:
    """The smallest ZIP."""
    return b"PK\x05\x06" + bytes(18)
