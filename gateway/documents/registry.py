"""Trusted documents and their clients in the memory of a process. They are replaced as a whole when the database reports a change, so a request sees one consistent state."""

import asyncio
import hashlib
from collections import Counter, OrderedDict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Literal, NamedTuple

from auth.reasons import Reason, unauthenticated
from auth.viewer import Viewer
from billing.rows.partners import ApiClient, PersistedTextRow
from billing.states import Actor
from gateway.documents.deprecation import Deprecation
from resolvers.documents.manifests import id_of, normalized

Mode = Literal["open", "log", "prefer", "required"]

# The clients whose documents are part of the program: those in `schema/documents/`, its `events/` and its `actions/`, and those in its `staff/`.
PORTAL = "portal"
STAFF = "portal-staff"


class PersistedDocument(NamedTuple):
    """A stored document, with the client and the id by which its uses are counted."""

    client_id: str
    id: str
    text: str
    deprecation: Deprecation | None = None


@dataclass(frozen=True, slots=True)
class RegistryState:
    """Clients by their id, and by issuer and the issuer's name for them; the documents of each partner, of staff, and of all other first-party clients together, by
    every id under which a request may name them."""

    clients: Mapping[str, ApiClient] = field(default_factory=dict)
    by_issuer: Mapping[tuple[str | None, str], ApiClient] = field(default_factory=dict)
    of_partner: Mapping[str, Mapping[str, PersistedDocument]] = field(default_factory=dict)
    of_staff: Mapping[str, PersistedDocument] = field(default_factory=dict)
    of_portal: Mapping[str, PersistedDocument] = field(default_factory=dict)


class Registry:
    """`shipped` are the documents of the program by their client, available before the database is read. Until `loaded` is set, it is unknown whether others exist."""

    def __init__(self, shipped: Mapping[str, Iterable[str]], default_mode: Mode) -> None:
        self._default_mode = default_mode
        self._shipped = {client: {id_of(text): PersistedDocument(client, id_of(text), text) for text in texts} for client, texts in shipped.items()}
        self._state = RegistryState(of_staff=self._shipped.get(STAFF, {}), of_portal=self._shipped.get(PORTAL, {}))
        self._uses: Counter[tuple[str, str]] = Counter()
        self.loaded = asyncio.Event()

    def replace(self, clients: Iterable[ApiClient], texts: Iterable[PersistedTextRow]) -> None:
        """Replace clients and documents by these rows, the shipped documents excepted."""
        by_id = {client.id: client for client in clients}
        by_issuer = {(client.issuer, client.issuer_client_id or client.id): client for client in by_id.values()}
        of_partner: dict[str, dict[str, PersistedDocument]] = {}
        of_staff, of_portal = dict(self._shipped.get(STAFF, {})), dict(self._shipped.get(PORTAL, {}))
        for text in texts:
            is_partner = by_id[text.client_id].kind == "PARTNER"
            documents = of_partner.setdefault(text.client_id, {}) if is_partner else of_staff if text.client_id == STAFF else of_portal
            deprecation = Deprecation(text.deprecated_at, text.deprecation, text.sunset_at) if text.deprecated_at else None
            for name in (text.id, text.alias) if text.alias else (text.id,):
                documents.setdefault(name, PersistedDocument(text.client_id, text.id, text.body, deprecation))
        self._state = RegistryState(by_id, by_issuer, of_partner, of_staff, of_portal)
        self.loaded.set()

    def find(self, viewer: Viewer, identifier: str) -> PersistedDocument | None:
        """Return the document of this id, or of this name in a manifest. Partners get their own documents only; only staff get those of staff."""
        state, name = self._state, normalized(identifier)
        if viewer.kind is Actor.PARTNER:
            return state.of_partner.get(viewer.app or "", {}).get(name)
        return (state.of_staff.get(name) if viewer.is_staff else None) or state.of_portal.get(name)

    def with_client(self, viewer: Viewer) -> Viewer:
        """Return the viewer with the registered client that the token's issuer and the issuer's name for the app refer to.

        A session of this gateway gets its app name from the browser, so it gets no registered client. A partner's token gets only a client of kind PARTNER, and other
        tokens only clients of other kinds. Raises Unauthenticated for the token of an app that is disabled.
        """
        is_partner = viewer.kind is Actor.PARTNER
        client = self._state.by_issuer.get((viewer.issuer, viewer.client)) if is_partner or viewer.session_id is None else None
        if client is not None and client.disabled_at is not None:
            raise unauthenticated(Reason.CLIENT_DISABLED)
        return replace(viewer, app=client.id) if client and (client.kind == "PARTNER") is is_partner else viewer

    def mode(self, viewer: Viewer) -> Mode:
        """Return the mode of the client of a viewer that `with_client` returned."""
        client = self._state.clients.get(viewer.app) if viewer.app and viewer.kind is not Actor.PARTNER else None
        return "required" if viewer.kind is Actor.PARTNER else MODES[client.mode] if client else self._default_mode

    def note_use(self, document: PersistedDocument) -> None:
        self._uses[document.client_id, document.id] += 1

    def take_uses(self) -> Counter[tuple[str, str]]:
        """Return the number of uses of each document since the last call, and reset them."""
        taken, self._uses = self._uses, Counter()
        return taken

    def restore_uses(self, uses: Counter[tuple[str, str]]) -> None:
        """Add uses that could not be stored yet."""
        self._uses += uses


MODES: dict[str, Mode] = {"OPEN": "open", "LOG": "log", "PREFER": "prefer", "REQUIRED": "required"}


class ApqCache:
    """Texts that clients register themselves (Apollo's automatic persisted queries). A bounded cache, not a list of allowed texts; the oldest are removed first."""

    def __init__(self, *, count: int = 1000, size_bytes: int = 4 * 1024**2, age: timedelta = timedelta(hours=24)) -> None:
        self._count, self._size_bytes, self._age = count, size_bytes, age
        self._texts: OrderedDict[str, tuple[str, datetime]] = OrderedDict()
        self._bytes = 0

    def find(self, digest: str, *, now: datetime) -> str | None:
        entry = self._texts.get(digest)
        return entry[0] if entry and now - entry[1] < self._age else None

    def add(self, text: str, *, now: datetime) -> None:
        self._drop(digest_of(text))
        self._texts[digest_of(text)] = text, now
        self._bytes += len(text.encode("utf-8", "surrogatepass"))
        while len(self._texts) > self._count or self._bytes > self._size_bytes:
            self._drop(next(iter(self._texts)))

    def _drop(self, digest: str) -> None:
        text, _ = self._texts.pop(digest, ("", None))
        self._bytes -= len(text.encode("utf-8", "surrogatepass"))


def digest_of(text: str) -> str:
    """Return the SHA-256 of the exact text, in hexadecimal."""
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()
