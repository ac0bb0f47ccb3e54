"""What is told about changes: live operations."""
