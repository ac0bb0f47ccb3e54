"""Payment processors: the port (`processor`), the built-in one (`sandbox`) and Stripe (`stripe`)."""
