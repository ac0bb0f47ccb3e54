"""What the value of a setting has to look like. A refusal says what is expected and never repeats the value: it may be a secret, or hold one."""

import re
from collections.abc import Collection
from email.utils import parseaddr
from typing import Annotated
from urllib.parse import urlsplit

from pydantic import AfterValidator, BeforeValidator
from sqlalchemy import URL, make_url
from sqlalchemy.exc import ArgumentError

from auth.secret import is_guessable
from auth.throttle import SCHEMES
from billing.dunning import RetryPolicy
from mail.port import author

ORIGIN = re.compile(r"https?://[a-z0-9.-]+(:\d+)?|https?://\[[0-9a-f:]+\](:\d+)?")
NEW_SECRET = "`./portico keys secret` makes one"
MIN_SECRET_CHARACTERS = 32
PORTS = range(1, 65536)
PORT = re.compile(r"[0-9]{1,5}")


def _is_url(value: str, schemes: Collection[str]) -> bool:
    try:
        parts = urlsplit(value)
        return parts.scheme in schemes and bool(parts.hostname) and parts.port != 0
    except ValueError:  # a port that is none, or half of an IPv6 address
        return False


def _http(value: str) -> str:
    if not _is_url(value, ("http", "https")):
        raise ValueError("is not a URL; write https://portal.example.com")
    return value


def _postgres(value: str) -> str:
    try:
        url = make_url(value)
    except (ArgumentError, ValueError):
        url = URL.create("unknown")
    if url.drivername not in ("postgresql", "postgres"):
        raise ValueError("is not a database URL; write postgresql://user:password@host:5432/database")
    # Some ways to look up a host keep only the lower 16 bits of a larger port, and so lead to another one.
    if not all(PORT.fullmatch(port) and int(port) in PORTS for port in _ports(url)):
        raise ValueError("has a port out of range; ports are 1 to 65535")
    return value.replace("postgres://", "postgresql://", 1)


def _ports(url: URL) -> list[str]:
    """The ports that a database URL names, also as a parameter and for several hosts."""
    named = url.query.get("port", ())
    return [*([] if url.port is None else [str(url.port)]), *(port for text in ([named] if isinstance(named, str) else named) for port in text.split(","))]


def _redis(value: str) -> str:
    if not _is_url(value, SCHEMES):
        raise ValueError(f"is not the URL of a Redis or Valkey; it begins with one of {', '.join(f'{scheme}://' for scheme in SCHEMES)}")
    return value


def _clamd(value: str) -> str:
    if not (_is_url(value, ("tcp",)) or value.startswith("unix:///")):
        raise ValueError("is not the address of a clamd; write tcp://127.0.0.1:3310 or unix:///run/clamav/clamd.ctl")
    return value


def _mailbox(value: str) -> str:
    name, address = parseaddr(value)
    author(address, name=name)
    return value


def _origins(value: tuple[str, ...]) -> tuple[str, ...]:
    for number, origin in enumerate(value, 1):
        if not ORIGIN.fullmatch(origin):
            raise ValueError(f"number {number} is not an origin; write https://portal.example.com, without a path and without *")
    return value


def _retry_days(value: tuple[int, ...]) -> tuple[int, ...]:
    RetryPolicy(value)
    return value


def _none_if_empty(value: object) -> object:
    return None if value == "" else value


def _long(value: str) -> str:
    if len(value) < MIN_SECRET_CHARACTERS:
        raise ValueError(f"needs at least {MIN_SECRET_CHARACTERS} characters; {NEW_SECRET}")
    return value


def _unguessable(value: str) -> str:
    if is_guessable(value):
        raise ValueError(f"can be guessed; {NEW_SECRET}")
    return value


def _publishable(value: str) -> str:
    # Browsers are sent this key, and the two stand side by side on Stripe's page.
    if value and not value.startswith("pk_"):
        raise ValueError("is not a publishable key of Stripe's, which begins with pk_")
    return value


def _stripe_secret(value: str) -> str:
    if not value.startswith(("sk_", "rk_")):
        raise ValueError("is not a secret key of Stripe's, which begins with sk_ or rk_")
    return value


HttpUrl = Annotated[str, AfterValidator(_http)]
PostgresUrl = Annotated[str, AfterValidator(_postgres)]
RedisUrl = Annotated[str, AfterValidator(_redis)]
ClamdUrl = Annotated[str, AfterValidator(_clamd)]
Mailbox = Annotated[str, AfterValidator(_mailbox)]
Origins = Annotated[tuple[str, ...], AfterValidator(_origins)]
RetryDays = Annotated[tuple[int, ...], AfterValidator(_retry_days)]
# An empty secret is one that was left out.
LongSecret = Annotated[Annotated[str, AfterValidator(_long)] | None, BeforeValidator(_none_if_empty)]
UnguessableSecret = Annotated[Annotated[str, AfterValidator(_long), AfterValidator(_unguessable)] | None, BeforeValidator(_none_if_empty)]
StripePublishable = Annotated[str, AfterValidator(_publishable)]
StripeSecret = Annotated[str, AfterValidator(_stripe_secret)]
