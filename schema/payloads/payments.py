"""The inputs and payloads of the payment mutations."""

import strawberry

from schema.declarations import nouns
from schema.declarations.costs import CHANGED
from schema.declarations.fields import listed, one
from schema.declarations.payloads import CustomerPayload, KeyedPayload
from schema.declarations.scalars import BigInt, CurrencyCode
from schema.payloads.subscriptions import FOR, KEY, VERSION, ClientAction

METHOD = "What is charged. Null: the default method."
OPTIONAL_KEY = "An idempotency key of your choice, if you want one: the same key with the same input has one effect."


@strawberry.input(description="An invoice to pay.")
class PayInvoiceInput:
    invoice_id: strawberry.ID = strawberry.field(description="The invoice.")
    idempotency_key: str = strawberry.field(description=KEY)
    payment_method_id: strawberry.ID | None = strawberry.field(default=None, description=METHOD)
    amount_minor_units: BigInt | None = strawberry.field(
        default=None, description="A part of what remains, in minor units, where the merchant takes parts. Null: all that remains."
    )
    expected_version: int | None = strawberry.field(default=None, description=VERSION)


@strawberry.input(description="An installment to pay.")
class PayInstallmentInput:
    installment_id: strawberry.ID = strawberry.field(description="The installment. If an invoice covers it, that is paid too.")
    idempotency_key: str = strawberry.field(description=KEY)
    payment_method_id: strawberry.ID | None = strawberry.field(default=None, description=METHOD)
    amount_minor_units: BigInt | None = strawberry.field(
        default=None, description="A part of what remains, in minor units, where the merchant takes parts. Null: all that remains."
    )
    expected_version: int | None = strawberry.field(default=None, description=VERSION)


@strawberry.input(
    description="All that is due in a currency: invoices and installments, oldest first, then what is owed on account. What has a payment in progress is left out."
)
class PayAllDueInput:
    currency: CurrencyCode = strawberry.field(description="The currency, as `summary.totalDue` lists it.")
    idempotency_key: str = strawberry.field(description=KEY)
    payment_method_id: strawberry.ID | None = strawberry.field(default=None, description=METHOD)
    customer_id: strawberry.ID | None = strawberry.field(default=None, description=FOR)


@strawberry.input(description="A payment that the customer has confirmed with the processor.")
class ConfirmPaymentInput:
    payment_id: strawberry.ID = strawberry.field(description="The payment that REQUIRES_ACTION.")


@strawberry.input(description="A method that is to be added.")
class StartAddPaymentMethodInput:
    idempotency_key: str | None = strawberry.field(default=None, description=OPTIONAL_KEY)
    customer_id: strawberry.ID | None = strawberry.field(default=None, description=FOR)


@strawberry.input(description="A method that was entered in the processor's form.")
class CompleteAddPaymentMethodInput:
    reference: str = strawberry.field(description="From `startAddPaymentMethod`.")
    make_default: bool = strawberry.field(default=False, description="Whether it becomes the default. The first method always does.")
    customer_id: strawberry.ID | None = strawberry.field(default=None, description=FOR)


@strawberry.input(description="The method that is to be the default.")
class SetDefaultPaymentMethodInput:
    payment_method_id: strawberry.ID = strawberry.field(description="The method.")
    retry_past_due: bool = strawberry.field(
        default=False,
        description="Whether invoices of subscriptions that are past due are charged to it, within a minute or so, also when it was declined before. "
        "Without it, only another method than the one that was declined is charged for them.",
    )
    expected_version: int | None = strawberry.field(default=None, description=VERSION)


@strawberry.input(description="A method that is to be deleted.")
class DeletePaymentMethodInput:
    payment_method_id: strawberry.ID = strawberry.field(description="The method.")
    replacement_id: strawberry.ID | None = strawberry.field(
        default=None, description="The method to which what is billed to it moves. Needed while something is billed to it."
    )
    expected_version: int | None = strawberry.field(default=None, description=VERSION)


