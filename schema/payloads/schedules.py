"""The inputs and payloads of payment schedules, for staff."""

from types import SimpleNamespace
from typing import Annotated, Any

import strawberry

from auth.permissions import Permission
from billing.money.money import Money
from billing.refusals import Refused
from billing.schedules.installments import MAX_INSTALLMENTS
from billing.states import BillingInterval, CollectionMethod, Invoicing
from resolvers.context import Info
from resolvers.schedules import creating
from schema.declarations import nouns
from schema.declarations.costs import ERRORS, PREVIEW, costing
from schema.declarations.fields import guarded, one
from schema.declarations.payloads import CustomerPayload, KeyedPayload, UserError, error_of
from schema.declarations.scalars import CurrencyCode, Date, Decimal, Metadata
from schema.payloads.subscriptions import KEY, VERSION

BACKDATED = "Whether due days that have passed where the customer lives are intended."
AMOUNT = "What it comes to with tax, in major units, with at most the decimals of the currency."
OWN_ID = "Your own id of it, unique among all of this kind and never changed."


@strawberry.input(description="How far one installment is from the next.")
class InstallmentEvery:
    interval: BillingInterval = strawberry.field(description="The unit.")
    count: int = strawberry.field(default=1, description="How many of these units, 1 to 36.")


@strawberry.input(description="An amount in equal parts that add up to it: where it does not divide, the first parts are a minor unit larger.")
class EqualInstallmentsInput:
    total: Decimal = strawberry.field(description="The sum of the parts with tax, in major units.")
    count: int = strawberry.field(description=f"How many parts, 1 to {MAX_INSTALLMENTS}.")
    first_due_on: Date = strawberry.field(
        description="The day of the first one. Each day is counted from it: the 31st becomes the 30th in a shorter month, and the 31st again."
    )
    every: InstallmentEvery = strawberry.field(description="How far the parts are from each other.")


@strawberry.input(description="A new installment.")
class NewInstallmentInput:
    name: str | None = strawberry.field(default=None, description='What it is called, at most 200 characters. Null: its number, such as "2/6".')
    due_on: Date = strawberry.field(description="The day on which it is due, where the customer lives.")
    amount: Decimal = strawberry.field(description=AMOUNT)
    external_id: str | None = strawberry.field(default=None, description=OWN_ID)


@strawberry.input(description="An amount that a customer is to pay in installments.")
class CreatePaymentScheduleInput:
    customer_id: strawberry.ID = strawberry.field(description="Who pays it.")
    idempotency_key: str = strawberry.field(description=KEY)
    name: str = strawberry.field(description="What it is for, at most 200 characters. It is on the invoices.")
    currency: CurrencyCode = strawberry.field(description="The currency of all its amounts.")
    subscription_id: strawberry.ID | None = strawberry.field(
        default=None,
        description="The subscription of the customer that it belongs to. Installments are then charged to its payment method, and overdue ones count for it.",
    )
    invoicing: Invoicing = strawberry.field(description="How it is invoiced.")
    collection: CollectionMethod = strawberry.field(
        default=CollectionMethod.MANUAL,
        description="Whether installments are charged on their days. AUTOMATIC needs an invoice, so not with `invoicing: NONE`.",
    )
    installments: list[NewInstallmentInput] | None = strawberry.field(
        default=None, description=f"Its installments in the order of their days, 1 to {MAX_INSTALLMENTS}; or `equalInstallments`."
    )
    equal_installments: EqualInstallmentsInput | None = strawberry.field(
        default=None, description="Its installments as equal parts, instead of `installments`."
    )
    external_id: str | None = strawberry.field(default=None, description=OWN_ID)
    metadata: Metadata | None = strawberry.field(default=None, description="Pairs of your own.")
    backdated: bool = strawberry.field(default=False, description=BACKDATED)


