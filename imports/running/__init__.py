"""Running an import: the state of the database is read, each customer is planned and written in one transaction, and every line is reported."""
