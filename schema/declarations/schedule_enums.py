"""The enums of payment schedules of `billing/states.py` with their descriptions."""

from billing import states
from schema.declarations.enums import described

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
