"""From what a request names to the text that it may run: by text, by `documentId`, by Apollo's extension, or by another key from the settings."""

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
# As Apollo Server sends it: a client that gets it sends the text along the next time.
UNCACHED = {"Cache-Control": "private, no-cache, must-revalidate"}
NO_DOCUMENT = "The request has no `query` and no `documentId`, or it is not a string."


@dataclass(frozen=True, slots=True)
class PersistedDocumentResolver:
    """`keys` are other names that `documentId` goes by; without `registered`, clients register nothing by themselves."""

    registry: Registry
    keys: Sequence[str] = ()
    registered: ApqCache | None = None

    def resolve(self, call: GraphQLRequest, viewer: Viewer, *, now: datetime) -> GraphQLRequest:
        """The call with the text that it runs. Raises TransportError, and DatabaseUnavailable where only the database could tell."""
        digest = _digest(call)
        identifier = _identifier(call, self.keys) or (digest and PREFIX + digest)
        if identifier is None:
            return self._by_text(call, viewer)
        if call.query and digest and digest_of(call.query) != digest:
            raise TransportError("BAD_REQUEST", "provided sha does not match query")
        if digest and normalized(identifier) != PREFIX + digest:
            raise TransportError("BAD_REQUEST", "The request names two documents.")
        found = self.registry.find(viewer, identifier)
        if found is not None:
            if call.query and call.query != found.text:
                raise TransportError("BAD_REQUEST", "The document's id is not that of its text.")
            return self._stored(call, found)
        if call.query and normalized(identifier).startswith(PREFIX) and normalized(identifier) != PREFIX + digest_of(call.query):
            raise TransportError("BAD_REQUEST", "The document's id is not that of its text.")
        return self._unknown(call, viewer, digest, now)

    def _stored(self, call: GraphQLRequest, found: PersistedDocument) -> GraphQLRequest:
        self.registry.note_use(found)
        return replace(call, query=found.text, is_stored=True, deprecation=found.deprecation)

    def _unknown(self, call: GraphQLRequest, viewer: Viewer, digest: str | None, now: datetime) -> GraphQLRequest:
        if not self.registry.loaded.is_set():
            raise DatabaseUnavailable("the documents have not been read yet")
        mode = self.registry.mode(viewer)
        is_strict = mode in ("required", "prefer")
        if digest is None:
            raise TransportError("PERSISTED_DOCUMENT_NOT_FOUND", "No published document of this client has this id.")
        if call.query and mode != "required":
            call = self._by_text(call, viewer)
            if self.registered and viewer.kind is not Actor.ANONYMOUS and not is_strict:
                self.registered.add(call.query, now=now)
            return call
        kept = self.registered.find(digest, now=now) if self.registered and not is_strict else None
        if kept is not None:
            return self._by_text(replace(call, query=kept), viewer)
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
        found = self.registry.find(viewer, digest_of(call.query))
        if found is not None:
            return self._stored(call, found)
        if mode == "prefer":
            raise TransportError("PERSISTED_DOCUMENT_ID_REQUIRED", "This client may send published documents only. Send the id in `documentId`.")
        logger.info("a client sent a document that is not published", extra={"client": viewer.client, "document": digest_of(call.query)})
        return call


def _identifier(call: GraphQLRequest, keys: Sequence[str]) -> str | None:
    """The id under its own name, or one of the others. Raises TransportError where they differ."""
    named = [found for key in ("documentId", *keys) if (found := call.others.get(key)) is not None]
    if not all(isinstance(found, str) and 0 < len(found) <= MAX_ID for found in named):
        raise TransportError("BAD_PARAMETERS", f"The id of a document is a string of 1 to {MAX_ID} characters.")
    if len({normalized(found) for found in named}) > 1:
        raise TransportError("BAD_REQUEST", "The request names two documents.")
    return next(iter(named), None)


def _digest(call: GraphQLRequest) -> str | None:
    """The hash in Apollo's extension. Raises TransportError in the words of Apollo Server."""
    given = call.extensions.get("persistedQuery")
    if given is None:
        return None
    if not isinstance(given, dict) or type(given.get("version")) is not int or given["version"] != 1:
        raise TransportError("BAD_REQUEST", "Unsupported persisted query version")
    digest = given.get("sha256Hash")
    if not isinstance(digest, str) or not 0 < len(digest) <= MAX_ID:
        raise TransportError("BAD_PARAMETERS", "`sha256Hash` must be a string.")
    return digest.removeprefix(PREFIX)
