"""Whose tokens we take: our own, and those of the issuers in the settings."""

import os
import re
import secrets
from contextlib import suppress
from datetime import datetime
from pathlib import Path
from tempfile import NamedTemporaryFile

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from auth.jwt.issuers import trusting
from auth.jwt.keys import Key, Ours, UnusableKey, new_pem, of_pem, published, shared
from auth.jwt.tokens import OwnIssuer, Tokens
from db.builtin.embedded import IS_A_FILE
from gateway.wiring.configuration.settings import Settings, WrongSetting

# Other servers know this key, none signs with it yet: the first step of a rotation on more than one server.
ANNOUNCED = ".next.pem"
NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")
ONE_SIGNS = "Make one with `./portico keys new`."
ONE_SECRET = "Make one with `./portico keys secret`."


def issuer_of(settings: Settings) -> OwnIssuer:
    """Raises WrongSetting: production takes no secret, which verifies and signs alike and may lie about in a folder."""
    return OwnIssuer(settings.token_issuer, settings.token_audience, _keys(settings))


def _keys(settings: Settings) -> tuple[Key, ...]:
    if settings.signing_keys_dir:
        return _stored_keys(settings.signing_keys_dir)
    if settings.is_production:
        raise WrongSetting(f"PORTICO_SIGNING_KEYS_DIR: is needed in production, which does not sign with a PORTICO_TOKEN_SECRET. {ONE_SIGNS}")
    try:
        return (shared(settings.token_secret or stored_secret(settings.data_dir, "token-secret")),)
    except UnusableKey as error:
        raise WrongSetting(f"PORTICO_TOKEN_SECRET: {error}") from None


def _stored_keys(folder: Path) -> tuple[Key, ...]:
    """The newest by name first; those announced last. What is wrong is told by the names of files: the folder is the setting's value."""
    try:
        files = sorted(folder.glob("*.pem"), key=lambda path: (not path.name.endswith(ANNOUNCED), path.name), reverse=True)
        keys = tuple(_stored_key(path) for path in files)
    except OSError as error:
        raise WrongSetting(f"PORTICO_SIGNING_KEYS_DIR: {_name(error)} cannot be read ({error.strerror}).") from None
    if not files or files[0].name.endswith(ANNOUNCED):
        raise WrongSetting(f"PORTICO_SIGNING_KEYS_DIR: has no key that signs (NAME.pem). {ONE_SIGNS}")
    if len({key.kid for key in keys}) < len(keys):
        raise WrongSetting(f"PORTICO_SIGNING_KEYS_DIR: has NAME.pem and NAME{ANNOUNCED} for one NAME.")
    return keys


def _stored_key(path: Path) -> Key:
    kid = path.name.removesuffix(ANNOUNCED).removesuffix(".pem")
    if not NAME.fullmatch(kid):
        raise WrongSetting(f"PORTICO_SIGNING_KEYS_DIR: {path.name} must have a name of letters, digits, dots and dashes.")
    try:
        return of_pem(kid, path.read_bytes())
    except UnusableKey as error:
        raise WrongSetting(f"PORTICO_SIGNING_KEYS_DIR: {path.name} {error}.") from None


def _name(error: OSError) -> str:
    """The file that could not be read; the folder itself has no name here."""
    name = Path(str(error.filename or "")).name
    return name if name.endswith(".pem") else "the folder"


def new_key(settings: Settings, algorithm: Ours, *, now: datetime) -> Path:
    """A key in the folder of the settings, or in one that could become it. Its name is the time. Raises WrongSetting."""
    folder = settings.signing_keys_dir or settings.data_dir / "signing-keys"
    path = folder / f"{now:%Y-%m-%d-%H%M%S}.pem"
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        with open(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
            file.write(new_pem(algorithm))
    except OSError as error:
        raise WrongSetting(f"PORTICO_SIGNING_KEYS_DIR: {path.name} cannot be written ({error.strerror}).") from None
    return path


def tokens_of(settings: Settings, ours: OwnIssuer) -> Tokens:
    """Raises WrongSetting when two issuers have one name, and in production for keys that come over an open line."""
    names = [ours.name, *(other.name for other in settings.issuers)]
    if len(set(names)) < len(names):
        raise WrongSetting("PORTICO_ISSUERS: two issuers have one name; PORTICO_TOKEN_ISSUER is ours.")
    for number, other in enumerate(settings.issuers):
        if settings.is_production and not other.jwks_url.startswith("https:"):
            raise WrongSetting(f"PORTICO_ISSUERS.{number}.jwks_url: must be https in production: who can change these keys in transit signs in as anybody.")
    return Tokens(ours, [trusting(other) for other in settings.issuers])


def jwks(ours: OwnIssuer) -> Route:
    """Our public keys, for those who verify our tokens themselves."""
    body = published(ours.keys)

    async def answer(_: Request) -> Response:
        return JSONResponse(body, headers={"Cache-Control": "public, max-age=300", "X-Content-Type-Options": "nosniff"})

    return Route("/.well-known/jwks.json", answer)


def secret_of_portal(settings: Settings) -> str:
    """What previews are signed and letters are sealed with; the same for all servers and workers of a portal.

    Raises WrongSetting: of secrets that each machine made by itself, no other machine could open anything.
    """
    if settings.secret is None and settings.is_production:
        raise WrongSetting(f"PORTICO_SECRET: is needed in production, the same for all servers and workers. {ONE_SECRET}")
    return settings.secret or stored_secret(settings.data_dir, "secret")


def stored_secret(folder: Path, name: str) -> str:
    """The secret of this name in the data directory, made when it is first asked for: whole from the moment it has its name. Raises WrongSetting."""
    path = folder / name
    try:
        folder.mkdir(parents=True, exist_ok=True)
        if not path.exists():
            with NamedTemporaryFile("w", encoding="ascii", dir=folder, prefix=".") as draft:  # mode 0600
                draft.write(secrets.token_hex(32))
                draft.flush()
                with suppress(FileExistsError):  # another process was first
                    os.link(draft.name, path)
        return path.read_text(encoding="ascii")
    except (FileExistsError, NotADirectoryError):
        raise WrongSetting(f"PORTICO_DATA_DIR: {IS_A_FILE} Choose another with --data-dir.") from None
    except OSError as error:
        raise WrongSetting(f"PORTICO_DATA_DIR: is not writable ({error.strerror}). Choose another with --data-dir.") from None
