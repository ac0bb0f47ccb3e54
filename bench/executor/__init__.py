"""The executor beside plain Strawberry in one process."""
