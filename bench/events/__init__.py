"""Live operations: streams that send a customer's changes."""
