"""Rows of the demo data, and the tables they go into."""
