"""The accepted issuers of tokens: this gateway, and those in the settings."""

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
from auth.seal import Seal
from db.builtin.embedded import IS_A_FILE
from gateway.wiring.configuration.settings import Settings, WrongSetting

# Servers verify with this key, and none signs with it yet: the first step of a rotation on more than one server.
ANNOUNCED = ".next.pem"
NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")
NEW_KEY = "Make one with `./portico keys new`."
NEW_SECRET = "Make one with `./portico keys secret`."


def issuer_of(settings: Settings) -> OwnIssuer:
    """Return this gateway's issuer. Raises WrongSetting, in production also for a shared secret, because whoever can verify with it can also sign."""
    return OwnIssuer(settings.token_issuer, settings.token_audience, _keys(settings))


def _keys(settings: Settings) -> tuple[Key, ...]:
    if settings.signing_keys_dir:
        return _stored_keys(settings.signing_keys_dir)
    if settings.is_production:
        raise WrongSetting(f"PORTICO_SIGNING_KEYS_DIR: is needed in production, which does not sign with a PORTICO_TOKEN_SECRET. {NEW_KEY}")
    try:
        return (shared(settings.token_secret or stored_secret(settings.data_dir, "token-secret")),)
    except UnusableKey as error:
        raise WrongSetting(f"PORTICO_TOKEN_SECRET: {error}") from None


def _stored_keys(folder: Path) -> tuple[Key, ...]:
    """Return the keys, the newest by name first and announced ones last. Errors have the names of files only, because the folder is the setting's value."""
    try:
        files = sorted(folder.glob("*.pem"), key=lambda path: (not path.name.endswith(ANNOUNCED), path.name), reverse=True)
        keys = tuple(_stored_key(path) for path in files)
    except OSError as error:
        raise WrongSetting(f"PORTICO_SIGNING_KEYS_DIR: {_name(error)} cannot be read ({error.strerror}).") from None
    if not files or files[0].name.endswith(ANNOUNCED):
        raise WrongSetting(f"PORTICO_SIGNING_KEYS_DIR: has no key that signs (NAME.pem). {NEW_KEY}")
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
    """Return the name of the file that could not be read, or `the folder`."""
    name = Path(str(error.filename or "")).name
    return name if name.endswith(".pem") else "the folder"


def new_key(settings: Settings, algorithm: Ours, *, now: datetime) -> Path:
    """Create a key in the folder of the settings, or in a new folder in the data directory. Its name is the time. Raises WrongSetting."""
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
    """Return the verifier of all issuers. Raises WrongSetting if two issuers have one name, and in production for keys that are not fetched over https."""
    names = [ours.name, *(other.name for other in settings.issuers)]
    if len(set(names)) < len(names):
        raise WrongSetting("PORTICO_ISSUERS: two issuers have one name; PORTICO_TOKEN_ISSUER is the gateway's own.")
    for number, other in enumerate(settings.issuers):
        if settings.is_production and not other.jwks_url.startswith("https:"):
            raise WrongSetting(
                f"PORTICO_ISSUERS.{number}.jwks_url: must be https in production, because whoever can change these keys in transit can sign in as any customer."
            )
    return Tokens(ours, [trusting(other) for other in settings.issuers])


def jwks(ours: OwnIssuer) -> Route:
    """Return the route of the public keys, for services that verify this gateway's tokens themselves."""
    body = published(ours.keys)

    async def answer(_: Request) -> Response:
        return JSONResponse(body, headers={"Cache-Control": "public, max-age=300", "X-Content-Type-Options": "nosniff"})

    return Route("/.well-known/jwks.json", answer)


def secret_of_portal(settings: Settings) -> str:
    """Return the secret that signs previews and seals letters; the same for all servers and workers of a portal.

    Raises WrongSetting in production without the setting, because other machines could not read what a generated secret has sealed.
    """
    if settings.secret is None and settings.is_production:
        raise WrongSetting(f"PORTICO_SECRET: is needed in production, the same for all servers and workers. {NEW_SECRET}")
    return settings.secret or stored_secret(settings.data_dir, "secret")


def seal_of_portal(settings: Settings, purpose: str = "letters") -> Seal:
    """Return the seal of the portal's secret for one purpose, which also opens what the previous secret or the next one has sealed. Raises WrongSetting."""
    return Seal(secret_of_portal(settings), purpose, settings.read_only_secrets)


def stored_secret(folder: Path, name: str) -> str:
    """Return the secret of this name in the data directory. It is created at the first call, atomically: the file is complete before it has its name. Raises WrongSetting."""
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
