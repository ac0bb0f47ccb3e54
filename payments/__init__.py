"""Payment processors: what each takes and promises (`processor`), the built-in one (`sandbox`) and Stripe (`stripe`)."""
