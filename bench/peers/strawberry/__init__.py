"""The Summary page from plain Strawberry."""
