"""Errors in the environment: unknown variables, invalid values, contradictory settings. Each is one line without the value."""

import re
from collections.abc import Collection, Iterable, Mapping
from dataclasses import fields
from difflib import get_close_matches
from pathlib import Path
from typing import Any, Protocol, get_args

from pydantic.fields import FieldInfo
from pydantic_core import ErrorDetails

from auth.jwt.issuers import OtherIssuer
from gateway.wiring.configuration.setting_values import choices

PREFIX = "PORTICO_"
# Variables of tests are not settings.
OF_TESTS = "PORTICO_TEST_"
# Kubernetes sets these in each container for a Service named portico or portico-….
OF_KUBERNETES = re.compile(r"PORTICO_(\w+_)?(SERVICE_HOST|SERVICE_PORT(_\w+)?|PORT_\d+_(TCP|UDP|SCTP)(_\w+)?)")
ADDRESS_OF_KUBERNETES = re.compile(r"(tcp|udp|sctp)://")
# The keys inside a wrong value that may be printed. All other names are part of the value.
ISSUER_KEYS = tuple(key.name for key in fields(OtherIssuer))
ISSUER = '[{"name":"https://id.example.com/","audience":"portal","jwks_url":"https://id.example.com/jwks.json"}]'
IN_A_LIST = {
    "int_parsing": "is not a whole number",
    "int_type": "is not a whole number",
    "int_from_float": "is not a whole number",
    "string_type": "is not text",
}
IN_AN_ISSUER = {
    "missing": "is missing",
    "string_type": "must be text",
    "bool_parsing": "must be true or false",
    "bool_type": "must be true or false",
    "tuple_type": "must be a list",
    "mapping_type": "must be an object",
    "dict_type": "must be an object",
}
STRIPE_MODE = re.compile(r"[srp]k_(test|live)_")


class Pairs(Protocol):
    """Settings that only work together."""

    secret: str | None
    previous_secret: str | None
    next_secret: str | None
    stripe_secret_key: str | None
    stripe_publishable_key: str
    s3_bucket: str | None
    s3_access_key: str | None
    s3_secret_key: str | None
    smtp_host: str | None
    smtp_user: str | None
    smtp_password: str | None
    merchant_city: str | None
    merchant_region: str | None
    merchant_postal_code: str | None
    merchant_country: str | None


def unknown_names(environment: Mapping[str, str], known: Collection[str]) -> list[str]:
    """Return a line for each variable with the prefix that is not a setting."""
    names = [name for name in environment if name.upper().startswith(PREFIX) and not name.startswith(OF_TESTS)]
    unknown = [name for name in names if name.upper().removeprefix(PREFIX).lower() not in known]
    return [f"{name}: is not a setting; {_nearest(name, known)}" for name in sorted(unknown) if not _is_of_kubernetes(name, environment[name])]


def _nearest(name: str, known: Collection[str]) -> str:
    close = get_close_matches(name.upper().removeprefix(PREFIX).lower(), known, n=1)
    return f"did you mean {PREFIX}{close[0].upper()}?" if close else "`./portico settings` prints all of them."


def _is_of_kubernetes(name: str, value: str) -> bool:
    return bool(OF_KUBERNETES.fullmatch(name) or (name.endswith("_PORT") and ADDRESS_OF_KUBERNETES.match(value)))


def without_prefix(environment: Mapping[str, str], setting: str) -> str:
    """Return a sentence about a variable that was probably meant as this setting, or an empty text."""
    return f" {setting.upper()} is set without the prefix {PREFIX}." if environment.get(setting.upper()) else ""


def wrong_values(errors: Iterable[ErrorDetails], settings: Mapping[str, FieldInfo]) -> list[str]:
    """Return a line for each setting with a wrong value: its name, the position inside it, the problem and a valid value."""
    first = {str(error["loc"][0]): error for error in reversed(list(errors))}
    return [_refusal(name, first[name], settings[name]) for name in settings if name in first]


def _refusal(name: str, error: ErrorDetails, setting: FieldInfo) -> str:
    inner = error["loc"][1:]
    place, problem = _in_issuers(error) if name == "issuers" else ("", _problem(error, inner, setting))
    right = example(name, setting)
    hint = "" if ";" in problem or not right else f"; write {right}"
    return f"{PREFIX}{name.upper()}{place}: {problem}{hint}."


