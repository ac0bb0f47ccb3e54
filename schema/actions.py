"""What may be done, as data."""

import strawberry

from billing.actions import Action
from billing.refusals import ErrorCode


@strawberry.type(description="Whether an action is possible now. The mutation of that name obeys the same table, so a frontend never repeats a rule.")
class ActionState:
    action: Action = strawberry.field(description="The action.")
    allowed: bool = strawberry.field(description="Whether the mutation would be accepted now.")
    reason: ErrorCode | None = strawberry.field(description="Why not, for programs; null when allowed.")
    message: str | None = strawberry.field(description="Why not, for people, in English; null when allowed.")
