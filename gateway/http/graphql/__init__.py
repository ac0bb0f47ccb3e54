"""The GraphQL endpoint: from a request to its response."""
