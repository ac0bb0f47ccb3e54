"""Rows about credentials, sessions, tokens and links."""

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True)
class Credential:
    """A password of a customer. `is_email_proved`: who has the password has used a letter to the address."""

    email: str
    customer_id: str
    password_hash: str
    is_email_proved: bool


@dataclass(frozen=True, slots=True)
class AddressHolder:
    """A customer with an e-mail address. `shares_email`: they cannot sign in with it."""

    id: str
    customer_id: str
    shares_email: bool


@dataclass(frozen=True, slots=True)
class PresentedCredential:
    """A credential by its address. `is_familiar`: the account has signed in from the caller's network since its password was changed last."""

    email: str
    customer_id: str
    password_hash: str
    changed_at: datetime
    is_familiar: bool


@dataclass(frozen=True, slots=True)
class PortalSessionRow:
    id: str
    customer_id: str
    method: str
    client: str
    network: str
    created_at: datetime
    last_used_at: datetime
    expires_at: datetime
    user_agent: str
    link_delivery: str | None
    made_by: str | None
    needs_sign_in: bool


@dataclass(frozen=True, slots=True)
class RefreshToken:
    secret_hash: str
    customer_id: str
    session_id: str
    issued_at: datetime
    expires_at: datetime
    used_at: datetime | None
    successor_sealed: str | None


@dataclass(frozen=True, slots=True)
class IdentityLink:
    secret_hash: str
    customer_id: str
    kind: str
    email: str | None
    landing: str | None
    expires_at: datetime
    used_at: datetime | None
    delivery: str | None
    made_by: str
    made_by_subject: str | None
    made_by_issuer: str | None


@dataclass(frozen=True, slots=True)
class SealedLetter:
    """A letter that is not sent yet. Its content can be read only with the portal's secret."""

    id: str
    kind: str
    sealed: bytes
    written_at: datetime


@dataclass(frozen=True, slots=True)
class AuditEventRow:
    id: str
    customer_id: str | None
    actor: str
    client: str
    request_id: str
    event: str
    outcome: str
    detail: str
    happened_at: datetime
    actor_subject: str | None
    actor_issuer: str | None
    acting_subject: str | None
    acting_issuer: str | None
    acting_client: str | None
