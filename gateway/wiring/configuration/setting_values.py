"""The validation of settings' values. An error says what is wrong and never repeats the value, which may be or contain a secret."""

import json
import re
from collections.abc import Collection
from email.utils import parseaddr
from ipaddress import IPv4Network, IPv6Network, ip_address, ip_network
from pathlib import Path
from typing import Annotated, Any, Literal, get_args, get_origin
from urllib.parse import parse_qsl, urlsplit
from zoneinfo import ZoneInfo

from pydantic import AfterValidator, BeforeValidator
from pydantic.fields import FieldInfo

from auth.jwt.issuers import OtherIssuer
from auth.jwt.keys import Asymmetric
from auth.secret import is_guessable
from auth.throttle import SCHEMES
from billing.money.dunning import RetryPolicy
from billing.money.numbers import check_pattern
from billing.postal_addresses import COUNTRIES
from mail.port import author, is_one_line

ORIGIN = re.compile(r"https?://[a-z0-9.-]+(:\d+)?|https?://\[[0-9a-f:]+\](:\d+)?")
NEW_SECRET = "`./portico keys secret` makes one"
MIN_SECRET_CHARACTERS = 32
PORTS = range(1, 65536)
PORT = re.compile(r"[0-9]{1,5}")
SURROGATES = re.compile("[\udc80-\udcff]")
HOST = re.compile(r"[A-Za-z0-9._-]+")
DATABASE_URL = re.compile(
    r"postgres(?:ql)?://(?:[^:/]*(?::[^@]*)?@)?"  # user and password
    r"(?:\[[^/?]+\]|[^/:?]+)?(?::(?P<port>[^/?]*))?"  # host
    r"(?:/[^?]*)?(?:\?(?P<query>.*))?"  # name of the database, and parameters
)
PARAMETER = re.compile(r"[A-Za-z_][A-Za-z0-9_-]*")
IBAN = re.compile(r"[A-Z]{2}[0-9]{2}[A-Z0-9]{10,30}")
BIC = re.compile(r"[A-Z]{6}[A-Z0-9]{2}([A-Z0-9]{3})?")


def normalized(value: object, field: FieldInfo) -> object:
    """Return the value of an environment variable without spaces around it, a choice in its own case. An empty value becomes the default if that is empty.
    Raises ValueError."""
    if not isinstance(value, str):
        return value
    text = value.strip()
    if not text:
        if field.default in (None, "", ()) and not _is_of(field, PostgresUrl):
            return field.default
        raise ValueError("is empty")
    # Python represents a byte of a path that is invalid in the locale by a surrogate.
    characters = SURROGATES.sub("", text) if _is_of(field, Path) else text
    if not is_one_line(characters) and not text.startswith("["):
        raise ValueError("has a line break or another control character")
    return {choice.casefold(): choice for choice in choices(field)}.get(text.casefold(), text)


def choices(field: FieldInfo) -> tuple[str, ...]:
    """Return the values of a choice; none for other settings."""
    kinds = (field.annotation, *get_args(field.annotation))
    return next((get_args(kind) for kind in kinds if get_origin(kind) is Literal), ())


def listed(value: object) -> object:
    """Parse a comma list or a JSON list. Raises ValueError."""
    if not isinstance(value, str):
        return value
    if value.startswith("["):
        return _json(value)
    if value.startswith(("{", '"')):
        raise ValueError("is neither a comma list nor a JSON list")
    items = [item.strip() for item in value.split(",")]
    if "" in items:
        raise ValueError(f"number {items.index('') + 1} is empty")
    return items


def _json(value: object) -> object:
    """Parse a JSON list. Raises ValueError."""
    if not isinstance(value, str):
        return value
    try:
        items = json.loads(value)
    except (ValueError, RecursionError):
        items = None
    if not isinstance(items, list):
        raise ValueError("is not a JSON list")
    return items


