"""Whose tokens we take: for now our own, signed with one secret that demo mode keeps in the data directory."""

import os
import secrets
from pathlib import Path

from auth.tokens import Issuer
from gateway.settings import Settings, WrongSetting


def issuer_of(settings: Settings) -> Issuer:
    """Raises WrongSetting: production takes no secret that lies about in a folder."""
    if settings.token_secret is None and settings.is_production:
        raise WrongSetting("PORTICO_TOKEN_SECRET: is needed in production (32 characters or more)")
    secret = settings.token_secret or _kept_secret(settings.data_dir)
    return Issuer(settings.token_issuer, settings.token_audience, "HS256", secret)


def _kept_secret(folder: Path) -> str:
    path = folder / "token-secret"
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with open(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
            file.write(secrets.token_hex(32))
    except FileExistsError:
        pass
    except OSError as error:
        raise WrongSetting(f"PORTICO_DATA_DIR: {folder} is not writable ({error.strerror}). Choose another with --data-dir.") from None
    return path.read_text()