@strawberry.type(description="The result of a payment.")
class PaidPayload(CustomerPayload):
    payment = one(
        "payments.by_id",
        key="payment_key",
        graphql_type=nouns.Payment | None,
        description="The payment; null when it was refused or credit paid for everything. PROCESSING and REQUIRES_ACTION are decided later.",
    )
    client_action: ClientAction | None = strawberry.field(description="For a payment that REQUIRES_ACTION, what the client needs to finish it.")


@strawberry.type(description="The result of paying an invoice.")
class PayInvoicePayload(PaidPayload, KeyedPayload):
    invoice = one(
        "invoices.by_id",
        key="invoice_key",
        graphql_type=nouns.Invoice | None,
        description="The invoice as it is now, also after a declined payment; null when no payment was made.",
    )


@strawberry.type(description="The result of paying an installment.")
class PayInstallmentPayload(PaidPayload, KeyedPayload):
    installment = one(
        "installments.by_id",
        key="installment_key",
        graphql_type=nouns.Installment | None,
        description="The installment as it is now, also after a declined payment; null when no payment was made.",
    )
    invoice = one("invoices.by_id", key="invoice_key", graphql_type=nouns.Invoice | None, description="The invoice that covers it, if one does; likewise.")


@strawberry.type(description="The result of paying all that is due.")
class PayAllDuePayload(PaidPayload, KeyedPayload):
    invoices = listed(
        "invoices.by_id",
        keys="invoices_keys",
        graphql_type=nouns.Invoice,
        description="The invoices that the payment and credit are for, the oldest first, as they are now: at most 50. Also after a declined payment; null when no "
        "payment was made.",
        cost=CHANGED,
    )
    installments = listed(
        "installments.by_id",
        keys="installments_keys",
        graphql_type=nouns.Installment,
        description="The installments that they are for, in invoices or without; likewise.",
        cost=CHANGED,
    )


@strawberry.type(description="The result of confirming a payment.")
class ConfirmPaymentPayload(PaidPayload):
    pass


@strawberry.type(description="What the processor's own form needs. The card number goes to the processor and never to the gateway.")
class PaymentMethodSetup:
    reference: str = strawberry.field(description="Pass it to `completeAddPaymentMethod` when the form is finished.")
    action: ClientAction = strawberry.field(description="For the processor's code in the browser.")


@strawberry.type(description="The result of beginning to add a method.")
class StartAddPaymentMethodPayload(CustomerPayload):
    setup: PaymentMethodSetup | None = strawberry.field(description="What the form needs; null when it was refused.")


@strawberry.type(description="The payment method of a mutation.")
class MethodPayload(CustomerPayload):
    payment_method = one(
        "payment_methods.by_id",
        key="payment_method_key",
        graphql_type=nouns.PaymentMethod | None,
        description="The method as it is now; null when it was refused.",
    )


@strawberry.type(description="The result of adding a method.")
class CompleteAddPaymentMethodPayload(MethodPayload):
    pass


@strawberry.type(description="The result of choosing the default.")
class SetDefaultPaymentMethodPayload(MethodPayload):
    pass


@strawberry.type(description="The result of deleting a method.")
class DeletePaymentMethodPayload(CustomerPayload):
    deleted_payment_method_id: strawberry.ID | None = strawberry.field(description="The id of the deleted method; null when it was refused.")
    replacement = one(
        "payment_methods.by_id",
        key="replacement_key",
        graphql_type=nouns.PaymentMethod | None,
        description="The method of `replacementId` as it is now, if there is one.",
    )
    subscriptions = listed(
        "subscriptions.by_id",
        keys="subscriptions_keys",
        graphql_type=nouns.Subscription,
        description="The subscriptions that named the deleted method, as they are now: at most 50, the oldest first. They name the replacement or, without one, no "
        "method, and are charged to the default. Null when it was refused.",
        cost=CHANGED,
    )
