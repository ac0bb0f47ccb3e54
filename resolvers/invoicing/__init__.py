"""What staff do with invoices and money."""
