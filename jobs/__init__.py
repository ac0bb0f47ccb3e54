"""What happens later: sweeps."""
