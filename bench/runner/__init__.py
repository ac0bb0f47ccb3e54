"""Servers, databases and load for measurements."""