@strawberry.input(description="New values of an installment of which nothing is paid. What is null stays.")
class ChangedInstallmentInput:
    installment_id: strawberry.ID = strawberry.field(description="The installment.")
    name: str | None = strawberry.field(default=None, description="What it is called.")
    due_on: Date | None = strawberry.field(default=None, description="The day on which it is due, where the customer lives.")
    amount: Decimal | None = strawberry.field(default=None, description=AMOUNT)


@strawberry.input(description="What changes of the installments of a payment schedule.")
class UpdateInstallmentsInput:
    payment_schedule_id: strawberry.ID = strawberry.field(description="The payment schedule.")
    idempotency_key: str = strawberry.field(description=KEY)
    expected_version: int = strawberry.field(description=VERSION)
    change: list[ChangedInstallmentInput] | None = strawberry.field(default=None, description="Installments that get other values.")
    add: list[NewInstallmentInput] | None = strawberry.field(default=None, description="New installments.")
    remove: list[strawberry.ID] | None = strawberry.field(
        default=None, description="Installments that go. One that an invoice or a payment names stays as CANCELED."
    )
    backdated: bool = strawberry.field(default=False, description=BACKDATED)


@strawberry.input(description="A payment schedule that ends.")
class CancelPaymentScheduleInput:
    payment_schedule_id: strawberry.ID = strawberry.field(description="The payment schedule.")
    idempotency_key: str = strawberry.field(description=KEY)
    expected_version: int | None = strawberry.field(default=None, description=VERSION)


@strawberry.type(description="The payment schedule of a mutation.")
class SchedulePayload(KeyedPayload, CustomerPayload):
    payment_schedule = one(
        "schedules.by_id",
        key="payment_schedule_key",
        graphql_type=nouns.PaymentSchedule | None,
        description="The payment schedule as it is now; null when it was refused.",
    )


@strawberry.type(description="The result of creating a payment schedule.")
class CreatePaymentSchedulePayload(SchedulePayload):
    pass


@strawberry.type(description="The result of changing installments.")
class UpdateInstallmentsPayload(SchedulePayload):
    pass


@strawberry.type(description="The result of canceling a payment schedule.")
class CancelPaymentSchedulePayload(SchedulePayload):
    pass


@strawberry.type(description="An installment that is not written yet.")
class InstallmentPreview:
    name: str = strawberry.field(description="What it would be called.")
    due_on: Date = strawberry.field(description="The day on which it would be due.")
    amount: nouns.MoneyType = strawberry.field(description="What it would come to, with tax.")


@strawberry.type(description="Equal installments, or why there are none.")
class EqualInstallmentsPayload:
    installments: list[InstallmentPreview] = strawberry.field(
        description="The parts, which add up to the total; empty when it was refused.", metadata=costing(0, length=MAX_INSTALLMENTS)
    )
    user_errors: list[UserError] = strawberry.field(description="Why it was refused. Empty otherwise.", metadata=ERRORS)


async def _equal_installments(
    info: Info,
    currency: Annotated[CurrencyCode, strawberry.argument(description="The currency of the total.")],
    input: Annotated[EqualInstallmentsInput, strawberry.argument(description="What is to be paid in equal parts.")],
) -> Any:
    try:
        parts = creating.equal_parts(input, str(currency))
    except Refused as refused:
        return SimpleNamespace(installments=[], user_errors=[error_of(refused)])
    rows = [SimpleNamespace(name=one.name, due_on=one.due_on, amount=Money(one.amount_minor, str(currency))) for one in parts]
    return SimpleNamespace(installments=rows, user_errors=[])


def equal_installments(permission: Permission) -> Any:
    """Declare the preview of equal installments, which reads and writes nothing."""
    field = strawberry.field(
        resolver=_equal_installments,
        graphql_type=EqualInstallmentsPayload | None,
        description="For staff: an amount in equal installments, as `createPaymentSchedule` would write them. Nothing is written.",
        metadata=PREVIEW,
    )
    return guarded(field, permission)
