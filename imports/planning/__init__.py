"""The plan of an import: what becomes of each line of a customer, and the rows that are written for it. Pure: no database, no clock."""
