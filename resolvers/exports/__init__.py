"""Exports of everything that is stored about a customer: requested by mutations, made by the worker."""
