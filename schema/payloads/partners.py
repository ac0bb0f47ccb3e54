"""Partners' apps: their grants and, for staff, their documents: inputs and payloads."""

import strawberry

from schema.declarations import nouns
from schema.declarations.costs import costing
from schema.declarations.fields import one
from schema.declarations.payloads import CustomerPayload, Payload
from schema.declarations.scalars import BigInt, DateTime


@strawberry.type(description="The result of a publication.")
class Publication:
    total: int = strawberry.field(description="How many documents the manifest has.")
    added: int = strawberry.field(description="How many of them are new, or were retired before.")


@strawberry.type(description="For staff: a document that an app may send by its id, and how it is used.")
class TrustedDocument:
    id: strawberry.ID = strawberry.field(name="documentId", description="`sha256:` and the hash of its text. Other apps may have published the same text.")
    client_id: str = strawberry.field(description="The app that it belongs to.")
    alias: str | None = strawberry.field(description="Its id in the app's manifest, where that is different.")
    names: list[str] = strawberry.field(name="operations", description="The names of its operations.")
    body: str = strawberry.field(name="text", description="Its text.")
    cost: int = strawberry.field(description="The minimum cost of its most expensive operation, computed when it was published; variables may add to it.")
    version: int = strawberry.field(description="The number of the app's publication that contained it, from 1.")
    published_at: DateTime = strawberry.field(description="When it was published, or published again after it was retired.")
    deprecated_at: DateTime | None = strawberry.field(description="Since when it should no longer be used. It is still answered.")
    deprecation: str = strawberry.field(name="deprecationReason", description="What to use instead, or by when; may be empty.")
    sunset_at: DateTime | None = strawberry.field(description="From when on it may no longer be answered; callers get this in the header `Sunset`.")
    retired_at: DateTime | None = strawberry.field(description="Since when it is no longer answered.")
    first_used_at: DateTime | None = strawberry.field(description="When it was used first. Uses are recorded within seconds.")
    last_used_at: DateTime | None = strawberry.field(description="When it was used last.")
    uses: BigInt = strawberry.field(description="How often it was used.")


@strawberry.type(description="A problem of a document.")
class DocumentProblem:
    document_id: strawberry.ID = strawberry.field(description="Its id.")
    names: list[str] = strawberry.field(name="operations", description="The names of its operations.")
    message: str = strawberry.field(description="The problem, with the name of the field.")


@strawberry.input(description="The app that gets access, and what it may do.")
class GrantAccessInput:
    client_id: str = strawberry.field(description="The app.")
    scopes: list[str] = strawberry.field(
        description="What it may do: `read`, `subscriptions:write`, `payments:write`; at most the scopes that it is registered for."
    )


@strawberry.input(description="The grant to end.")
class RevokeGrantInput:
    grant_id: strawberry.ID = strawberry.field(description="One of `grants`.")


@strawberry.input(description="Documents to trust.")
class PublishDocumentsInput:
    client_id: str = strawberry.field(description="The app that they belong to.")
    manifest: str = strawberry.field(description="The whole manifest file in the format of Apollo's, GraphQL codegen's or Relay's tool.")


@strawberry.input(description="Documents to check.")
class CheckDocumentsInput:
    client_id: str = strawberry.field(description="The app that they belong to.")
    manifest: str | None = strawberry.field(default=None, description="The manifest to check. Left out, the documents that the app has published are checked.")


@strawberry.input(description="Documents that should no longer be used.")
class DeprecateDocumentsInput:
    client_id: str = strawberry.field(description="The app that they belong to.")
    document_ids: list[str] = strawberry.field(description="Their ids.")
    reason: str | None = strawberry.field(
        default=None,
        description="What to use instead, or by when; at most 500 characters. Callers read it in `extensions.deprecation`, and the first URL and the first "
        "document id in it in the header `Link`.",
    )
    sunset_at: DateTime | None = strawberry.field(
        default=None,
        description="From when on they may no longer be answered; in the future. Callers are notified; the documents are not retired automatically.",
    )
    is_deprecated: bool = strawberry.field(default=True, description="False withdraws the deprecation.")


@strawberry.input(description="Documents to retire.")
class RetireDocumentsInput:
    client_id: str = strawberry.field(description="The app that they belong to.")
    document_ids: list[str] = strawberry.field(description="Their ids.")


@strawberry.type(description="The payload of `grantAccess`.")
class GrantAccessPayload(CustomerPayload):
    grant = one("grants.by_id", key="grant_key", graphql_type=nouns.Grant | None, description="Null when refused.")


@strawberry.type(description="The payload of `revokeGrant`.")
class RevokeGrantPayload(CustomerPayload):
    revoked_grant_id: strawberry.ID | None = strawberry.field(description="The id of the grant that ended; null when refused.")


@strawberry.type(description="The payload of `publishDocuments`.")
class PublishDocumentsPayload(Payload):
    publication: Publication | None = strawberry.field(description="Null when refused.")


@strawberry.type(description="The payload of `checkDocuments`.")
class CheckDocumentsPayload(Payload):
    problems: list[DocumentProblem] | None = strawberry.field(description="Empty when all documents are valid; null when refused.", metadata=costing(1))


@strawberry.type(description="The payload of `deprecateDocuments`.")
class DeprecateDocumentsPayload(Payload):
    changed: int | None = strawberry.field(description="How many of the named documents the app has; null when refused.")


@strawberry.type(description="The payload of `retireDocuments`.")
class RetireDocumentsPayload(Payload):
    retired: int | None = strawberry.field(description="How many were retired; null when refused.")
