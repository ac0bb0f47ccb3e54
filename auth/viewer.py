"""The caller of one operation, as a verified token names it."""

from dataclasses import dataclass

from billing.states import Actor


@dataclass(frozen=True, slots=True)
class Viewer:
    """`customer_id` is the customer who is acting or acted for; staff act for nobody and have None. `session_id` is there where a sign-in made the token."""

    kind: Actor
    customer_id: str | None
    scopes: tuple[str, ...]
    client: str
    session_id: str | None = None

    @property
    def is_staff(self) -> bool:
        return self.kind is Actor.STAFF
