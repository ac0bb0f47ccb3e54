"""Other issuers: any OpenID provider whose tokens we take, and whom a token of theirs names here."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from ipaddress import ip_address
from typing import ClassVar
from urllib.parse import urlsplit

from auth.jwt.claims import ACCESS_TOKEN, Claims, Expected, acting_party, is_name, require_name
from auth.jwt.jwks import TTL_SECONDS, KeyStore
from auth.jwt.keys import Asymmetric
from auth.jwt.tokens import KINDS, TrustedIssuer
from auth.viewer import Viewer, staff_id_of
from billing.states import Actor


@dataclass(frozen=True, slots=True)
class OtherIssuer:
    """`name` is its `iss`. Its tokens are of one kind of caller, and say by `customer_claim` for whom; `scopes` turns theirs into ours and drops the rest.

    Raises ValueError for what can never work.
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

    # Settings are read by pydantic: a misspelt name must not be passed over.
    __pydantic_config__: ClassVar = {"extra": "forbid"}

    def __post_init__(self) -> None:
        if not self.name or not self.audience or not self.algorithms:
            raise ValueError("name, audience and algorithms must not be empty")
        if not _is_protected(self.jwks_url):
            raise ValueError("jwks_url must be an https URL; http is taken of this machine alone, and not in production")
        if self.kind not in KINDS:
            raise ValueError(f"kind must be one of {', '.join(KINDS)}")


def _is_protected(url: str) -> bool:
    """Whether nobody on the way can put keys of their own in place of the issuer's."""
    try:
        parts = urlsplit(url)
        is_valid = bool(parts.hostname) and parts.port != 0
    except ValueError:  # a port that is none, or half of an IPv6 address
        return False
    return is_valid and (parts.scheme == "https" or (parts.scheme == "http" and is_loopback(parts.hostname or "")))


def is_loopback(host: str) -> bool:
    """Whether a host's name or address, without brackets, always means this machine (RFC 6761 §6.3)."""
    try:
        address = ip_address(host)
    except ValueError:
        return host == "localhost" or host.endswith(".localhost")
    return (getattr(address, "ipv4_mapped", None) or address).is_loopback


def trusting(other: OtherIssuer) -> TrustedIssuer:
    """A token is judged again after a while, so that a key that its issuer took back does not live on in our memory."""
    types = ACCESS_TOKEN | {"jwt", None} if other.allow_typ_jwt else ACCESS_TOKEN
    store = KeyStore(other.jwks_url, other.algorithms)
    return TrustedIssuer(
        Expected(other.name, other.audience, types), frozenset(other.algorithms), store.find, lambda claims: viewer_of(claims, other), TTL_SECONDS
    )


def viewer_of(claims: Claims, other: OtherIssuer) -> Viewer:
    """Their `kind` and `sid` claims mean nothing here. Raises NotValid for a token that names no customer."""
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
