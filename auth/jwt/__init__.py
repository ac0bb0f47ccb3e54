"""JSON Web Tokens: keys, claims, issuers, and the Viewer they name."""
