"""Decisions as rows: what is written in one transaction."""
