"""How fast a program of the merchant issues invoices."""
