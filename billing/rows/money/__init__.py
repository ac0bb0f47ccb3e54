"""Rows of invoices, payments and what belongs to them."""
