"""The subscription mutations and their previews. Each mutation takes one input with an idempotency key."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

from auth.throttle import Kind
from billing.lifecycle.actions import check_version
from billing.lifecycle.facts import Decision, SubscriptionFacts
from billing.money.charges import Line
from billing.money.money import Money
from billing.money.notes import IssuedCreditNote, NoteLine
from billing.refusals import ErrorCode, Refused
from billing.rows.contracts import Contract
from billing.states import SuspendedBy
from db.unit_of_work import Transaction
from resolvers.audit import fresh_id
from resolvers.changes import previews
from resolvers.changes.saving import merged
from resolvers.changes.writing import WriteContext, rows_of
from resolvers.charges import dunning
from resolvers.charges.attempts import check_method
from resolvers.charges.charging import reserve
from resolvers.context import Context, payments_of
from resolvers.idempotency import MutationCall, MutationResult
from resolvers.reads.facts import NOT_FOUND, block_reader
from resolvers.reads.ownership import customer_named, owner_named
from resolvers.recognition import once, throttled
from resolvers.subscriptions import decisions
from resolvers.subscriptions.advance import SubscriptionBehindClock
from resolvers.subscriptions.decisions import Decide
from resolvers.subscriptions.idempotent_call import Prepare, Prepared, counted, run_idempotent

BEHIND_CLOCK = "It is being renewed at this moment. Try again shortly."


@dataclass(frozen=True, slots=True)
class MutationDefinition:
    """A mutation: its name, and how its input becomes a plan.

    `is_guessable`: its input may have a coupon code, so that attempts are throttled.
    """

    mutation: str
    plan: Callable[[Any, Context], Decide]
    is_guessable: bool = False


def _of(mutation: str, plan: Callable[[Any], Decide], *, is_guessable: bool = False) -> MutationDefinition:
    return MutationDefinition(mutation, lambda arguments, _: plan(arguments), is_guessable)


PAUSE = _of("pauseSubscription", decisions.pause)
SUSPEND = _of("suspendSubscription", decisions.suspend)
RESUME = _of("resumeSubscription", decisions.resume_)
CANCEL = _of("cancelSubscription", decisions.cancel)
WITHDRAW = _of("withdrawPendingChange", decisions.withdraw)
CHANGE_PLAN = _of("changePlan", decisions.change_plan)
UPDATE_QUANTITY = _of("updateQuantity", decisions.update_quantity)
APPLY_COUPON = _of("applyCoupon", decisions.apply_coupon, is_guessable=True)
REMOVE_COUPON = _of("removeCoupon", decisions.remove_coupon)
HOLD = _of("holdSubscription", decisions.hold)
RELEASE = _of("releaseSubscription", decisions.release)
ADD_PLAN = MutationDefinition(
    "addPlan", lambda arguments, context: decisions.add_plan(arguments, fresh_id("sub", context), payments_of(context).trials), is_guessable=True
)


# What ends or stops something is done for closed customers too.
ENDS = {CANCEL.mutation, SUSPEND.mutation, HOLD.mutation}


async def run(action: MutationDefinition, arguments: Any, context: Context) -> MutationResult:
    """Run the mutation. Attempts with a coupon code are counted, whether the code is valid or not. Raises Refused, TooManyAttempts."""
    prepare = _preparing(context, arguments, action)
    if _guesses(action, arguments, context):
        once(context)
        prepare = counted(prepare, Kind.COUPON, context)
    owner = await _owner(arguments, context)
    return await run_idempotent(context, arguments, action.mutation, prepare, owner=owner)


async def preview(action: MutationDefinition, arguments: Any, context: Context) -> Any:
    """Return the same decision, without locks and without writing it. Raises Refused, TooManyAttempts."""
    if _guesses(action, arguments, context):
        await throttled(context, Kind.COUPON)
    owner = await _owner(arguments, context)
    try:
        facts, decision = await action.plan(arguments, context)(block_reader(context, owner), context.now)
        _check_open(facts, action)
    except SubscriptionBehindClock:
        raise Refused(ErrorCode.IN_PROGRESS, BEHIND_CLOCK) from None
    if decision.due_minor:
        check_method(facts.account, payments_of(context).processors)
    return _decision_view(facts, decision, previews.pin(arguments, action.mutation, decision, context))


def _preparing(context: Context, arguments: Any, action: MutationDefinition) -> Prepare:
    async def prepare(transaction: Transaction, by: WriteContext, call: MutationCall | None) -> Prepared:
        pinned = previews.pinned(arguments, action.mutation, context)
        facts, decision = await action.plan(arguments, context)(transaction.run, pinned.at if pinned else by.now)
        _check_open(facts, action)
        check_version(getattr(arguments, "expected_version", None), facts.contract.version)
        if pinned:
            pinned.check(decision)
        prepared = _prepared(facts, decision, call, by=by)
        if SuspendedBy.DUNNING in facts.contract.holds and action is RELEASE and SuspendedBy.DUNNING not in decision.contract.holds:
            collection_rows = await dunning.end_collection(transaction, facts.contract.id, by=by)
            return replace(prepared, changes=merged(collection_rows, prepared.changes))
        return prepared

    return prepare


def _prepared(facts: SubscriptionFacts, decision: Decision, call: MutationCall | None, *, by: WriteContext) -> Prepared:
    shows = {"subscription": facts.contract.id, "resumedFrom": decision.resumed_from}
    if decision.due_minor:
        sending, changes = reserve(facts, decision, shows, call, by=by)
        return Prepared(shows, changes, facts.contract.id, sending)
    changes = rows_of(facts, decision, by) if decision.events else {}
    invoice_id = changes["invoice"][0]["id"] if changes.get("invoice") else None
    return Prepared(shows | {"invoice": invoice_id}, changes, facts.contract.id)


@dataclass(frozen=True, slots=True)
class DecisionView:
    """A decision as the API presents it. Amounts are Money."""

    effective_at: Any
    status: str
    invoice_total: Money
    credit_used: Money
    amount_due: Money
    credit_granted: Money
    lines: list[Any]
    credit_notes: list[Any]
    trial_ends_at: Any
    renews_at: Any
    renewal_amount: Money
    warnings: list[str]
    preview_token: str


@dataclass(frozen=True, slots=True)
class LineView:
    description: str
    quantity: int
    subtotal: Money
    discount: Money
    tax: Money
    total: Money
    starts_at: Any
    ends_at: Any


@dataclass(frozen=True, slots=True)
class CreditNoteLineView:
    description: str
    subtotal: Money
    tax: Money
    total: Money
    starts_at: Any
    ends_at: Any


@dataclass(frozen=True, slots=True)
class CreditNoteView:
    invoice_id: str
    customer_id: str
    reason: str
    subtotal: Money
    tax: Money
    total: Money
    amount_released: Money
    amount_to_balance: Money
    lines: list[Any]


def _check_open(facts: SubscriptionFacts, action: MutationDefinition) -> None:
    if facts.account.is_closed and action.mutation not in ENDS:
        raise Refused(ErrorCode.CUSTOMER_CLOSED, "The customer is closed. Reopen the customer first.")


def _guesses(action: MutationDefinition, arguments: Any, context: Context) -> bool:
    """Return whether the call tries a coupon code. Staff can read the codes, so they guess none."""
    return action.is_guessable and not context.viewer.is_staff and bool(getattr(arguments, "code", None) or getattr(arguments, "coupon_code", None))


async def _owner(arguments: Any, context: Context) -> str:
    """Return the customer of the subscription, or for a new subscription the one who gets it. Raises Refused."""
    if not hasattr(arguments, "subscription_id"):
        return await customer_named(arguments, context)
    return await owner_named(str(arguments.subscription_id), "subscriptionId", context, message=NOT_FOUND)


def _decision_view(facts: SubscriptionFacts, decision: Decision, token: str) -> DecisionView:
    after, bill = decision.contract, decision.bill

    def money(minor: int) -> Money:
        return Money(minor, after.currency)

    return DecisionView(
        effective_at=decision.effective_at or facts.now,
        status=after.status,
        invoice_total=money(bill.total_minor if bill else 0),
        credit_used=money(bill.credited_minor if bill else 0),
        amount_due=money(decision.due_minor),
        credit_granted=money(decision.granted_minor),
        lines=[_line(line, after.currency) for line in bill.lines] if bill else [],
        credit_notes=[_note(note, after) for note in decision.notes],
        trial_ends_at=after.trial_ends_at,
        renews_at=after.renews_at,
        renewal_amount=money(after.renewal_minor),
        warnings=list(decision.warnings),
        preview_token=token,
    )


def _line(line: Line, currency: str) -> LineView:
    amounts = line.amounts
    minors = (amounts.subtotal_minor, amounts.discount_minor, amounts.tax_minor, amounts.total_minor)
    subtotal, discount, tax, total = (Money(minor, currency) for minor in minors)
    return LineView(line.description, line.quantity, subtotal, discount, tax, total, line.period.starts_at, line.period.ends_at)


def _note(note: IssuedCreditNote, contract: Contract) -> CreditNoteView:
    def money(minor: int) -> Money:
        return Money(minor, contract.currency)

    return CreditNoteView(
        invoice_id=note.invoice_id,
        customer_id=contract.customer_id,
        reason=note.reason,
        subtotal=money(note.net_minor),
        tax=money(note.tax_minor),
        total=money(note.total_minor),
        amount_released=money(note.released_minor),
        amount_to_balance=money(note.granted_minor),
        lines=[_note_line(line, contract.currency) for line in note.lines],
    )


def _note_line(line: NoteLine, currency: str) -> CreditNoteLineView:
    subtotal, tax, total = (Money(minor, currency) for minor in (line.net_minor, line.tax_minor, line.total_minor))
    starts_at, ends_at = (line.period.starts_at, line.period.ends_at) if line.period else (None, None)
    return CreditNoteLineView(line.description, subtotal, tax, total, starts_at, ends_at)
