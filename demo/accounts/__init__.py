"""What one account of the demo has: subscriptions, invoices, payments, attachments."""
