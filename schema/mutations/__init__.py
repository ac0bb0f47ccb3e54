"""Everything that can be done: tables of contents, one for each page of the portal."""

import strawberry

from schema.mutations.attachments import AttachmentMutations
from schema.mutations.identity import IdentityMutations
from schema.mutations.partners import PartnerMutations
from schema.mutations.payments import PaymentMutations
from schema.mutations.subscriptions import SubscriptionMutations


@strawberry.type(description="Everything that can be done. Rules that say no answer in `userErrors`.")
class Mutation(IdentityMutations, SubscriptionMutations, PaymentMutations, AttachmentMutations, PartnerMutations):
    pass
