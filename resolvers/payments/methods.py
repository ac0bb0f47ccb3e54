"""Payment methods. They are added in the processor's own form, so that no card number reaches the gateway; one of them is the default."""

from dataclasses import dataclass, replace
from typing import Any

from auth.throttle import Kind
from billing.lifecycle.actions import Action, ActionAvailability, check_action, check_version, of_method
from billing.refusals import ErrorCode, Refused
from billing.rows.money.owed import SavedMethod
from db.unit_of_work import Transaction
from payments.processor import MethodDetails, OutcomeUnknown, Payer, Processor, ProcessorUnavailable, SetupNotFound, SetupStart, SetupUnfinished, configured
from resolvers.audit import fresh_id, note
from resolvers.changes.writing import writer
from resolvers.charges import dunning
from resolvers.charges.charging import TRY_AGAIN, apply_result, log_no_answer
from resolvers.context import Context, identity_of, payments_of
from resolvers.idempotency import MutationResult, outcome_of
from resolvers.letters import customer_of
from resolvers.mutating import MAX_LISTED
from resolvers.reads.facts import block_reader
from resolvers.reads.ownership import customer_named, owner_named, unit_of_work_for, writing_for
from resolvers.recognition import caller_of

ALREADY_DELETED = "There is no such payment method."
NO_PAYMENT = "There is no such payment."


@dataclass(frozen=True, slots=True)
class DeletedMethod:
    """The id of a deleted method, its customer, the id of the method that replaces it, and those of the subscriptions that named it."""

    customer_id: str
    deleted_payment_method_id: str
    replacement_key: str | None
    subscriptions_keys: list[str]


@dataclass(frozen=True, slots=True)
class ChangedMethod:
    """The id of a method, and its customer."""

    customer_id: str
    payment_method_key: str


@dataclass(frozen=True, slots=True)
class StartedSetup:
    """What the processor's form needs, and whose method it will be."""

    customer_id: str
    setup: SetupStart


async def start_add(arguments: Any, context: Context) -> StartedSetup:
    """Return what the processor's form needs. The same key returns the same form. Raises Refused, TooManyAttempts."""
    processor = _processor(context)
    if not context.viewer.is_staff:
        await identity_of(context).throttle.hit(Kind.METHOD, caller_of(context))
    customer = await customer_of(context, await customer_named(arguments, context))
    known = await block_reader(context, customer.id)("payment_methods.known_at", processor=processor.name)
    await context.session.release()
    key = f"{customer.id} {arguments.idempotency_key}" if arguments.idempotency_key else fresh_id("set", context)
    try:
        setup = await processor.start_setup(Payer(customer.id, customer.email, known[0].reference if known else None), key=key)
    except ProcessorUnavailable as error:
        log_no_answer(processor.name, error)
        raise Refused(ErrorCode.PAYMENT_UNAVAILABLE, TRY_AGAIN) from None
    return StartedSetup(customer.id, setup)


async def complete_add(arguments: Any, context: Context) -> ChangedMethod:
    """Store the method of a finished form. A repeated call, and the same card in another form, give the same method. Raises Refused."""
    customer_id = await customer_named(arguments, context)
    await context.session.release()
    processor = _processor(context)
    details = await _finished(processor, arguments.reference, customer_id)
    async with writing_for(context, customer_id) as transaction:
        await transaction.run("customers.lock")
        (added,) = await transaction.run("payment_methods.add", id=fresh_id("pm", context), processor=processor.name, **_columns(details))
        if arguments.make_default:
            await _make_default(transaction, added.id)
        method = await _method(transaction, added.id, "reference")
        await _charge_open(transaction, context, is_chosen=method.is_default)
        await note(transaction, context, "completeAddPaymentMethod", detail=added.id)
    return ChangedMethod(customer_id, added.id)


async def set_default(arguments: Any, context: Context) -> ChangedMethod:
    owner = await _owner(arguments, context)
    async with writing_for(context, owner) as transaction:
        method = await _named(transaction, arguments)
        # The current default may be set again to request a charge of what is past due.
        if not (method.is_default and arguments.retry_past_due):
            check_action(_states(method), Action.SET_DEFAULT)
        await _make_default(transaction, method.id)
        await _charge_open(transaction, context, is_chosen=True, is_requested=arguments.retry_past_due)
        await note(transaction, context, "setDefaultPaymentMethod", detail=method.id)
    return ChangedMethod(owner, method.id)


async def delete(arguments: Any, context: Context) -> DeletedMethod:
    """Delete a method. With a replacement, subscriptions that it pays move there. The processor detaches it after the commit; a failure of that call does no harm.

    Raises Refused.
    """
    owner = await _owner(arguments, context)
    async with writing_for(context, owner) as transaction:
        method = await _named(transaction, arguments)
        replacement = await _replacement(transaction, arguments, method)
        check_action(_states(replace(method, is_in_use=method.is_in_use and replacement is None)), Action.DELETE)
        await transaction.run("payment_methods.delete", key=method.id)
        moved = await transaction.run("subscriptions.move_method", key=method.id, successor=replacement.id if replacement else None)
        if replacement and method.is_default:
            await _make_default(transaction, replacement.id)
        await _charge_open(transaction, context, is_chosen=False)
        await note(transaction, context, "deletePaymentMethod", detail=method.id)
    await _forget(context, method)
    return DeletedMethod(owner, method.id, replacement.id if replacement else None, sorted(row.id for row in moved)[:MAX_LISTED])


