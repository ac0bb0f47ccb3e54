"""The mutations of staff on invoices and money."""

import strawberry

from auth import permissions
from resolvers.invoicing import balances, crediting, extending, issuing, promising, recording, refunds, retrying, withdrawing
from schema.payloads import dunning, invoicing
from schema.payloads.operations import idempotent_mutation


@strawberry.type(description="Invoices and money, for staff.")
class InvoicingMutations:
    create_invoice = idempotent_mutation(
        issuing.create_invoice,
        name="createInvoice",
        input_type=invoicing.CreateInvoiceInput,
        payload_type=invoicing.CreateInvoicePayload,
        permission=permissions.INVOICES,
        description="For staff: issue an invoice at once. The customer's credit pays it first. INVALID_VALUE, CURRENCY_MISMATCH, EXTERNAL_ID_TAKEN.",
    )
    void_invoice = idempotent_mutation(
        withdrawing.void_invoice,
        name="voidInvoice",
        input_type=invoicing.VoidInvoiceInput,
        payload_type=invoicing.VoidInvoicePayload,
        permission=permissions.INVOICES,
        description="For staff: withdraw an invoice of which nothing was paid or credited. WRONG_STATE otherwise; IN_PROGRESS while a payment of it is in progress.",
    )
    write_off_invoice = idempotent_mutation(
        withdrawing.write_off_invoice,
        name="writeOffInvoice",
        input_type=invoicing.WriteOffInvoiceInput,
        payload_type=invoicing.WriteOffInvoicePayload,
        permission=permissions.INVOICES,
        description="For staff: no longer expect what remains of an invoice. It can still be paid, but is not overdue, not collected, and holds no subscription. WRONG_STATE, IN_PROGRESS.",
    )
    credit_invoice = idempotent_mutation(
        crediting.credit_invoice,
        name="creditInvoice",
        input_type=invoicing.CreditInvoiceInput,
        payload_type=invoicing.CreditInvoicePayload,
        permission=permissions.INVOICES,
        description="For staff: take back a part of an invoice, or all, by a credit note. It first lowers what remains; what was paid goes back by the processor (`refund`) or "
        "becomes the customer's credit (`toBalance`). WRONG_STATE, IN_PROGRESS, AMOUNT_TOO_HIGH, CURRENCY_MISMATCH; REFUND_DECLINED and PAYMENT_UNAVAILABLE change nothing.",
    )
    refund_payment = idempotent_mutation(
        refunds.refund_payment,
        name="refundPayment",
        input_type=invoicing.RefundPaymentInput,
        payload_type=invoicing.RefundPaymentPayload,
        permission=permissions.REFUND,
        description="For staff: give money of a payment back, by its processor; of a payment that staff recorded, record that it went back. What it had paid is credited by a credit "
        "note and not charged again. NOT_REFUNDABLE, AMOUNT_TOO_HIGH, CURRENCY_MISMATCH; REFUND_DECLINED and PAYMENT_UNAVAILABLE change nothing.",
    )
    record_payment = idempotent_mutation(
        recording.record_payment,
        name="recordPayment",
        input_type=invoicing.RecordPaymentInput,
        payload_type=invoicing.RecordPaymentPayload,
        permission=permissions.RECORD,
        description="For staff: record money that came by bank transfer, cash or check. It pays the invoice or installment that it is for, then the oldest debts, and what is more "
        "becomes the customer's credit. ALREADY_PAID, NOT_PAYABLE, IN_PROGRESS, CURRENCY_MISMATCH, EXTERNAL_ID_TAKEN.",
    )
    adjust_balance = idempotent_mutation(
        balances.adjust_balance,
        name="adjustBalance",
        input_type=invoicing.AdjustBalanceInput,
        payload_type=invoicing.AdjustBalancePayload,
        permission=permissions.BALANCE,
        description="For staff: add to the credit of a customer, or take from it. INVALID_VALUE, CURRENCY_MISMATCH.",
    )
    retry_now = idempotent_mutation(
        retrying.retry_now,
        name="retryNow",
        input_type=dunning.RetryNowInput,
        payload_type=dunning.RetryNowPayload,
        permission=permissions.COLLECT,
        description="For staff: charge what is due of an unpaid invoice now, to the method that the billing clock would charge. When it is declined, the clock goes on as before. "
        "WRONG_STATE for what the clock does not charge, or is not due; ALREADY_PAID, NOT_PAYABLE, IN_PROGRESS, PAYMENT_METHOD_REQUIRED; PAYMENT_DECLINED, PAYMENT_UNAVAILABLE.",
    )
    extend_due_date = idempotent_mutation(
        extending.extend_due_date,
        name="extendDueDate",
        input_type=dunning.ExtendDueDateInput,
        payload_type=dunning.ExtendDueDatePayload,
        permission=permissions.INVOICES,
        description="For staff: let an invoice or an installment be due later. Dunning begins anew on that day, a hold of dunning ends if nothing else is overdue, and an issued "
        "document stays as it was printed. INVALID_VALUE, WRONG_STATE, ALREADY_PAID, NOT_PAYABLE, IN_PROGRESS, VERSION_CONFLICT.",
    )
    promise_to_pay = idempotent_mutation(
        promising.promise_to_pay,
        name="promiseToPay",
        input_type=dunning.PromiseToPayInput,
        payload_type=dunning.PromiseToPayPayload,
        permission=permissions.INVOICES,
        description="For staff: note that the customer has promised to pay an invoice. Until the day after, the clock does not charge it, and dunning does not hold a subscription for "
        "it; then dunning goes on where it was. INVALID_VALUE, WRONG_STATE, ALREADY_PAID, NOT_PAYABLE, IN_PROGRESS, NO_CHANGE.",
    )
