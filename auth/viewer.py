"""The caller of one operation, from a verified token."""

from dataclasses import dataclass, field

from billing.states import Actor


@dataclass(frozen=True, slots=True)
class Viewer:
    """The caller. `customer_id` is the customer who acts or for whom the caller acts; None for staff. `session_id` is set if a sign-in made the token.
    `staff_id` is the subject of a staff member's token; empty for all other callers, also for programs of the merchant.

    `acting_party` is the party that acts in the customer's name (`act`, RFC 8693 §4.1): for a portal link that staff have seen, the app that made the link; for another
    issuer's token, the party that it names. Such a caller has not proved that it is the customer. None if the customer signed in.
    `subject` is the token's `sub`, for records of who acted; it decides nothing.
    `client` is the app that the token names, and `issuer` the issuer that names it: None for this gateway. `app` is the registered client with both; `client` alone proves nothing.
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
        """Return whether actions that only the customer may take are refused until the customer signs in."""
        return self.acting_party is not None

    @property
    def key_owner(self) -> str:
        """Return the program whose idempotency keys a staff token uses. The name of a client counts together with the issuer that vouches for it; empty for other callers."""
        return " ".join(part for part in (self.issuer, self.client or self.subject) if part) if self.is_staff else ""

    @property
    def is_staff(self) -> bool:
        return self.kind is Actor.STAFF


def staff_id_of(kind: Actor, subject: str, client: str) -> str:
    """Return the staff member that a token names; empty for other callers. A token whose subject is its client names a program (RFC 9068 §2.2)."""
    return subject if kind is Actor.STAFF and subject != client else ""
