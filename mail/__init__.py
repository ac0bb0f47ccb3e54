"""Letters to customers: their texts (`letters`), and the two ways to send them (`smtp`, `folder`)."""
