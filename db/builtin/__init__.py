"""The built-in Postgres of demos and tests."""
