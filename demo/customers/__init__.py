"""The customers of the demo data."""
