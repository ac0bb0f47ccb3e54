"""Reads of everything as it was at one moment."""
