"""What may be attached to an invoice or a payment schedule. The figures are the product's; the API publishes them as `limits`."""

CONTENT_TYPES = ("application/pdf", "image/png", "image/jpeg")
MAX_FILE_BYTES = 10 * 1024**2
MAX_GROUP_BYTES = 30 * 1024**2
