"""All SQL and all access to Postgres."""
