"""How much runs at a time, for whom, and how long anybody waits."""
