"""Partners' apps: what customers let them do, what they may spend, and for staff their documents."""

import strawberry

from schema.payloads import Payload
from schema.scalars import DateTime


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


@strawberry.type(description="The answer to `retireDocuments`.")
class RetireDocumentsPayload(Payload):
    retired: int | None = strawberry.field(description="How many were retired; null when refused.")
