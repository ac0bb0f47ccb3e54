"""What the merchant's programs send and read: external ids, metadata, and the outcome of saving an object."""

from billing.merchant.names import ExternalIdKind as ExternalIdKind
from billing.merchant.upserts import SaveOutcome as SaveOutcome
from schema.declarations.enums import described

# The descriptions of the two fields that every object with an id of the merchant has.
EXTERNAL_ID = "The merchant's own id, unique among objects of this kind and never changed. For STAFF; null for all other callers."
METADATA = "Pairs of the merchant. Callers who are not STAFF see those whose key begins with `public:`."

described(
    ExternalIdKind,
    "The kind of an object that has an external id, which is unique among objects of the kind.",
    CUSTOMER="A Customer.",
    SUBSCRIPTION="A Subscription.",
    PAYMENT_SCHEDULE="A PaymentSchedule.",
    INSTALLMENT="An Installment of a payment schedule.",
    INVOICE="An Invoice.",
    PAYMENT="A Payment.",
    PAYMENT_METHOD="A PaymentMethod.",
)
described(
    SaveOutcome,
    "What a mutation that saves an object did.",
    CREATED="The object is new.",
    UPDATED="A field of the object has another value.",
    UNCHANGED="The object was so already: nothing was written, and no event was made.",
)
