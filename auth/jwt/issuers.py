"""Other issuers: OpenID providers whose tokens are accepted, and the Viewer that their tokens name."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from ipaddress import ip_address
from typing import ClassVar
from urllib.parse import urlsplit

from auth.jwt.claims import ACCESS_TOKEN, TEXTS, Claims, Expected, acting_party, is_name, require_name
from auth.jwt.jwks import TTL_SECONDS, KeyStore
from auth.jwt.keys import Asymmetric
from auth.jwt.tokens import KINDS, TrustedIssuer
from auth.viewer import Viewer, staff_id_of
from billing.states import Actor


@dataclass(frozen=True, slots=True)
class OtherIssuer:
    """The settings of an issuer. `name` is its `iss`. Its tokens are of one kind of caller; `customer_claim` names the customer; `scopes` maps its scopes to ours and drops the rest.

    Raises ValueError for settings that can never work.
    """

    name: str
    audience: str
    jwks_url: str
    algorithms: tuple[Asymmetric, ...] = ("RS256",)
    kind: Actor = Actor.CUSTOMER
    customer_claim: str = "sub"
    scope_claim: str = "scope"
    scopes: Mapping[str, str] | None = field(default=None, hash=False)
    allow_typ_jwt: bool = False

    # Pydantic reads the settings and must refuse a misspelt name.
    __pydantic_config__: ClassVar = {"extra": "forbid"}

    def __post_init__(self) -> None:
        if not self.name or not self.audience or not self.algorithms:
            raise ValueError("name, audience and algorithms must not be empty")
        if not _is_protected(self.jwks_url):
            raise ValueError("jwks_url must be an https URL; http is accepted for this machine only, and not in production")
        if self.kind not in KINDS:
            raise ValueError(f"kind must be one of {', '.join(KINDS)}")


def _is_protected(url: str) -> bool:
    """Return whether the URL is https, or http on this machine, so that the keys cannot be replaced in transit."""
    try:
        parts = urlsplit(url)
        is_valid = bool(parts.hostname) and parts.port != 0
    except ValueError:  # an invalid port, or an incomplete IPv6 address
        return False
    return is_valid and (parts.scheme == "https" or (parts.scheme == "http" and is_loopback(parts.hostname or "")))


def is_loopback(host: str) -> bool:
    """Return whether a host's name or address, without brackets, always means this machine (RFC 6761 §6.3)."""
    try:
        address = ip_address(host)
    except ValueError:
        return host == "localhost" or host.endswith(".localhost")
    return (getattr(address, "ipv4_mapped", None) or address).is_loopback


def trusting(other: OtherIssuer) -> TrustedIssuer:
    """Return how tokens of an issuer are verified. A token is verified again after TTL_SECONDS, so that a key that its issuer revoked is not accepted for longer."""
    types = ACCESS_TOKEN | {"jwt", None} if other.allow_typ_jwt else ACCESS_TOKEN
    store = KeyStore(other.jwks_url, other.algorithms)
    return TrustedIssuer(
        Expected(other.name, other.audience, types, TEXTS | {other.customer_claim, other.scope_claim}),
        frozenset(other.algorithms),
        store.find,
        lambda claims: viewer_of(claims, other),
        TTL_SECONDS,
    )


def viewer_of(claims: Claims, other: OtherIssuer) -> Viewer:
    """Return the Viewer that another issuer's claims name. Its `kind` and `sid` claims are ignored. Raises NotValid for a token that names no customer."""
    if other.kind is not Actor.STAFF:
        require_name(claims, other.customer_claim)
    customer_id = None if other.kind is Actor.STAFF else claims[other.customer_claim]
    named = claims.get("client_id") or claims.get("azp")
    client = str(named) if is_name(named) else ""
    subject, scopes = claims["sub"], _scopes(claims.get(other.scope_claim), other)
    acting = acting_party(claims) if other.kind is Actor.CUSTOMER else None
    return Viewer(
        other.kind, customer_id, scopes, client, staff_id=staff_id_of(other.kind, subject, client), issuer=other.name, acting_party=acting, subject=subject
    )


def _scopes(value: object, other: OtherIssuer) -> tuple[str, ...]:
    theirs = value.split() if isinstance(value, str) else value if isinstance(value, list) else []
    named = [scope for scope in theirs if is_name(scope)]
    return tuple(named) if other.scopes is None else tuple(dict.fromkeys(other.scopes[scope] for scope in named if scope in other.scopes))
