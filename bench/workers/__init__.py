"""One server with several processes."""
