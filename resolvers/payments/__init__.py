"""Paying, payment methods, and events of processors."""
