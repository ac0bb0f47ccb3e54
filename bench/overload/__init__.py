"""What an overloaded process does."""
