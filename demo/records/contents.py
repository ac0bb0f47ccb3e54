"""The contents of the demo's attachments: valid files of one page or a few pixels, made from the values of their rows."""

import struct
import zlib


def content(identifier: str, file_name: str, size: int) -> bytes:
    """Return a file of `size` bytes (2,000 or more), of the type of its extension."""
    make = {"pdf": _pdf, "png": _png, "jpg": _jpeg}[file_name.rpartition(".")[2]]
    return make(identifier, size - len(make(identifier, 0)))


def _pdf(identifier: str, padding: int) -> bytes:
    """Return a PDF of one page with the attachment's id."""
    text = f"BT /F1 18 Tf 72 720 Td (Portico demo: {identifier}) Tj ET"
    parts = [
        "<< /Type /Catalog /Pages 2 0 R >>",
        "<< /Type /Pages /Kids [3 0 R] /Count 1 >>",
        "<< /Type /Page /Parent 2 0 R /MediaBox [0 0 612 792] /Contents 4 0 R /Resources << /Font << /F1 5 0 R >> >> >>",
        f"<< /Length {len(text)} >> stream\n{text}\nendstream",
        "<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica >>",
    ]
    made, places = "%PDF-1.4\n%" + " " * max(padding, 0) + "\n", []
    for number, part in enumerate(parts, 1):
        places.append(len(made))
        made += f"{number} 0 obj {part} endobj\n"
    table = "".join(f"{place:010} 00000 n \n" for place in places)
    end = f"xref\n0 6\n0000000000 65535 f \n{table}trailer << /Size 6 /Root 1 0 R >>\nstartxref\n{len(made):010}\n%%EOF\n"
    return (made + end).encode()


def _png(identifier: str, padding: int) -> bytes:
    """Return a PNG of 8 × 8 grey pixels."""
    header = _chunk(b"IHDR", struct.pack(">IIBBBBB", 8, 8, 8, 0, 0, 0, 0))
    words = _chunk(b"tEXt", b"Comment\0" + identifier.encode() + b" " * max(padding, 0))
    return b"\x89PNG\r\n\x1a\n" + header + words + _chunk(b"IDAT", zlib.compress((b"\0" + b"\x80" * 8) * 8)) + _chunk(b"IEND", b"")


def _chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def _jpeg(identifier: str, padding: int) -> bytes:
    """Return a JPEG of 8 × 8 grey pixels: one block whose coefficients are all zero."""
    words = _segment(0xFE, identifier.encode() + b" " * max(padding, 0))
    tables = _segment(0xDB, b"\0" + b"\1" * 64) + b"".join(_segment(0xC4, bytes([kind, 1]) + bytes(15) + b"\0") for kind in (0x00, 0x10))
    frame = _segment(0xC0, struct.pack(">BHHB", 8, 8, 8, 1) + b"\x01\x11\x00")
    return b"\xff\xd8" + _segment(0xE0, b"JFIF\0\1\1\0\0\1\0\1\0\0") + words + tables + frame + _segment(0xDA, b"\x01\x01\x00\x00\x3f\x00") + b"\x3f\xff\xd9"


def _segment(marker: int, data: bytes) -> bytes:
    return bytes([0xFF, marker]) + struct.pack(">H", len(data) + 2) + data
