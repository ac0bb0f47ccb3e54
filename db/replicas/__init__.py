"""Streaming replicas: which of them has what a caller has seen, and which of them can be used."""
