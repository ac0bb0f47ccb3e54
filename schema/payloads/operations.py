"""Subscription mutations, their previews, and the query of an earlier call: how each is wired to its resolver."""

from collections.abc import Awaitable, Callable
from enum import StrEnum
from functools import partial
from types import SimpleNamespace
from typing import Annotated, Any

import strawberry
from graphql.pyutils import camel_to_snake

from auth.permissions import Permission
from billing.refusals import Refused
from resolvers.attachments.attachments import mutation_result
from resolvers.context import Context, Info
from resolvers.idempotency import MutationResult
from resolvers.mutating import MAX_LISTED, resolved, running
from resolvers.reads import operations
from resolvers.reads.relations import BY_ID, by_id, by_ids, type_name
from resolvers.subscriptions import actions
from schema.declarations import nouns
from schema.declarations.costs import CALL, ERRORS, FILES, MUTATION, PREVIEW
from schema.declarations.enums import described
from schema.declarations.fields import guarded
from schema.declarations.merchant import SaveOutcome
from schema.declarations.payloads import UserError, customer_columns, error_of
from schema.declarations.scalars import DateTime
from schema.payloads.previews import PreviewPayload

# The objects that payloads have, such as `payment_schedule`, with the prefixes of their ids. Stored answers have the ids by the same names.
OBJECTS = {camel_to_snake(type_name(prefix)): prefix for prefix in BY_ID}

# The lists of objects that payloads have, in the same way.
LISTS = {"invoices": "inv", "installments": "ins", "released": "sub"}


class OperationState(StrEnum):
    RUNNING = "RUNNING"
    DONE = "DONE"


described(OperationState, "The state of a call.", RUNNING="It has not been answered yet.", DONE="It has been answered.")


@strawberry.type(description="A call that was made with an idempotency key.")
class Operation:
    mutation: str = strawberry.field(description="The mutation that was called.")
    state: OperationState = strawberry.field(description="Whether it has been answered.")
    started_at: DateTime = strawberry.field(description="When the gateway received it.")
    finished_at: DateTime | None = strawberry.field(description="When it was answered.")
    subscription: nouns.Subscription | None = strawberry.field(description="The subscription that it changed or made, in its present state.")
    invoice: nouns.Invoice | None = strawberry.field(description="The invoice that was issued or paid by it, if any.")
    installment: nouns.Installment | None = strawberry.field(description="The installment that was paid by it, if any.")
    payment: nouns.Payment | None = strawberry.field(description="The payment that was made for it, if any, in its present state.")
    attachments: list[nouns.Attachment] | None = strawberry.field(
        description="The files that were attached or announced by it, if any, in their present state.", metadata=FILES
    )
    user_errors: list[UserError] = strawberry.field(
        description="Why it was not done, where a payment was declined. Other refusals are not stored.", metadata=ERRORS
    )


def subscription_mutation(action: actions.MutationDefinition, *, input_type: Any, payload_type: Any, permission: Permission, description: str) -> Any:
    """Declare an idempotent mutation on a subscription. The payload is null only together with a top-level error."""

    return idempotent_mutation(
        partial(actions.run, action), name=action.mutation, input_type=input_type, payload_type=payload_type, permission=permission, description=description
    )


def idempotent_mutation(
    resolve: Callable[[Any, Context], Awaitable[MutationResult]], *, name: str, input_type: Any, payload_type: Any, permission: Permission, description: str
) -> Any:
    """Declare a mutation whose answer is stored under its idempotency key. The payload is null only together with a top-level error."""

    async def run(info: Info, input: Any) -> Any:
        context = info.context
        async with running(context):
            try:
                outcome = await resolved(context, name, lambda: resolve(input, context))
            except Refused as refused:
                outcome = MutationResult("", {}, refusal=refused)
        context.forget()
        return await _payload(outcome, context)

    run.__annotations__ = {"info": Info, "input": Annotated[input_type, strawberry.argument(description="What to do.")], "return": payload_type | None}
    return guarded(strawberry.mutation(resolver=run, graphql_type=payload_type | None, description=description, metadata=MUTATION), permission)


def preview(action: actions.MutationDefinition, *, input_type: Any, permission: Permission, description: str) -> Any:
    async def run(info: Info, input: Any) -> Any:
        try:
            return SimpleNamespace(preview=await actions.preview(action, input, info.context), user_errors=[])
        except Refused as refused:
            return SimpleNamespace(preview=None, user_errors=[error_of(refused)])

    argument = Annotated[input_type, strawberry.argument(description="As for the mutation. Idempotency key, version and token are ignored.")]
    run.__annotations__ = {"info": Info, "input": argument, "return": PreviewPayload | None}
    return guarded(strawberry.field(resolver=run, graphql_type=PreviewPayload | None, description=description, metadata=PREVIEW), permission)


async def _operation(info: Info, idempotency_key: Annotated[str, strawberry.argument(description="The idempotency key of the call.")]) -> Any:
    call = await operations.of_key(idempotency_key, info.context)
    if call is None:
        return None
    answer = operations.answer_of(call)
    refusal = answer.get("refusal")
    return SimpleNamespace(
        mutation=call.mutation,
        state=OperationState.DONE if call.finished_at else OperationState.RUNNING,
        started_at=call.started_at,
        finished_at=call.finished_at,
        user_errors=[SimpleNamespace(code=refusal["code"], message=refusal["message"], path=None, details=[])] if refusal else [],
        attachments=await mutation_result(answer["attachments"], call.customer_id, info.context) if "attachments" in answer else None,
        **await _objects(call.customer_id, answer, info.context),
    )


async def _payload(outcome: MutationResult, context: Context) -> Any:
    return SimpleNamespace(
        replayed=outcome.is_replayed,
        user_errors=[error_of(outcome.refusal)] if outcome.refusal else [],
        client_action=outcome.client_action,
        resumed_from=outcome.payload_ids.get("resumedFrom"),
        unreleased=[SimpleNamespace(**each) for each in outcome.payload_ids["unreleased"][:MAX_LISTED]] if "unreleased" in outcome.payload_ids else None,
        subscriptions_moved=outcome.payload_ids.get("subscriptions_moved"),
        outcome=SaveOutcome(outcome.payload_ids["outcome"]) if "outcome" in outcome.payload_ids else None,
        **customer_columns(outcome.customer_id or context.viewer.customer_id, context.viewer),
        **await _objects(outcome.customer_id, outcome.payload_ids, context),
        **await _lists(outcome.customer_id, outcome.payload_ids, context),
    )


async def _lists(customer_id: str | None, ids: Any, context: Context) -> dict[str, Any]:
    """Read the rows of the lists of ids in an answer, in their present state; None for a list that the answer does not have."""
    lists: dict[str, Any] = dict.fromkeys(LISTS)
    for name in [name for name in LISTS if name in ids]:
        lists[name] = await by_ids(customer_id, list(ids[name][:MAX_LISTED]), LISTS[name], context)
    return lists


async def _objects(customer_id: str | None, ids: Any, context: Context) -> dict[str, Any]:
    """Read the rows of the ids in an answer, in their present state."""
    objects: dict[str, Any] = dict.fromkeys(OBJECTS)
    for name in [name for name in OBJECTS if name in ids]:
        objects[name] = await by_id(customer_id, ids[name], (OBJECTS[name],), context)
    return objects


operation = strawberry.field(
    resolver=_operation,
    graphql_type=Operation | None,
    description="An earlier call, for a client that did not receive the answer. Null when there was none with this key, or it was refused and not stored.",
    metadata=CALL,
)
