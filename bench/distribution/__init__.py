"""Pages and writes on one node of Postgres, and on a cluster of Citus."""
