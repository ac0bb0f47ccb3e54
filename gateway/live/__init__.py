"""Live operations: which streams there are, what wakes them, and when they end."""
