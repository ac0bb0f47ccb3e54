"""The benchmark: how fast Portico is, and how fast others answer the same page from the same database. Not part of the program, imported by nothing."""
