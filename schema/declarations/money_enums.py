"""The enums of payments, payment schedules, refunds, credit notes and collection of `billing/states.py` with their descriptions."""

from billing import states
from schema.declarations.enums import described

described(
    states.CreditNoteReason,
    "Why a credit note was issued.",
    UNUSED_TIME="A plan was changed within a period: what was charged for the rest of it is taken back.",
    REFUND="A payment was refunded, and is not charged again.",
    CORRECTION="The merchant corrected the invoice.",
    GOODWILL="The merchant took something back as goodwill.",
    DUPLICATE="The same was invoiced twice.",
    ORDER_CHANGE="The order was changed or canceled.",
)
described(
    states.PaymentStatus,
    "The status of a payment.",
    PROCESSING="In flight; its outcome is not known yet.",
    REQUIRES_ACTION="Waits for the customer, for instance for 3-D Secure.",
    SUCCEEDED="Settled.",
    FAILED="Declined: see `declineCode`.",
    REFUNDED="Settled, and paid back in full.",
)
described(
    states.RefundStatus,
    "The status of a refund.",
    PENDING="Under way: the processor works on it, or its payment has not settled yet.",
    SUCCEEDED="The money went back.",
    FAILED="The money could not be paid back. What had been paid back on a credit note is the customer's credit.",
    REVERSED="A dispute that was decided for the merchant: the money was received again, and what it had paid is paid again.",
)
described(
    states.RefundReason,
    "Why money of a payment went back. What the merchant gave back is not charged again; what a bank took back is owed again.",
    REQUESTED="The merchant gave it back at the customer's request.",
    GOODWILL="The merchant gave it back as goodwill.",
    DUPLICATE="The merchant gave back what was paid twice.",
    FRAUDULENT="The merchant gave back a payment that was not the card holder's.",
    DISPUTE="The customer disputed the payment at their bank, which took it back.",
    RETURNED="The bank returned a direct debit, for instance because the account did not cover it.",
)
described(
    states.PaymentMethodKind,
    "What kind of payment method it is.",
    CARD="A credit or debit card.",
    SEPA_DEBIT="A SEPA direct debit mandate.",
    BANK_ACCOUNT="A bank account.",
    WALLET="A wallet such as Apple Pay.",
    BANK_TRANSFER="A transfer to the merchant's bank account, recorded by staff.",
    CASH="Cash, recorded by staff.",
    CHECK="A check, recorded by staff.",
    OTHER="Another way, recorded by staff.",
)
described(
    states.RecordedKind,
    "How money came that no processor took.",
    BANK_TRANSFER="A transfer to the merchant's bank account.",
    CASH="Cash.",
    CHECK="A check.",
    OTHER="Another way.",
)
described(
    states.CollectionMethod,
    "Who collects an invoice.",
    AUTOMATIC="The billing clock charges it, and retries what is declined.",
    MANUAL="It waits for a payment: by the customer, or one that staff record.",
)
described(
    states.BalanceEntryKind,
    "Why the balance changed.",
    CREDIT_NOTE="A credit note granted credit.",
    OVERPAYMENT="More was paid than was due.",
    APPLIED_TO_INVOICE="Credit paid an invoice.",
    ADJUSTMENT="The merchant corrected the balance.",
    CHARGE="An amount was charged to the account.",
    REFUND="Credit was paid out, or money that had become credit was paid back.",
    PAYMENT="A payment of what was owed on account.",
)
described(
    states.Collection,
    "How an unpaid invoice is collected by the billing clock.",
    NONE="Not at all: nothing remains, or it is not charged automatically.",
    DUE="It will be charged at `nextAttemptAt`.",
    RETRYING="It was declined, and is tried again at `nextAttemptAt`.",
    WAITING_FOR_METHOD="No payment method can be charged for it: there is none, or it expired, was deleted, or was declined for good. It is charged when there is another one.",
    GIVEN_UP="The last try has failed, its payment was disputed, or the merchant released the subscription. It is charged again only with another method or by the customer.",
)
described(
    states.ScheduleStatus,
    "The status of a payment schedule. Whether something is overdue is not a status: see `isOverdue`.",
    ACTIVE="Installments are left to pay.",
    FINISHED="Everything is paid.",
    CANCELED="Canceled; nothing more is due on it.",
)
described(
    states.Invoicing,
    "How a payment schedule is invoiced. In each case amounts are counted once.",
    NONE="Not at all; the installments are paid without an invoice.",
    COLLECTIVE="One invoice for all installments.",
    PER_INSTALLMENT="An invoice for each installment.",
)
described(
    states.InstallmentStatus,
    "The status of an installment. Whether it is overdue is not a status: see `isOverdue`.",
    DUE="Nothing is paid yet.",
    PARTIALLY_PAID="A part is paid.",
    PROCESSING="A payment is in flight.",
    PAID="All is paid.",
    FAILED="The last attempt to collect it failed; it stays due.",
    CANCELED="Nothing is due on it any more.",
    REFUNDED="Paid, and paid back in full; nothing is due on it any more.",
)
