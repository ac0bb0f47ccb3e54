"""Payloads of mutations, and the one wrapper that turns a refusal into `userErrors`."""

from collections.abc import Awaitable, Callable
from types import SimpleNamespace
from typing import Annotated, Any

import strawberry

from auth.permissions import Permission
from billing.refusals import ErrorCode, Refused
from resolvers.context import Info
from resolvers.idempotency import ReplayedAnswer
from resolvers.mutating import resolved, running
from schema.declarations.costs import ERRORS, MUTATION
from schema.declarations.fields import guarded


@strawberry.type(description="Why a mutation was refused.")
class UserError:
    code: ErrorCode = strawberry.field(description="For programs.")
    message: str = strawberry.field(description="For people, in English.")
    path: list[str] | None = strawberry.field(description='Which field of the input it is about, such as ["input", "newPassword"]; null if none.')


@strawberry.type(description="What every mutation answers besides its object.")
class Payload:
    replayed: bool = strawberry.field(description="Whether this is the kept answer to an earlier call with the same idempotency key.")
    user_errors: list[UserError] = strawberry.field(description="Why it was refused. Empty when it was done.", metadata=ERRORS)


def mutation(
    resolve: Callable[[Any, Any], Awaitable[Any]],
    *,
    name: str,
    input_type: Any,
    payload_type: Any,
    payload_field: str | tuple[str, ...],
    permission: Permission,
    description: str,
) -> Any:
    """A mutation of one `input` and one payload, whose field `shows` holds what the resolver gives back; several fields hold its attributes of the same names.

    The payload is null only beside a top-level error.
    """

    async def run(info: Info, input: Any) -> Any:
        context = info.context
        async with running(context):
            try:
                found = await resolved(context, name, lambda: resolve(input, context))
            except Refused as refused:
                return _payload(payload_field, None, refused)
        context.forget()
        return _payload(payload_field, found, None)

    run.__annotations__ = {"info": Info, "input": Annotated[input_type, strawberry.argument(description="What to do.")], "return": payload_type | None}
    return guarded(strawberry.mutation(resolver=run, graphql_type=payload_type | None, description=description, metadata=MUTATION), permission)


def error_of(refused: Refused) -> Any:
    return SimpleNamespace(code=refused.code, message=refused.message, path=["input", *refused.field.split(".")] if refused.field else None)


def _payload(shows: str | tuple[str, ...], found: Any, refused: Refused | None) -> Any:
    is_replayed = isinstance(found, ReplayedAnswer)
    shown = found.value if is_replayed else found
    fields = {shows: shown} if isinstance(shows, str) else {name: getattr(shown, name, None) for name in shows}
    return SimpleNamespace(**fields, replayed=is_replayed, user_errors=[error_of(refused)] if refused else [])
