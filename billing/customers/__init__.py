"""Customers: what a profile may hold, and what saving one changes."""
