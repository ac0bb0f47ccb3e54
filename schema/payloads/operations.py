"""Subscription mutations, their previews, and the query of an earlier call: how each is wired to its resolver."""

from collections.abc import Awaitable, Callable, Mapping
from enum import StrEnum
from functools import partial
from types import SimpleNamespace
from typing import Annotated, Any

import strawberry
from graphql.pyutils import camel_to_snake

from auth.permissions import Permission
from billing.refusals import Refused
from resolvers.context import Context, Info
from resolvers.idempotency import MutationResult
from resolvers.mutating import MAX_LISTED, resolved, running
from resolvers.reads import operations
from resolvers.reads.relations import BY_ID, type_name
from resolvers.subscriptions import actions
from schema.declarations import nouns
from schema.declarations.costs import CALL, ERRORS, FILES, MUTATION, PREVIEW
from schema.declarations.enums import described
from schema.declarations.fields import guarded, listed, one
from schema.declarations.merchant import SaveOutcome
from schema.declarations.payloads import UserError, customer_columns, error_of
from schema.declarations.scalars import DateTime
from schema.payloads.previews import PreviewPayload

# The objects that payloads have, such as `payment_schedule`. Stored answers have their ids by the same names.
OBJECTS = tuple(camel_to_snake(type_name(prefix)) for prefix in BY_ID)

# The lists of objects that payloads have, in the same way.
LISTS = ("invoices", "installments", "released")


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
    subscription = one(
        "subscriptions.by_id",
        key="subscription_key",
        graphql_type=nouns.Subscription | None,
        description="The subscription that it changed or made, in its present state.",
    )
    invoice = one("invoices.by_id", key="invoice_key", graphql_type=nouns.Invoice | None, description="The invoice that was issued or paid by it, if any.")
    installment = one(
        "installments.by_id", key="installment_key", graphql_type=nouns.Installment | None, description="The installment that was paid by it, if any."
    )
    payment = one(
        "payments.by_id", key="payment_key", graphql_type=nouns.Payment | None, description="The payment that was made for it, if any, in its present state."
    )
    attachments = listed(
        "attachments.by_id",
        keys="attachments_keys",
        graphql_type=nouns.Attachment,
        description="The files that were attached or announced by it, if any, in their present state.",
        cost=FILES,
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
        return _payload(outcome, context)

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
        customer_id=call.customer_id,
        attachments_keys=answer.get("attachments"),
        **_keys(answer),
    )


def _payload(outcome: MutationResult, context: Context) -> Any:
    context.replays += outcome.is_replayed
    ids = outcome.payload_ids
    return SimpleNamespace(
        replayed=outcome.is_replayed,
        user_errors=[error_of(outcome.refusal)] if outcome.refusal else [],
        client_action=outcome.client_action,
        resumed_from=ids.get("resumedFrom"),
        unreleased=[SimpleNamespace(**each) for each in ids["unreleased"][:MAX_LISTED]] if "unreleased" in ids else None,
        subscriptions_moved=ids.get("subscriptions_moved"),
        outcome=SaveOutcome(ids["outcome"]) if "outcome" in ids else None,
        **customer_columns(outcome.customer_id or context.viewer.customer_id, context.viewer),
        **{f"{name}_keys": list(ids[name][:MAX_LISTED]) if name in ids else None for name in LISTS},
        **_keys(ids),
    )


def _keys(ids: Mapping[str, Any]) -> dict[str, str | None]:
    """Return the columns by which the objects of an answer are read, in their present state."""
    return {f"{name}_key": ids.get(name) for name in OBJECTS}


operation = strawberry.field(
    resolver=_operation,
    graphql_type=Operation | None,
    description="An earlier call, for a client that did not receive the answer. Null when there was none with this key, or it was refused and not stored.",
    metadata=CALL,
)
