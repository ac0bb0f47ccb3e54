"""Encryption of texts in the database: letters, with the portal's secret; the successor of a refresh token, with that refresh token."""

import hmac
import os
from collections.abc import Sequence

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

NONCE_BYTES = 12  # RFC 5116, section 5.1


class NotSealed(ValueError):
    """A text that was sealed with another secret, for another row, or not at all."""


class Seal:
    """Authenticated encryption with AES-256-GCM (RFC 5116). `row` is the id of the row that stores the text: with another id it does not open.

    Each `purpose` has a key of its own, derived from the secret: a text that is sealed for one purpose does not open for another. `others` are secrets that open too.
    """

    def __init__(self, secret: str, purpose: str = "letters", others: Sequence[str] = ()) -> None:
        self._cipher, *self._others = (AESGCM(hmac.digest(one.encode(), purpose.encode(), "sha256")) for one in (secret, *others))

    def close(self, text: str, row: str) -> bytes:
        nonce = os.urandom(NONCE_BYTES)
        return nonce + self._cipher.encrypt(nonce, text.encode(), row.encode())

    def open(self, sealed: bytes, row: str) -> str:
        """Return the sealed text. Raises NotSealed."""
        return self._text(sealed, row)

    def renewed(self, sealed: bytes, row: str) -> bytes | None:
        """Return the text sealed with the secret of this seal; None if it is already. Raises NotSealed."""
        return None if _opened(self._cipher, sealed, row) is not None else self.close(self._text(sealed, row), row)

    def _text(self, sealed: bytes, row: str) -> str:
        for cipher in (self._cipher, *self._others):
            if (text := _opened(cipher, sealed, row)) is not None:
                return text
        raise NotSealed


def _opened(cipher: AESGCM, sealed: bytes, row: str) -> str | None:
    try:
        return cipher.decrypt(sealed[:NONCE_BYTES], sealed[NONCE_BYTES:], row.encode()).decode()
    except (InvalidTag, ValueError):
        return None
