"""Charges: begun, sent to the processor, settled, collected and refunded."""
