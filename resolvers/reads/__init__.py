"""Reads: root fields, relations, pages, facts for decisions, and the contents of PDF documents."""