def _problem(error: ErrorDetails, inner: tuple[int | str, ...], setting: FieldInfo) -> str:
    if error["type"] == "value_error":
        return error["msg"].removeprefix("Value error, ")
    if inner and isinstance(inner[0], int):
        return f"number {inner[0] + 1} {IN_A_LIST.get(error['type'], 'is not valid')}"
    return expected(setting) or "does not have the right form"


def _in_issuers(error: ErrorDetails) -> tuple[str, str]:
    """Return the position inside the value, by known keys only, and the problem there."""
    place = "".join(f".{part}" for part in error["loc"][1:] if isinstance(part, int) or part in ISSUER_KEYS)
    kind = error["type"]
    if kind == "unexpected_keyword_argument":
        return place, f"has an unknown key; its keys are {', '.join(ISSUER_KEYS)}"
    if kind in ("literal_error", "enum"):
        return place, f"must be one of {error['ctx']['expected']}".replace("'", "")
    if kind == "value_error":
        return place, error["msg"].removeprefix("Value error, ")
    return place, IN_AN_ISSUER.get(kind, "is not valid")


def expected(setting: FieldInfo) -> str:
    """Return what a number or a choice must be; an empty text for other settings."""
    kinds = {setting.annotation, *get_args(setting.annotation)}
    if words := choices(setting):
        return f"must be one of {', '.join(words)}"
    if bool in kinds:
        return "must be true or false"
    if int in kinds:
        return f"must be a whole number from {_bound(setting, 'ge')} to {_bound(setting, 'le')}"
    if float in kinds:
        least = f"above {_bound(setting, 'gt')}" if _bound(setting, "gt") is not None else f"from {_bound(setting, 'ge')}"
        return f"must be a number of seconds {least} to {_bound(setting, 'le'):.0f}"
    return ""


def _bound(setting: FieldInfo, name: str) -> Any:
    return next((getattr(bound, name) for bound in setting.metadata if hasattr(bound, name)), None)


def example(name: str, setting: FieldInfo) -> str:
    """Return a valid value in the form of an environment variable: an example, or the default."""
    if name == "issuers":
        return ISSUER
    if setting.examples:
        return as_variable(setting.examples[0])
    if setting.default not in (None, ""):
        return as_variable(setting.default)
    return next(iter(choices(setting)), "true" if bool in get_args(setting.annotation) else "")


def as_variable(value: Any) -> str:
    """Return a value in the form of an environment variable."""
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, tuple):
        return ",".join(map(str, value))
    return f"{value:g}" if isinstance(value, float) else str(value) if isinstance(value, int | Path) else value


def contradictions(settings: Pairs) -> list[str]:
    """Return a line for each pair of settings that contradict each other."""
    modes = [_mode(key or "") for key in (settings.stripe_secret_key, settings.stripe_publishable_key)]
    lines = []
    if all(modes) and modes[0] != modes[1]:
        lines.append(
            f"{PREFIX}STRIPE_PUBLISHABLE_KEY: is a {modes[1]} key, but there is a {modes[0]} key in {PREFIX}STRIPE_SECRET_KEY; both must be test keys or both live keys."
        )
    if settings.s3_bucket and bool(settings.s3_access_key) != bool(settings.s3_secret_key):
        lines.append(f"{PREFIX}S3_ACCESS_KEY: needs {PREFIX}S3_SECRET_KEY, and the other way round; set both or none.")
    for name, secret in (("PREVIOUS_SECRET", settings.previous_secret), ("NEXT_SECRET", settings.next_secret)):
        if secret and secret == settings.secret:
            lines.append(f"{PREFIX}{name}: is the secret of {PREFIX}SECRET; set another, or leave it out. docs/rotation.md has the steps.")
        elif secret and settings.secret is None:
            lines.append(f"{PREFIX}{name}: needs {PREFIX}SECRET.")
    if settings.merchant_country is None and (settings.merchant_city or settings.merchant_region or settings.merchant_postal_code):
        lines.append(f"{PREFIX}MERCHANT_COUNTRY: is needed where the city, region or postal code of the merchant is set.")
    if settings.smtp_host and bool(settings.smtp_user) != bool(settings.smtp_password):
        lines.append(f"{PREFIX}SMTP_USER: needs {PREFIX}SMTP_PASSWORD, and the other way round; set both or none.")
    return lines


def _mode(stripe_key: str) -> str:
    """Return `test` or `live`; an empty text for a key without a mode."""
    mode = STRIPE_MODE.match(stripe_key)
    return mode[1] if mode else ""
