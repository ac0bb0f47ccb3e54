"""What happens where a declaration is not enough. Speaks rows; knows no GraphQL type."""
