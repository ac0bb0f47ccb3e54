"""Examination of uploaded PDFs: qpdf (`pikepdf`) parses them in worker processes. A PDF with content that acts by itself is refused."""
