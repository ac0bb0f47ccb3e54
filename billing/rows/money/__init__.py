"""Rows about invoices, payments and related records."""
