"""Rules of files: limits and types."""
