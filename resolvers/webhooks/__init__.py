"""Outgoing webhooks: endpoints, what they are sent, and sending it again."""
