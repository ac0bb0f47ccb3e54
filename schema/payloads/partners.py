"""Partners' apps: what customers let them do, what they may spend, and for staff their documents."""

import strawberry

from schema.declarations.costs import costing
from schema.declarations.payloads import Payload
from schema.declarations.scalars import BigInt, DateTime


@strawberry.type(description="What a customer lets a partner's app do for them, until they revoke it.")
class Grant:
    id: strawberry.ID = strawberry.field(description="Give it to `revokeGrant`.")
    client_id: str = strawberry.field(description="The app.")
    client_name: str = strawberry.field(description="The app's name, for people.")
    scopes: list[str] = strawberry.field(description="What it may do: `read`, `subscriptions:write`, `payments:write`.")
    created_at: DateTime = strawberry.field(description="Since when.")


@strawberry.type(description="What was published.")
class Publication:
    total: int = strawberry.field(description="How many documents the manifest has.")
    added: int = strawberry.field(description="How many of them are new, or came back.")


@strawberry.type(description="For staff: a document that an app may send by its id, and how it is used.")
class TrustedDocument:
    id: strawberry.ID = strawberry.field(name="documentId", description="`sha256:` and the hash of its text. Other apps may have published the same text.")
    client_id: str = strawberry.field(description="Whose it is.")
    alias: str | None = strawberry.field(description="Its id in the app's manifest, where that is another.")
    names: list[str] = strawberry.field(name="operations", description="The names of its operations.")
    body: str = strawberry.field(name="text", description="Its text.")
    cost: int = strawberry.field(description="What its dearest operation costs at least, when it was published; what variables ask for comes on top.")
    version: int = strawberry.field(description="Which of its app's publications it came with, counted from 1.")
    published_at: DateTime = strawberry.field(description="When it was published, or published again after it was retired.")
    deprecated_at: DateTime | None = strawberry.field(description="Since when it should no longer be asked for. It is still answered.")
    deprecation: str = strawberry.field(name="deprecationReason", description="What to ask for instead, or by when; may be empty.")
    sunset_at: DateTime | None = strawberry.field(description="From when on it may no longer be answered, as callers are told in the header `Sunset`.")
    retired_at: DateTime | None = strawberry.field(description="Since when it is answered no longer.")
    first_used_at: DateTime | None = strawberry.field(description="When it was asked for first. Uses are written down within seconds.")
    last_used_at: DateTime | None = strawberry.field(description="When it was asked for last.")
    uses: BigInt = strawberry.field(description="How often it was asked for.")


@strawberry.type(description="One thing that is wrong with a document.")
class DocumentProblem:
    document_id: strawberry.ID = strawberry.field(description="Its id.")
    names: list[str] = strawberry.field(name="operations", description="The names of its operations.")
    message: str = strawberry.field(description="What is wrong, with the field's name.")


@strawberry.input(description="Which app is let in.")
class GrantAccessInput:
    client_id: str = strawberry.field(description="The app.")
    scopes: list[str] = strawberry.field(description="What it may do: `read`, `subscriptions:write`, `payments:write`; at most what it is registered for.")


@strawberry.input(description="Which grant ends.")
class RevokeGrantInput:
    grant_id: strawberry.ID = strawberry.field(description="One of `grants`.")


@strawberry.input(description="Documents to trust.")
class PublishDocumentsInput:
    client_id: str = strawberry.field(description="Whose they are.")
    manifest: str = strawberry.field(description="A manifest as Apollo's, GraphQL codegen's or Relay's tool wrote it: the whole file.")


@strawberry.input(description="Documents to look at.")
class CheckDocumentsInput:
    client_id: str = strawberry.field(description="Whose they are.")
    manifest: str | None = strawberry.field(default=None, description="A manifest that would be published. Left out, what the app has published is checked.")


@strawberry.input(description="Documents that should no longer be asked for.")
class DeprecateDocumentsInput:
    client_id: str = strawberry.field(description="Whose they are.")
    document_ids: list[str] = strawberry.field(description="Their ids.")
    reason: str | None = strawberry.field(
        default=None,
        description="What to ask for instead, or by when; at most 500 characters. Callers read it in `extensions.deprecation`, and the first URL and the first "
        "document id in it in the header `Link`.",
    )
    sunset_at: DateTime | None = strawberry.field(
        default=None, description="From when on they may no longer be answered; in the future. Callers are told; to retire them is up to you."
    )
    is_deprecated: bool = strawberry.field(default=True, description="False takes it back.")


@strawberry.input(description="Documents to trust no longer.")
class RetireDocumentsInput:
    client_id: str = strawberry.field(description="Whose they are.")
    document_ids: list[str] = strawberry.field(description="Their ids.")


@strawberry.type(description="The answer to `grantAccess`.")
class GrantAccessPayload(Payload):
    grant: Grant | None = strawberry.field(description="Null when refused.")


@strawberry.type(description="The answer to `revokeGrant`.")
class RevokeGrantPayload(Payload):
    done: bool | None = strawberry.field(description="True; null when refused.")


@strawberry.type(description="The answer to `publishDocuments`.")
class PublishDocumentsPayload(Payload):
    publication: Publication | None = strawberry.field(description="Null when refused.")


@strawberry.type(description="The answer to `checkDocuments`.")
class CheckDocumentsPayload(Payload):
    problems: list[DocumentProblem] | None = strawberry.field(description="Empty when all is well; null when refused.", metadata=costing(1))


@strawberry.type(description="The answer to `deprecateDocuments`.")
class DeprecateDocumentsPayload(Payload):
    changed: int | None = strawberry.field(description="How many documents were named that the app has; null when refused.")


@strawberry.type(description="The answer to `retireDocuments`.")
class RetireDocumentsPayload(Payload):
    retired: int | None = strawberry.field(description="How many were retired; null when refused.")
