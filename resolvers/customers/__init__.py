"""Customers as the merchant's staff and programs keep them: save, invite, close."""
