"""The benchmark of conditional requests."""
