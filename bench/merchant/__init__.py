"""Mutations of the merchant's programs, measured beside hand-written handlers."""
