"""The same Summary page from other servers, each set up for production as its documentation recommends. See bench/README.md."""
