"""The caller of one operation, as a verified token names it."""

from dataclasses import dataclass, field

from billing.states import Actor


@dataclass(frozen=True, slots=True)
class Viewer:
    """`customer_id` is the customer who is acting or acted for; staff act for nobody and have None. `session_id` is there where a sign-in made the token.
    `staff_id` is the subject of a staff member's token; empty for all other callers, programs of the merchant among them.

    `acting_party` is who acts in the customer's name beside the customer (`act`, RFC 8693 §4.1): whoever may have opened a portal link that staff had seen, by the app
    that made it, or whom another issuer names. Such a caller has proved nothing of what only the customer knows. None where the customer signed in.
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
    acting_party: str | None = None
    subject: str = field(default="", compare=False)

    @property
    def needs_sign_in(self) -> bool:
        """Whether what only the customer may do is refused until the customer signs in."""
        return self.acting_party is not None

    @property
    def is_staff(self) -> bool:
        return self.kind is Actor.STAFF


def staff_id_of(kind: Actor, subject: str, client: str) -> str:
    """The staff member whom a token names. A token whose subject is its client names a program (RFC 9068 §2.2)."""
    return subject if kind is Actor.STAFF and subject != client else ""
