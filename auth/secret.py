"""Secrets that are shown once: refresh tokens and links. Only their SHA-256 is kept."""

import hashlib
import re
import secrets

FEWEST_CHARACTERS = 8
EXAMPLE = re.compile(r"change.?(me|this)|example|placeholder|replace.?(me|this)|your.?secret|pass.?word", re.IGNORECASE)


def new_secret() -> str:
    """256 random bits, fit for a URL."""
    return secrets.token_urlsafe(32)


def hash_of(secret: str) -> str:
    """SHA-256 in hexadecimal. No salt and no stretching: there is nothing to guess in 256 random bits."""
    return hashlib.sha256(secret.encode()).hexdigest()


def is_guessable(secret: str) -> bool:
    """Whether somebody typed it, or took it from an example: a random one of 32 characters has more than a few different ones, and none of these words."""
    return len(set(secret)) < FEWEST_CHARACTERS or EXAMPLE.search(secret) is not None
