"""Reads from streaming replicas."""
