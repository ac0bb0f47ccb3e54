"""What the commands do, imported when they are called."""
