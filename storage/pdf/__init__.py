"""Judges uploaded PDFs: parsed by qpdf (`pikepdf`) in worker processes, and refused for what acts by itself."""