def _networks(value: Any) -> tuple[IPv4Network | IPv6Network, ...]:
    networks = []
    for number, item in enumerate(value, 1):
        try:
            networks.append(item if isinstance(item, IPv4Network | IPv6Network) else ip_network(str(item)))
        except ValueError:
            raise ValueError(f"number {number} is not a network: the address is invalid, or has bits beyond the length of the prefix") from None
    return tuple(networks)


def _issuers(value: object) -> object:
    """Parse the issuers, with choices in their own case."""
    items = _json(value)
    return [_issuer(item) if isinstance(item, dict) else item for item in items] if isinstance(items, list) else items


def _issuer(item: dict[str, Any]) -> dict[str, Any]:
    names = {name.casefold(): name for name in get_args(Asymmetric)}
    kind, algorithms = item.get("kind"), item.get("algorithms")
    changed: dict[str, Any] = {"kind": kind.upper()} if isinstance(kind, str) else {}
    if isinstance(algorithms, list):
        changed["algorithms"] = [names.get(name.casefold(), name) if isinstance(name, str) else name for name in algorithms]
    return item | changed


def _host(value: str) -> str:
    try:
        return value if HOST.fullmatch(value) else str(ip_address(value))
    except ValueError:
        raise ValueError("is not a host name or address, which has no scheme, port or path") from None


def _parameters(value: tuple[str, ...]) -> tuple[str, ...]:
    for number, name in enumerate(value, 1):
        if not PARAMETER.fullmatch(name):
            raise ValueError(f"number {number} is not a parameter name")
    return value


def _capitals(value: object) -> object:
    """Return a code without spaces, in capitals."""
    return "".join(value.split()).upper() if isinstance(value, str) else value


def _country(value: str) -> str:
    if value not in COUNTRIES:
        raise ValueError("is not a country of ISO 3166-1, two letters such as DE")
    return value


def _iban(value: str) -> str:
    """Check the form and the check digits of an IBAN (ISO 13616): moved to the end and read as a number, it leaves 1 when divided by 97. Raises ValueError."""
    if not IBAN.fullmatch(value) or int("".join(str(int(letter, 36)) for letter in value[4:] + value[:4])) % 97 != 1:
        raise ValueError("is not an IBAN")
    return value


def _bic(value: str) -> str:
    if not BIC.fullmatch(value):
        raise ValueError("is not a BIC, 8 or 11 letters and digits")
    return value


def _lines(value: tuple[str, ...]) -> tuple[str, ...]:
    for number, line in enumerate(value, 1):
        if not is_one_line(line):
            raise ValueError(f"number {number} has a line break or another control character")
    return value


def _is_url(value: str, schemes: Collection[str]) -> bool:
    try:
        parts = urlsplit(value)
        return not re.search(r"\s", value) and parts.scheme in schemes and bool(parts.hostname) and parts.port != 0
    except ValueError:  # an invalid port or IPv6 address
        return False


def _http(value: str) -> str:
    if not _is_url(value, ("http", "https")):
        raise ValueError("is not a URL that begins with http:// or https://")
    if "?" in value or "#" in value or "@" in urlsplit(value).netloc:
        raise ValueError("has a query, a fragment or a user, which this URL cannot have")
    return value


def postgres_url(value: str) -> str:
    match = DATABASE_URL.match(value)
    if match is None or re.search(r"\s", value):
        raise ValueError("is not a database URL")
    # Some resolvers use only the lower 16 bits of a larger number, which is another port.
    if not all(PORT.fullmatch(port) and int(port) in PORTS for port in _ports(match["port"], match["query"])):
        raise ValueError("has a port out of range; ports are 1 to 65535")
    return value.replace("postgres://", "postgresql://", 1)


def _ports(port: str | None, query: str | None) -> list[str]:
    """Return the ports of a database URL, those in the parameter and of several hosts included. Raises ValueError for a port that is no number."""
    if port is not None and not re.fullmatch(r"[+-]?\d+", port):
        raise ValueError("is not a database URL")
    return [*([] if port is None else [str(int(port))]), *(each for name, text in parse_qsl(query or "") if name == "port" for each in text.split(","))]


