"""The caller of one operation, as a verified token names it."""

from dataclasses import dataclass, field

from billing.states import Actor


@dataclass(frozen=True, slots=True)
class Viewer:
    """`customer_id` is the customer who is acting or acted for; staff act for nobody and have None. `session_id` is there where a sign-in made the token.
    `staff_id` is the subject of a staff member's token; empty for all other callers, programs of the merchant among them.

    `subject` is the token's `sub`, for records of who acted; nothing is decided by it.
    `client` is what the token calls its app, and `issuer` who says so: None for ourselves. `app` is the registered client that both name together; `client` alone proves nothing.
    """

    kind: Actor
    customer_id: str | None
    scopes: tuple[str, ...]
    client: str
    session_id: str | None = None
    staff_id: str = ""
    issuer: str | None = None
    app: str | None = None
    subject: str = field(default="", compare=False)

    @property
    def is_staff(self) -> bool:
        return self.kind is Actor.STAFF


def staff_id_of(kind: Actor, subject: str, client: str) -> str:
    """The staff member whom a token names. A token whose subject is its client names a program (RFC 9068 §2.2)."""
    return subject if kind is Actor.STAFF and subject != client else ""
