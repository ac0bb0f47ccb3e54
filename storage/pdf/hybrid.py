"""Hybrid files (ISO 32000-2, 7.5.8.4): a cross-reference table for old readers, and a stream with the objects that only newer readers read.

Where the table marks such an object as free, qpdf leaves it out and other readers do not. Appended revisions name the streams again, so that qpdf reads all objects.
"""

import re

from pikepdf import Array, Dictionary, Name, Object, Pdf

# The key, where each letter may be written as a number.
_KEY = b"".join(b"(?:%c|#%02x)" % (letter, letter) for letter in b"XRefStm")
KEY = re.compile(b"/" + _KEY + rb"\s*([0-9]+)(?:\s+([0-9]+)\s+R)?", re.IGNORECASE)
TRAILER = b"trailer"
START = re.compile(rb"startxref\s+([0-9]+)")
END_REACH = 2048
# One for each revision of a file; Word writes one.
MAX_STREAMS = 32


def is_hybrid(content: bytes) -> bool:
    """Return whether the key follows the first trailer; readers look for it nowhere else. Most files have one trailer, at their end."""
    first, at = -1, content.rfind(TRAILER)
    while at >= 0:  # from the end, which takes a third of the time of the same search from the beginning
        first, at = at, content.rfind(TRAILER, 0, at)
    return first >= 0 and KEY.search(content, first) is not None


def with_all_objects(content: bytes, document: Pdf) -> bytes | None:
    """Return the file with appended revisions in which the objects of the streams take precedence. None where it has too many streams."""
    starts = START.findall(content, max(len(content) - END_REACH, 0))
    offsets = sorted({offset for match in KEY.finditer(content) if (offset := _offset_of(match, document)) is not None})
    if len(offsets) > MAX_STREAMS or not starts:
        return None
    header = content.find(b"%PDF-", 0, 1024)
    extended, before = bytearray(content), int(starts[-1])
    for offset in offsets:
        extended += b"\n"
        start = len(extended) - max(header, 0)
        extended += b"xref\n0 0\ntrailer\n" + _trailer(document, offset, before) + b"\nstartxref\n%d\n%%%%EOF\n" % start
        before = start
    return bytes(extended)


def _offset_of(match: re.Match[bytes], document: Pdf) -> int | None:
    if match[2] is None:
        return int(match[1])
    value: object = document.get_object(int(match[1]), int(match[2]))
    return value if isinstance(value, int) else None


def _trailer(document: Pdf, offset: int, before: int) -> bytes:
    entries = b"".join(_entry(key, document.trailer) for key in ("/Root", "/Encrypt", "/ID", "/Size"))
    return b"<< %s /XRefStm %d /Prev %d >>" % (entries, offset, before)


def _entry(key: str, trailer: Object) -> bytes:
    value = trailer.get_raw(key)
    if value is None:
        return b""
    written = value.unparse() if isinstance(value, Array | Dictionary | Name | Object) else str(value).encode()
    return b"%s %s " % (key.encode(), written)
