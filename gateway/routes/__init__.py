"""HTTP routes other than GraphQL."""
