"""Portico's own speed as data grows."""
