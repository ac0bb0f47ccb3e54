"""All figures of docs/performance.md."""
