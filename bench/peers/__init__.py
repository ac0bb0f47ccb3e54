"""The same Summary page from other servers, each set up as its own documentation advises for production. See bench/README.md."""
