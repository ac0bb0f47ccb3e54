"""The mutations of partners' apps: customers grant them access, staff publish their documents."""

import strawberry

from auth import permissions
from resolvers.documents import publishing
from resolvers.identity import grants
from schema.declarations.payloads import mutation
from schema.payloads import partners


@strawberry.type(description="Partners' apps.")
class PartnerMutations:
    grant_access = mutation(
        grants.grant,
        name="grantAccess",
        input_type=partners.GrantAccessInput,
        payload_type=partners.GrantAccessPayload,
        payload_field="grant",
        permission=permissions.GRANTS,
        description="Let a partner's app act for the caller. A grant that it had before ends. NOT_FOUND, INVALID_VALUE, SIGN_IN_REQUIRED.",
    )
    revoke_grant = mutation(
        grants.revoke,
        name="revokeGrant",
        input_type=partners.RevokeGrantInput,
        payload_type=partners.RevokeGrantPayload,
        payload_field="revoked_grant_id",
        permission=permissions.GRANTS,
        description="End a grant. The app's tokens are invalid at once. NOT_FOUND: it is not one of yours, or has ended. SIGN_IN_REQUIRED.",
    )
    publish_documents = mutation(
        publishing.publish,
        name="publishDocuments",
        input_type=partners.PublishDocumentsInput,
        payload_type=partners.PublishDocumentsPayload,
        payload_field="publication",
        permission=permissions.PUBLISH,
        description="For staff: publish every document of a manifest, or none. INVALID_VALUE: it is not a manifest, or a hash is wrong. DOCUMENT_INVALID, NOT_FOUND.",
    )
    check_documents = mutation(
        publishing.check,
        name="checkDocuments",
        input_type=partners.CheckDocumentsInput,
        payload_type=partners.CheckDocumentsPayload,
        payload_field="problems",
        permission=permissions.PUBLISH,
        description="For staff: check an app's documents against the present schema and limits. Nothing is published. INVALID_VALUE: it is not a manifest.",
    )
    deprecate_documents = mutation(
        publishing.deprecate,
        name="deprecateDocuments",
        input_type=partners.DeprecateDocumentsInput,
        payload_type=partners.DeprecateDocumentsPayload,
        payload_field="changed",
        permission=permissions.PUBLISH,
        description="For staff: flag documents that will be retired. They are still answered, with the header `Deprecation`. NOT_FOUND, INVALID_VALUE.",
    )
    retire_documents = mutation(
        publishing.retire,
        name="retireDocuments",
        input_type=partners.RetireDocumentsInput,
        payload_type=partners.RetireDocumentsPayload,
        payload_field="retired",
        permission=permissions.PUBLISH,
        description="For staff: retire documents: they are no longer answered until they are published again. NOT_FOUND.",
    )
