"""What the pool and the unit of work know of a distributed database: how to recognise it, and the forms of statements that it runs."""
