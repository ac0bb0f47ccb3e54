"""Outgoing webhooks: endpoints and deliveries, the inputs of their mutations, and the payloads."""
