"""Decisions as rows that are written in one transaction."""
