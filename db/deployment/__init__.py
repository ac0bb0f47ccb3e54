"""How a database is brought up to date: its roles, and the revisions that this program knows."""
