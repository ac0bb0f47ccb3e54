"""What metrics and traces see of the database."""
