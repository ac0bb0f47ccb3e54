"""Payment schedules of the merchant: created, changed and canceled by staff, and invoiced."""
