"""Rules of outgoing webhooks: when an attempt is repeated, and what an endpoint may be sent."""
