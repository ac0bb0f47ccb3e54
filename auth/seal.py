"""Encryption of texts in the database: letters, with the portal's secret; the successor of a refresh token, with that refresh token."""

import hmac
import os

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

NONCE_BYTES = 12  # RFC 5116, section 5.1


class NotSealed(ValueError):
    """A text that was sealed with another secret, for another row, or not at all."""


class Seal:
    """Authenticated encryption with AES-256-GCM (RFC 5116). `row` is the id of the row that stores the text: with another id it does not open.

    Each `purpose` has a key of its own, derived from the secret: a text that is sealed for one purpose does not open for another.
    """

    def __init__(self, secret: str, purpose: str = "letters") -> None:
        self._cipher = AESGCM(hmac.digest(secret.encode(), purpose.encode(), "sha256"))

    def close(self, text: str, row: str) -> bytes:
        nonce = os.urandom(NONCE_BYTES)
        return nonce + self._cipher.encrypt(nonce, text.encode(), row.encode())

    def open(self, sealed: bytes, row: str) -> str:
        """Return the sealed text. Raises NotSealed."""
        try:
            return self._cipher.decrypt(sealed[:NONCE_BYTES], sealed[NONCE_BYTES:], row.encode()).decode()
        except (InvalidTag, ValueError) as error:
            raise NotSealed from error
