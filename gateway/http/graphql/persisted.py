"""Resolves a request to the text that it may execute: by text, by `documentId`, by Apollo's extension, or by another key from the settings."""

import logging
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from auth.viewer import Viewer
from billing.states import Actor
from db.unit_of_work import DatabaseUnavailable
from gateway.documents.registry import ApqCache, PersistedDocument, Registry, digest_of
from gateway.http.requests import GraphQLRequest
from gateway.http.responses import TransportError
from resolvers.documents.manifests import PREFIX, normalized

logger = logging.getLogger("portico.documents")

MAX_ID = 200
# As in Apollo Server: after this response a client sends the text with the hash.
UNCACHED = {"Cache-Control": "private, no-cache, must-revalidate"}
NO_DOCUMENT = "The request has no `query` and no `documentId`, or it is not a string."


@dataclass(frozen=True, slots=True)
class PersistedDocumentResolver:
    """`keys` are other names of the parameter `documentId`; without `registered`, clients cannot register texts themselves."""

    registry: Registry
    keys: Sequence[str] = ()
    registered: ApqCache | None = None

    def resolve(self, call: GraphQLRequest, viewer: Viewer, *, now: datetime) -> GraphQLRequest:
        """Return the request with the text to execute. Raises TransportError; for an unknown id also Unauthenticated and DatabaseUnavailable."""
        digest = _digest(call)
        identifier = _identifier(call, self.keys) or (digest and PREFIX + digest)
        if identifier is None:
            return self._by_text(call, viewer)
        if call.query and digest and digest_of(call.query) != digest:
            raise TransportError("BAD_REQUEST", "provided sha does not match query")
        if digest and normalized(identifier) != PREFIX + digest:
            raise TransportError("BAD_REQUEST", "The request names two documents.")
        document = self.registry.find(viewer, identifier)
        if document is not None:
            if call.query and call.query != document.text:
                raise TransportError("BAD_REQUEST", "The document's id is not that of its text.")
            return self._stored(call, document)
        if call.query and normalized(identifier).startswith(PREFIX) and normalized(identifier) != PREFIX + digest_of(call.query):
            raise TransportError("BAD_REQUEST", "The document's id is not that of its text.")
        return self._unknown(call, viewer, digest, now)

    def _stored(self, call: GraphQLRequest, document: PersistedDocument) -> GraphQLRequest:
        self.registry.note_use(document)
        return replace(call, query=document.text, is_stored=True, deprecation=document.deprecation)

    def _unknown(self, call: GraphQLRequest, viewer: Viewer, digest: str | None, now: datetime) -> GraphQLRequest:
        if not self.registry.loaded.is_set():
            raise DatabaseUnavailable("the documents have not been read yet")
        self.registry.with_client(viewer)  # raises Unauthenticated if the app was disabled, and its documents left out, after the request was authenticated
        mode = self.registry.mode(viewer)
        is_strict = mode in ("required", "prefer")
        if digest is None:
            raise TransportError("PERSISTED_DOCUMENT_NOT_FOUND", "No published document of this client has this id.")
        if call.query and mode != "required":
            call = self._by_text(call, viewer)
            if self.registered and viewer.kind is not Actor.ANONYMOUS and not is_strict:
                self.registered.add(call.query, now=now)
            return call
        text = self.registered.find(digest, now=now) if self.registered and not is_strict else None
        if text is not None:
            return self._by_text(replace(call, query=text), viewer)
        if call.query:
            raise TransportError(
                "PERSISTED_DOCUMENT_ID_REQUIRED", "This client may not send the text of a document. Send the id of a published one in `documentId`."
            )
        if self.registered or is_strict:
            raise TransportError("PERSISTED_QUERY_NOT_FOUND", "PersistedQueryNotFound", **UNCACHED)
        raise TransportError("PERSISTED_QUERY_NOT_SUPPORTED", "PersistedQueryNotSupported", **UNCACHED)

    def _by_text(self, call: GraphQLRequest, viewer: Viewer) -> GraphQLRequest:
        if not call.query:
            raise TransportError("BAD_PARAMETERS", NO_DOCUMENT)
        mode = self.registry.mode(viewer)
        if mode == "open":
            return call
        if mode == "required":
            raise TransportError(
                "PERSISTED_DOCUMENT_ID_REQUIRED", "This client may not send the text of a document. Send the id of a published one in `documentId`."
            )
        document = self.registry.find(viewer, digest_of(call.query))
        if document is not None:
            return self._stored(call, document)
        if mode == "prefer":
            raise TransportError("PERSISTED_DOCUMENT_ID_REQUIRED", "This client may send published documents only. Send the id in `documentId`.")
        logger.info("a client sent a document that is not published", extra={"client": viewer.client, "document": digest_of(call.query)})
        return call


def _identifier(call: GraphQLRequest, keys: Sequence[str]) -> str | None:
    """Return the document id from `documentId` or one of the other parameters. Raises TransportError if they differ."""
    identifiers = [identifier for key in ("documentId", *keys) if (identifier := call.others.get(key)) is not None]
    if not all(isinstance(identifier, str) and 0 < len(identifier) <= MAX_ID for identifier in identifiers):
        raise TransportError("BAD_PARAMETERS", f"The id of a document is a string of 1 to {MAX_ID} characters.")
    if len({normalized(identifier) for identifier in identifiers}) > 1:
        raise TransportError("BAD_REQUEST", "The request names two documents.")
    return next(iter(identifiers), None)


def _digest(call: GraphQLRequest) -> str | None:
    """Return the hash in Apollo's extension, None without it. Raises TransportError with the messages of Apollo Server."""
    extension = call.extensions.get("persistedQuery")
    if extension is None:
        return None
    if not isinstance(extension, dict) or type(extension.get("version")) is not int or extension["version"] != 1:
        raise TransportError("BAD_REQUEST", "Unsupported persisted query version")
    digest = extension.get("sha256Hash")
    if not isinstance(digest, str) or not 0 < len(digest) <= MAX_ID:
        raise TransportError("BAD_PARAMETERS", "`sha256Hash` must be a string.")
    return digest.removeprefix(PREFIX)
