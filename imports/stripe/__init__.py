"""Stripe as a source of customers: reads an account through its API and writes a folder that `import` reads."""
