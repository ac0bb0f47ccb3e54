"""The secrets of the settings, which must never be logged."""

import re
from collections.abc import Iterable, Mapping
from typing import Any
from urllib.parse import unquote

from gateway.wiring.configuration.environment import PREFIX
from gateway.wiring.configuration.settings import Settings

SECRETS = tuple(name for name, setting in Settings.model_fields.items() if not setting.repr)
LISTS = tuple(name for name in SECRETS if Settings.model_fields[name].default == ())
# The password of a URL: up to the last @, because a password may contain one that is not encoded.
PASSWORD = re.compile(r"://[^/:@]*:(.+)@", re.DOTALL)


def secrets_in(values: Mapping[str, Any]) -> set[str]:
    """Return the secrets in settings by their names: secret values, and the passwords of URLs, encoded and decoded."""
    secrets: set[str] = set()
    for value in (text for name in SECRETS for text in _texts(name, values.get(name))):
        if isinstance(value, str):
            password = PASSWORD.search(value)
            secrets |= {password[1], unquote(password[1])} if password else {value}
    return secrets - {""}


def _texts(name: str, value: object) -> Iterable[object]:
    """Return the values of a setting: those of a list, each of which has a password of its own."""
    if name in LISTS and isinstance(value, str):
        return (part.strip('[]" ') for part in value.split(","))
    return value if isinstance(value, tuple) else (value,)


def secrets_of(environment: Mapping[str, str]) -> set[str]:
    """Return the secrets in environment variables, before they are validated as settings."""
    return secrets_in({name.upper().removeprefix(PREFIX).lower(): value for name, value in environment.items() if name.upper().startswith(PREFIX)})
