"""What is answered by HTTP beside GraphQL."""
