"""Charges: reserved, sent to the processor, settled, collected and refunded."""
