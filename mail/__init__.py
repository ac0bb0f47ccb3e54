"""Letters to customers: what they say (`letters`), and the two ways to send them (`smtp`, `folder`)."""
