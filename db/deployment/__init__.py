"""Migration of a database: its roles, and the revisions that this program knows."""
