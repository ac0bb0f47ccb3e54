"""JSON Web Tokens: keys, claims, issuers, and the Viewer that a token names."""
