"""Imports of existing customers: what staff see of them, and the release."""
