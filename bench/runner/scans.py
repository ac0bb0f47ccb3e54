"""A PDF in the form of a scan: a page and one large picture."""

import os

from billing.files.attachments import MAX_FILE_BYTES


def scan(size_bytes: int = MAX_FILE_BYTES) -> bytes:
    """Return a PDF of at most this size, and not much less."""
    head = b"%PDF-1.7\n1 0 obj << /Type /Catalog /Pages 2 0 R >> endobj\n2 0 obj << /Type /Pages /Kids [3 0 R] /Count 1 >> endobj\n"
    page = b"3 0 obj << /Type /Page /Parent 2 0 R /MediaBox [0 0 9 9] >> endobj\n"
    size = size_bytes - 1000
    content = head + page + b"4 0 obj << /Length %d >> stream\n" % size + os.urandom(size) + b"\nendstream endobj\n"
    places = [content.index(b"%d 0 obj " % number) for number in range(1, 5)]
    rows = b"".join(b"%010d 00000 n \n" % place for place in places)
    return content + b"xref\n0 5\n0000000000 65535 f \n%strailer << /Size 5 /Root 1 0 R >>\nstartxref\n%d\n%%%%EOF\n" % (rows, len(content))
