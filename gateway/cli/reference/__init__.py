"""Pages of reference that commands print from the code."""
