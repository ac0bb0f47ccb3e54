"""GraphQL documents: parsing, validation, cost, cache, and the registry of persisted documents."""
