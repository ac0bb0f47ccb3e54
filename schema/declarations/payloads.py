"""Payloads of mutations, and the wrapper that turns a refusal into `userErrors`."""

from collections.abc import Awaitable, Callable, Mapping
from types import SimpleNamespace
from typing import Annotated, Any

import strawberry

from auth.permissions import READ, Permission, is_allowed
from auth.viewer import Viewer
from billing.ids import prefix_of
from billing.refusals import ErrorCode, Refused
from db.blocks import Block, blocks
from resolvers.context import Context, Info
from resolvers.idempotency import ReplayedAnswer
from resolvers.mutating import resolved, running
from resolvers.reads.relations import BY_ID
from schema.declarations import nouns
from schema.declarations.costs import ERRORS, MUTATION
from schema.declarations.fields import guarded, one

# The column of a payload with the customer, which is null for callers without the scope `read`.
READABLE_CUSTOMER = "readable_customer_id"

# What a mutation answers for its context and its input.
Answer = Callable[[Context, Any], Awaitable[Any]]


@strawberry.type(description="A detail of a refusal, for programs.")
class ErrorDetail:
    name: str = strawberry.field(description="What it is, such as `externalId`.")
    value: str = strawberry.field(description="Its value.")


@strawberry.type(description="Why a mutation was refused.")
class UserError:
    code: ErrorCode = strawberry.field(description="A code for programs.")
    message: str = strawberry.field(description="A sentence for display, in English.")
    path: list[str] | None = strawberry.field(description='The field of the input that it is about, such as ["input", "newPassword"]; null if none.')
    details: list[ErrorDetail] = strawberry.field(
        description="For STAFF: what the refusal is about, such as the customer with the same e-mail address; usually empty.", metadata=ERRORS
    )


@strawberry.type(description="What the payload of every mutation has besides its objects.")
class Payload:
    user_errors: list[UserError] = strawberry.field(description="Why it was refused. Empty when it was done.", metadata=ERRORS)


@strawberry.type(description="What the payload of a mutation with an idempotency key has besides its objects.")
class KeyedPayload(Payload):
    replayed: bool = strawberry.field(description="Whether this is the stored answer to an earlier call with the same idempotency key.")


@strawberry.type(description="What the payload of a mutation about a customer has besides its objects.")
class CustomerPayload(Payload):
    customer = one(
        "customers.by_id",
        key=READABLE_CUSTOMER,
        graphql_type=nouns.Customer | None,
        description="The customer whom the call was about, as of after it: select here what a page shows, such as `summary`. It is read together with the other "
        "objects of the payload. After a refusal it is the customer who calls, or for whom the caller acts; then it is null for staff. Null for callers "
        "without the scope `read`, and where the call has ended the caller's own session.",
    )


def mutation(
    resolve: Callable[[Any, Any], Awaitable[Any]],
    *,
    name: str,
    input_type: Any = None,
    payload_type: Any,
    payload_field: str | tuple[str, ...],
    permission: Permission,
    description: str,
) -> Any:
    """Declare a mutation with one `input`, or with `input_type` None without arguments, and one payload. The payload's column `payload_field` is the result of
    the resolver; with several names, each column is the attribute of the result with its name. Objects are relations of the payload: `customer` by `customer_key`.

    The payload is null only together with a top-level error.
    """

    async def answer(context: Context, input: Any) -> Any:
        async with running(context):
            try:
                result = await resolved(context, name, lambda: resolve(input, context))
            except Refused as refused:
                return _payload(payload_field, None, refused, context)
        context.forget()
        context.replays += isinstance(result, ReplayedAnswer)
        return _payload(payload_field, result, None, context)

    run = _with_input(answer, input_type) if input_type else _without_input(answer)
    return guarded(strawberry.mutation(resolver=run, graphql_type=payload_type | None, description=description, metadata=MUTATION), permission)


def _with_input(answer: Answer, input_type: Any) -> Callable[..., Awaitable[Any]]:
    async def run(info: Info, input: Any) -> Any:
        return await answer(info.context, input)

    run.__annotations__ = {"info": Info, "input": Annotated[input_type, strawberry.argument(description="What to do.")], "return": Any}
    return run


def _without_input(answer: Answer) -> Callable[..., Awaitable[Any]]:
    async def run(info: Info) -> Any:
        return await answer(info.context, None)

    return run


def error_of(refused: Refused) -> Any:
    details = [SimpleNamespace(name=name, value=value) for name, value in refused.details.items()]
    path = ["input", *refused.field.split(".")] if refused.field else None
    return SimpleNamespace(code=refused.code, message=refused.message, path=path, details=details)


def _payload(payload_field: str | tuple[str, ...], result: Any, refused: Refused | None, context: Context) -> Any:
    is_replayed, viewer = isinstance(result, ReplayedAnswer), context.viewer
    value = result.value if is_replayed else result
    fields = {payload_field: value} if isinstance(payload_field, str) else {name: getattr(value, name, None) for name in payload_field}
    errors = [error_of(refused)] if refused else []
    columns = customer_columns(_customer_of(value, viewer), viewer)
    return SimpleNamespace(**fields, **_keys(fields, context), **columns, replayed=is_replayed, user_errors=errors)


def _keys(fields: Mapping[str, Any], context: Context) -> dict[str, str | None]:
    """Return the columns by which the payload's objects are read. A row that the mutation has returned is the present one, and is not read again."""
    for row in fields.values():
        if block := _block_of(row):
            context.loaders.one(block).prime((row.customer_id if block.is_of_customer else None, row.id), row)
    return {f"{name}_key": getattr(value, "id", None) for name, value in fields.items() if not name.endswith(("_key", "_keys"))}


def _block_of(row: Any) -> Block | None:
    """Return the block that finds the row by its id; None for any other value."""
    name = BY_ID.get(prefix_of(getattr(row, "id", None) or ""))
    return blocks()[name] if name and blocks()[name].returns == type(row).__name__ else None


def customer_columns(customer_id: str | None, viewer: Viewer) -> dict[str, str | None]:
    """Return the columns of a payload about a customer, by which its relations are read: `customer` only for a viewer who may read customers."""
    return {"customer_id": customer_id, READABLE_CUSTOMER: customer_id if is_allowed(viewer, READ) else None}


def _customer_of(value: Any, viewer: Viewer) -> str | None:
    """Return the customer whom the call was about: the caller's, or for staff the owner of what the resolver returned."""
    return viewer.customer_id or getattr(value, "customer_id", None)
