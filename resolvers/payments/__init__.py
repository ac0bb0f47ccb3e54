"""Payments, payment methods, and events of processors."""
