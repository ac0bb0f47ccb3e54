"""Outgoing webhooks as messages: what is sent, how it is signed, where it may go, and the HTTP client that sends it (Standard Webhooks 1.0.0)."""
