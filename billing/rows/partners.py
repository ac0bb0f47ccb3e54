"""Rows of the registry: clients, what they prove themselves with, their documents, grants and budgets."""

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True)
class ApiClient:
    """`kind` is FIRST_PARTY or PARTNER; `mode` is OPEN, LOG, PREFER or REQUIRED. Tokens of `issuer` name it `issuer_client_id`; without one, ours name it by its id."""

    id: str
    kind: str
    name: str
    contact: str
    mode: str
    scopes: list[str]
    units_per_minute: int
    created_at: datetime
    disabled_at: datetime | None
    issuer: str | None = None
    issuer_client_id: str | None = None


@dataclass(frozen=True, slots=True)
class ClientCredential:
    """Either a secret's SHA-256 or a public key: a JWK, as JSON."""

    client_id: str
    id: str
    secret_hash: str | None
    jwk: str | None


@dataclass(frozen=True, slots=True)
class ClientAssertion:
    jti: str


@dataclass(frozen=True, slots=True)
class PersistedTextRow:
    """A document as every process reads it. `fits` is the digest of the schema and limits by which it was last found to hold."""

    client_id: str
    id: str
    alias: str | None
    body: str
    deprecated_at: datetime | None
    deprecation: str
    sunset_at: datetime | None
    fits: str


@dataclass(frozen=True, slots=True)
class PersistedDocumentRow:
    """A document as it is listed, with how it was used. `version` counts the publications of its client; `deprecation` says what to use instead,
    and `sunset_at` from when on a deprecated one may no longer be answered."""

    client_id: str
    id: str
    alias: str | None
    body: str
    names: list[str]
    cost: int
    version: int
    published_at: datetime
    deprecated_at: datetime | None
    deprecation: str
    sunset_at: datetime | None
    retired_at: datetime | None
    first_used_at: datetime | None
    last_used_at: datetime | None
    uses: int


@dataclass(frozen=True, slots=True)
class RegistryId:
    id: str


@dataclass(frozen=True, slots=True)
class RegistryStamp:
    """Differs when the registry does."""

    stamp: str


@dataclass(frozen=True, slots=True)
class PartnerGrant:
    """What a customer lets a partner's app do for them."""

    id: str
    customer_id: str
    client_id: str
    client_name: str
    scopes: list[str]
    created_at: datetime


@dataclass(frozen=True, slots=True)
class CostBudget:
    """Cost units. `maximum` is what comes in a minute."""

    is_paid: bool
    available: int
    maximum: int

    @property
    def restore_rate(self) -> float:
        """Units a second."""
        return round(self.maximum / 60, 3)
