"""The objects of Stripe as lines of the import folder and as a catalog. Pure functions of what the spool has; what has no counterpart is skipped with a reason."""
