"""The fields of `Mutation`: tables of contents, one for each page of the portal."""

import strawberry

from schema.mutations.attachments import AttachmentMutations
from schema.mutations.catalog import CatalogMutations
from schema.mutations.customers import CustomerMutations
from schema.mutations.identity import IdentityMutations
from schema.mutations.invoicing import InvoicingMutations
from schema.mutations.partners import PartnerMutations
from schema.mutations.payments import PaymentMutations
from schema.mutations.schedules import ScheduleMutations
from schema.mutations.subscriptions import SubscriptionMutations
from schema.mutations.webhooks import WebhookMutations


@strawberry.type(
    description="Everything that can be changed. Refusals are returned in `userErrors`. Callers without the scope `read` select the objects of a payload and their "
    "parts; an operation that selects another object to which those lead, such as `payInvoice { invoice { subscription { id } } }`, is FORBIDDEN, and nothing of it is done."
)
class Mutation(
    IdentityMutations,
    SubscriptionMutations,
    PaymentMutations,
    AttachmentMutations,
    PartnerMutations,
    CustomerMutations,
    CatalogMutations,
    InvoicingMutations,
    ScheduleMutations,
    WebhookMutations,
):
    pass
