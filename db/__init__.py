"""All SQL and everything that speaks to Postgres."""