async def confirm(arguments: Any, context: Context) -> MutationResult:
    """Look up a payment after the customer has completed the processor's action, and apply its result. Raises Refused."""
    owner = await owner_named(str(arguments.payment_id), "paymentId", context, message=NO_PAYMENT)
    async with writing_for(context, owner) as transaction:
        attempt = await transaction.first("charges.attempt", key=str(arguments.payment_id))
    if attempt is None:
        raise Refused(ErrorCode.NOT_FOUND, NO_PAYMENT, "paymentId")
    if attempt.status in ("PROCESSING", "REQUIRES_ACTION") and attempt.processor_reference:
        try:
            result = await configured(payments_of(context).processors, attempt.processor).confirm(attempt.processor_reference)
        except (ProcessorUnavailable, OutcomeUnknown) as error:
            log_no_answer(attempt.processor, error)
            raise Refused(ErrorCode.PAYMENT_UNAVAILABLE, TRY_AGAIN) from None
        answer = await apply_result(unit_of_work_for(context, owner), attempt.payment_id, result, by=writer(context))
        return replace(outcome_of(attempt.customer_id, answer | {"payment": attempt.payment_id}), client_action=result.client_action)
    return MutationResult(attempt.customer_id, {"payment": attempt.payment_id}, is_replayed=True)


async def _owner(arguments: Any, context: Context) -> str:
    return await owner_named(str(arguments.payment_method_id), "paymentMethodId", context, message=ALREADY_DELETED)


async def _finished(processor: Processor, reference: str, customer_id: str) -> MethodDetails:
    try:
        return await processor.finish_setup(reference, customer_id=customer_id)
    except SetupNotFound:
        raise Refused(ErrorCode.NOT_FOUND, "No payment method setup with this reference. Call `startAddPaymentMethod` again.", "reference") from None
    except SetupUnfinished:
        raise Refused(ErrorCode.SETUP_UNFINISHED, "The payment method setup is not complete, or the processor refused the method.", "reference") from None
    except ProcessorUnavailable as error:
        log_no_answer(processor.name, error)
        raise Refused(ErrorCode.PAYMENT_UNAVAILABLE, TRY_AGAIN) from None


async def _named(transaction: Transaction, arguments: Any) -> SavedMethod:
    """Return the method of an input, under the customer's lock. Raises Refused, also where it has another version."""
    await transaction.run("customers.lock")
    method = await _method(transaction, str(arguments.payment_method_id), "paymentMethodId")
    check_version(arguments.expected_version, method.version)
    return method


async def _method(transaction: Transaction, identifier: str, field: str) -> SavedMethod:
    method: SavedMethod | None = await transaction.first("payment_methods.saved", ids=[identifier])
    if method is None:
        raise Refused(ErrorCode.NOT_FOUND, ALREADY_DELETED, field)
    return method


async def _replacement(transaction: Transaction, arguments: Any, method: SavedMethod) -> SavedMethod | None:
    if arguments.replacement_id is None:
        return None
    replacement = await _method(transaction, str(arguments.replacement_id), "replacementId")
    if replacement.id == method.id or replacement.is_expired:
        raise Refused(ErrorCode.METHOD_EXPIRED if replacement.is_expired else ErrorCode.INVALID_VALUE, "That method cannot replace it.", "replacementId")
    return replacement


async def _make_default(transaction: Transaction, identifier: str) -> None:
    await transaction.run("payment_methods.demote", key=identifier)
    await transaction.run("payment_methods.promote", key=identifier)


async def _charge_open(transaction: Transaction, context: Context, *, is_chosen: bool, is_requested: bool = False) -> None:
    """Schedule open invoices to be charged to a new method with the next pass of the billing clock. `is_chosen`: the customer has set a default, which is to be charged."""
    if is_chosen:
        await transaction.run("collections.move_to_default", is_requested=is_requested)
    await dunning.methods_changed(transaction, is_requested=is_requested, by=writer(context))


async def _forget(context: Context, method: SavedMethod) -> None:
    processor = payments_of(context).processors.get(method.processor)
    if processor:
        try:
            await processor.detach(method.processor_reference)
        except ProcessorUnavailable as error:
            log_no_answer(method.processor, error)


def _processor(context: Context) -> Processor:
    """Return the first configured processor, where new methods are added."""
    return next(iter(payments_of(context).processors.values()))


def _states(method: SavedMethod) -> list[ActionAvailability]:
    return of_method(method.is_default, method.is_expired, method.is_in_use, method.has_payment_in_flight)


def _columns(details: MethodDetails) -> dict[str, Any]:
    return {
        "kind": details.kind,
        "brand": details.brand,
        "last4": details.last4,
        "expires_on": details.expires_on,
        "fingerprint": details.fingerprint,
        "reference": details.method_reference,
    }
