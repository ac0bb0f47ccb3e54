"""Concurrency limits, fair shares between callers, and timeouts."""
