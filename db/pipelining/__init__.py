"""Statements that are sent in one packet with the statement after them."""
