"""Reading on the workers of a distributed database: which group of shards has the rows of a customer, and the connections to it."""
