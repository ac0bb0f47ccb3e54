"""PDFs of at most 10 MiB that take a great deal of work, and how each is answered."""

import zlib

from tests.samples import PDF_HEAD, pdf_of, stream
from tests.storage.pdf.grammar import Packed, objects_of

MIB = 1024**2


def _object_streams(count: int, size: int) -> bytes:
    """Return object streams, each of which unpacks to `size` bytes and has one object."""
    inside = zlib.compress(b"0 0 null" + b" " * size)
    content = bytearray(PDF_HEAD)
    catalog = pdf_of([b"<< /Type /Catalog /Pages 2 0 R >>", b"<< /Type /Pages /Kids [3 0 R] /Count 1 >>", b"<< /Type /Page /Parent 2 0 R >>"])
    places = [0]
    for number, body in enumerate(catalog.partition(b"1 0 obj ")[2].split(b" endobj")[:3], 1):
        places.append(len(content))
        content += b"%d 0 obj %s endobj\n" % (number, body.rpartition(b" obj ")[2])
    for number in range(4, 4 + count):
        places.append(len(content))
        packed = inside.replace(b"0 0 null", b"%d 0 null" % (number + count))
        content += b"%d 0 obj %s endobj\n" % (number, stream(packed, b"/Type /ObjStm /N 1 /First 4 /Filter /FlateDecode"))
    rows = b"".join(bytes([1]) + place.to_bytes(4, "big") + b"\0\0" for place in places)
    rows += b"".join(bytes([2]) + number.to_bytes(4, "big") + b"\0\0" for number in range(4, 4 + count))
    start = len(content)
    table = stream(rows, b"/Type /XRef /Size %d /W [1 4 2] /Root 1 0 R /Index [0 %d]" % (4 + 2 * count, 4 + 2 * count))
    return bytes(content) + b"%d 0 obj %s endobj\nstartxref\n%d\n%%%%EOF\n" % (4 + 2 * count, table, start)


def _repeatedly(content: bytes, times: int) -> bytes:
    for _ in range(times):
        content = zlib.compress(content, 9)
    return content


def _form(content: bytes, filters: bytes) -> bytes:
    return pdf_of(objects_of(catalog=b"/AcroForm << /Fields [] /XFA 10 0 R >>", more=[stream(content, filters)]))


SPACES = b" " * (70 * MIB)
BOMBS = {
    "one object stream of 70 MiB": lambda: _object_streams(1, 70 * MIB),
    "160 object streams of 64 MiB": lambda: _object_streams(160, 64 * MIB - 100),
    "8 object streams of 10 MiB": lambda: _object_streams(8, 10 * MIB),
    "a form of 70 MiB": lambda: _form(zlib.compress(SPACES), b"/Filter /FlateDecode"),
    "a form packed five times": lambda: _form(_repeatedly(b" " * (100 * MIB), 4), b"/Filter [/FlateDecode /FlateDecode /FlateDecode /FlateDecode]"),
    "an object stream of many objects": lambda: Packed(zlib.compress, b"/Filter /FlateDecode")(
        [*objects_of(catalog=b"/X 10 0 R"), b"[" + b"<</A[1]>>" * 1_500_000 + b"]"]
    ),
    "arrays in arrays": lambda: pdf_of(objects_of(catalog=b"/X " + b"[" * 100_000 + b"]" * 100_000)),
    "200,000 links": lambda: pdf_of([*objects_of(page=b"/B [ %s ]" % (b"<< /A << /S /URI /URI (x) >> >> " * 200_000))]),
}
