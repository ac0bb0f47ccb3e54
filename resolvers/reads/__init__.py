"""Reads: root look-ups, relations, pages, and the rows of PDF documents."""
