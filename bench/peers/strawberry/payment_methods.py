"""Payment methods as plain Strawberry types. What may be done with one is decided by Portico's own rule."""

import strawberry

from bench.peers.strawberry.reads import Row
from bench.peers.strawberry.types import Date, Node
from billing.lifecycle import actions
from billing.lifecycle.actions import Action
from billing.refusals import ErrorCode
from billing.states import PaymentMethodKind


@strawberry.type
class ActionState:
    action: Action
    allowed: bool
    reason: ErrorCode | None
    message: str | None


@strawberry.type
class PaymentMethod(Node):
    version: int
    kind: PaymentMethodKind
    brand: str | None
    last4: str | None
    expires_on: Date | None
    is_expired: bool
    is_default: bool
    is_in_use: bool
    has_payment_in_flight: strawberry.Private[bool]

    @strawberry.field
    def available_actions(self) -> list[ActionState]:
        states = actions.of_method(self.is_default, self.is_expired, self.is_in_use, self.has_payment_in_flight)
        return [ActionState(action=state.action, allowed=state.allowed, reason=state.reason, message=state.message) for state in states]

    @classmethod
    def of(cls, row: Row) -> "PaymentMethod":
        return cls(
            id=row["id"],
            version=row["version"],
            kind=PaymentMethodKind(row["kind"]),
            brand=row["brand"],
            last4=row["last4"],
            expires_on=row["expires_on"],
            is_expired=row["is_expired"],
            is_default=row["is_default"],
            is_in_use=row["is_in_use"],
            has_payment_in_flight=row["has_payment_in_flight"],
        )


@strawberry.type
class PaymentMethodConnection:
    nodes: list[PaymentMethod]
