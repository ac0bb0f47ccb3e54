"""Secrets that are sent once: refresh tokens and links. Only their SHA-256 is stored."""

import hashlib
import re
import secrets

FEWEST_CHARACTERS = 8
EXAMPLE = re.compile(r"change.?(me|this)|example|placeholder|replace.?(me|this)|your.?secret|pass.?word", re.IGNORECASE)


def new_secret() -> str:
    """Return 256 random bits as text that is safe in a URL."""
    return secrets.token_urlsafe(32)


def hash_of(secret: str) -> str:
    """Return the SHA-256 in hexadecimal. There is no salt and no stretching, because 256 random bits cannot be guessed."""
    return hashlib.sha256(secret.encode()).hexdigest()


def is_guessable(secret: str) -> bool:
    """Return whether a secret was probably typed or copied from an example: a random one of 32 characters has at least 8 different characters and none of these words."""
    return len(set(secret)) < FEWEST_CHARACTERS or EXAMPLE.search(secret) is not None
