"""Resolvers for what a declaration cannot express. They take and return rows, and import no GraphQL type."""
