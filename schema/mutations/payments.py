"""The mutations of payments and payment methods."""

import strawberry

from auth import permissions
from resolvers.payments import methods, paying
from schema.declarations.payloads import mutation
from schema.payloads import payments
from schema.payloads.operations import idempotent_mutation


@strawberry.type(description="Paying, and payment methods.")
class PaymentMutations:
    pay_invoice = idempotent_mutation(
        paying.pay_invoice,
        name="payInvoice",
        input_type=payments.PayInvoiceInput,
        payload_type=payments.PayInvoicePayload,
        permission=permissions.PAYMENTS,
        description="Pay an invoice, with credit first. ALREADY_PAID, NOT_PAYABLE, IN_PROGRESS, AMOUNT_TOO_HIGH, PARTIAL_NOT_ALLOWED; PAYMENT_DECLINED changes nothing.",
    )
    pay_installment = idempotent_mutation(
        paying.pay_installment,
        name="payInstallment",
        input_type=payments.PayInstallmentInput,
        payload_type=payments.PayInstallmentPayload,
        permission=permissions.PAYMENTS,
        description="Pay an installment of a payment schedule, and with it the invoice that covers it. Refused like `payInvoice`.",
    )
    pay_all_due = idempotent_mutation(
        paying.pay_all_due,
        name="payAllDue",
        input_type=payments.PayAllDueInput,
        payload_type=payments.PayAllDuePayload,
        permission=permissions.PAYMENTS,
        description="Pay all that is due in a currency with one payment, the oldest first and what is owed on account last. What has a payment in progress is left out: "
        "IN_PROGRESS when nothing else is due, ALREADY_PAID when nothing is due.",
    )
    confirm_payment = idempotent_mutation(
        methods.confirm,
        name="confirmPayment",
        input_type=payments.ConfirmPaymentInput,
        payload_type=payments.ConfirmPaymentPayload,
        permission=permissions.PAYMENTS,
        description="Continue after the customer has completed the step that the processor requires. A change that depends on the payment takes effect when it succeeds.",
    )
    start_add_payment_method = mutation(
        methods.start_add,
        name="startAddPaymentMethod",
        input_type=payments.StartAddPaymentMethodInput,
        payload_type=payments.StartAddPaymentMethodPayload,
        payload_field=("setup",),
        permission=permissions.METHODS,
        description="Begin to add a method, in the processor's own form. PAYMENT_UNAVAILABLE: try again a little later.",
    )
    complete_add_payment_method = mutation(
        methods.complete_add,
        name="completeAddPaymentMethod",
        input_type=payments.CompleteAddPaymentMethodInput,
        payload_type=payments.CompleteAddPaymentMethodPayload,
        payload_field=("payment_method_key",),
        permission=permissions.METHODS,
        description="Save the method that was entered in the form. The same card again gives the same method. SETUP_UNFINISHED, NOT_FOUND.",
    )
    set_default_payment_method = mutation(
        methods.set_default,
        name="setDefaultPaymentMethod",
        input_type=payments.SetDefaultPaymentMethodInput,
        payload_type=payments.SetDefaultPaymentMethodPayload,
        payload_field=("payment_method_key",),
        permission=permissions.METHODS,
        description="Choose what is charged when a subscription names no method. METHOD_EXPIRED.",
    )
    delete_payment_method = mutation(
        methods.delete,
        name="deletePaymentMethod",
        input_type=payments.DeletePaymentMethodInput,
        payload_type=payments.DeletePaymentMethodPayload,
        payload_field=("deleted_payment_method_id", "replacement_key", "subscriptions_keys"),
        permission=permissions.METHODS,
        description="Delete a method. METHOD_IN_USE without a replacement while something is billed to it; IN_PROGRESS while a payment with it is in progress.",
    )
