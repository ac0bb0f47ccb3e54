"""Rows of the registry: clients, their credentials, documents, grants and budgets."""

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True)
class ApiClient:
    """A client. `kind` is FIRST_PARTY, PARTNER or SERVICE; `mode` is OPEN, LOG, PREFER or REQUIRED.

    Tokens of `issuer` name it `issuer_client_id`; without an issuer, our tokens name its id.
    """

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
    """A credential of a client: either a secret's SHA-256 or a public key as a JWK in JSON."""

    client_id: str
    id: str
    secret_hash: str | None
    jwk: str | None


@dataclass(frozen=True, slots=True)
class ClientAssertion:
    jti: str


@dataclass(frozen=True, slots=True)
class PersistedTextRow:
    """A document as every process loads it. `fits` is the digest of the schema and limits for which it was last valid."""

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
    """A document in a list, with its use. `version` counts the publications of its client; `deprecation` names the replacement,
    and `sunset_at` is the time from which a deprecated document may no longer be answered."""

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
    """A text that changes with the registry."""

    stamp: str


@dataclass(frozen=True, slots=True)
class GrantRow:
    """A customer's grant to a partner's app."""

    id: str
    customer_id: str
    client_id: str
    client_name: str
    scopes: list[str]
    created_at: datetime


@dataclass(frozen=True, slots=True)
class CostBudget:
    """A budget in cost units. `maximum` is the number of units per minute."""

    is_paid: bool
    available: int
    maximum: int

    @property
    def restore_rate(self) -> float:
        """Return the units per second."""
        return round(self.maximum / 60, 3)