def _redis(value: str) -> str:
    if not _is_url(value, SCHEMES):
        raise ValueError(f"is not the URL of a Redis or Valkey, which begins with one of {', '.join(f'{scheme}://' for scheme in SCHEMES)}")
    return value


def _clamd(value: str) -> str:
    if not (_is_url(value, ("tcp",)) or value.startswith("unix:///")):
        raise ValueError("is not the address of a clamd, which begins with tcp:// or unix:///")
    return value


def _mailbox(value: str) -> str:
    name, address = parseaddr(value)
    try:
        author(address, name=name)
    except ValueError:
        raise ValueError("is not a mail address, with or without a name before it") from None
    return value


def _origins(value: tuple[str, ...]) -> tuple[str, ...]:
    for number, origin in enumerate(value, 1):
        if not ORIGIN.fullmatch(origin):
            raise ValueError(f"number {number} is not an origin, which has no path and no *")
    return value


def _retry_days(value: tuple[int, ...]) -> tuple[int, ...]:
    RetryPolicy(value)
    return value


def _time_zone(value: str) -> str:
    try:
        ZoneInfo(value)
    except (ValueError, OSError, KeyError):  # a path, a folder, or an unknown name
        raise ValueError("is not the name of a time zone") from None
    return value


def _is_of(field: FieldInfo, kind: Any) -> bool:
    return kind in (field.annotation, *get_args(field.annotation))


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
    # This key is sent to browsers, and Stripe's page shows the two keys side by side.
    if value and not value.startswith("pk_"):
        raise ValueError("is not a publishable key of Stripe, which begins with pk_")
    return value


def _stripe_secret(value: str) -> str:
    if not value.startswith(("sk_", "rk_")):
        raise ValueError("is not a secret key of Stripe, which begins with sk_ or rk_")
    return value


def _webhook_secret(value: str) -> str:
    if value and not value.startswith("whsec_"):
        raise ValueError("is not a signing secret of Stripe webhooks, which begins with whsec_")
    return value


Host = Annotated[str, AfterValidator(_host)]
HttpUrl = Annotated[str, AfterValidator(_http)]
PostgresUrl = Annotated[str, AfterValidator(postgres_url)]
RedisUrl = Annotated[str, AfterValidator(_redis)]
ClamdUrl = Annotated[str, AfterValidator(_clamd)]
Mailbox = Annotated[str, AfterValidator(_mailbox)]
Names = Annotated[tuple[str, ...], BeforeValidator(listed), AfterValidator(_parameters)]
Lines = Annotated[tuple[str, ...], BeforeValidator(listed), AfterValidator(_lines)]
Origins = Annotated[tuple[str, ...], BeforeValidator(listed), AfterValidator(_origins)]
Networks = Annotated[tuple[IPv4Network | IPv6Network, ...], BeforeValidator(_networks), BeforeValidator(listed)]
RetryDays = Annotated[tuple[int, ...], BeforeValidator(listed), AfterValidator(_retry_days)]
InvoiceNumber = Annotated[str, AfterValidator(check_pattern)]
TimeZone = Annotated[str, AfterValidator(_time_zone)]
Country = Annotated[str, BeforeValidator(_capitals), AfterValidator(_country)]
Iban = Annotated[str, BeforeValidator(_capitals), AfterValidator(_iban)]
Bic = Annotated[str, BeforeValidator(_capitals), AfterValidator(_bic)]
Issuers = Annotated[tuple[OtherIssuer, ...], BeforeValidator(_issuers)]
# An empty secret counts as left out.
LongSecret = Annotated[Annotated[str, AfterValidator(_long)] | None, BeforeValidator(_none_if_empty)]
UnguessableSecret = Annotated[Annotated[str, AfterValidator(_long), AfterValidator(_unguessable)] | None, BeforeValidator(_none_if_empty)]
StripePublishable = Annotated[str, AfterValidator(_publishable)]
StripeSecret = Annotated[str, AfterValidator(_stripe_secret)]
StripeWebhookSecret = Annotated[str, AfterValidator(_webhook_secret)]
