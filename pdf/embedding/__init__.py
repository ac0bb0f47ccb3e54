"""Changes of a finished PDF."""
