"""The payloads of first-party mutations."""
