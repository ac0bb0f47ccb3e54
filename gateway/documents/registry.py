"""Trusted documents and their clients in the memory of a process: replaced as a whole when the database says that they changed, so a request sees one state or the other."""

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

# The clients whose documents are shipped: those in `schema/documents/` and its `actions/`, and those in its `staff/`.
PORTAL = "portal"
STAFF = "portal-staff"


class PersistedDocument(NamedTuple):
    """A stored document; the client and the id by which its uses are counted."""

    client_id: str
    id: str
    text: str
    deprecation: Deprecation | None = None


@dataclass(frozen=True, slots=True)
class RegistryState:
    """Clients by their id, and by issuer and what it calls them; the documents of each partner, of staff, and of all other first parties together, by every id they
    may be asked for."""

    clients: Mapping[str, ApiClient] = field(default_factory=dict)
    by_issuer: Mapping[tuple[str | None, str], ApiClient] = field(default_factory=dict)
    of_partner: Mapping[str, Mapping[str, PersistedDocument]] = field(default_factory=dict)
    of_staff: Mapping[str, PersistedDocument] = field(default_factory=dict)
    of_portal: Mapping[str, PersistedDocument] = field(default_factory=dict)


class Registry:
    """`own` are the shipped documents by their client, which are there before the database has been asked. Until `loaded`, nobody can say of others that they are
    not there."""

    def __init__(self, own: Mapping[str, Iterable[str]], default_mode: Mode) -> None:
        self._default_mode = default_mode
        self._own = {client: {id_of(text): PersistedDocument(client, id_of(text), text) for text in texts} for client, texts in own.items()}
        self._state = RegistryState(of_staff=self._own.get(STAFF, {}), of_portal=self._own.get(PORTAL, {}))
        self._uses: Counter[tuple[str, str]] = Counter()
        self.loaded = asyncio.Event()

    def replace(self, clients: Iterable[ApiClient], texts: Iterable[PersistedTextRow]) -> None:
        known = {client.id: client for client in clients}
        by_issuer = {(client.issuer, client.issuer_client_id or client.id): client for client in known.values()}
        of_partner: dict[str, dict[str, PersistedDocument]] = {}
        of_staff, of_portal = dict(self._own.get(STAFF, {})), dict(self._own.get(PORTAL, {}))
        for text in texts:
            is_partner = known[text.client_id].kind == "PARTNER"
            chosen = of_partner.setdefault(text.client_id, {}) if is_partner else of_staff if text.client_id == STAFF else of_portal
            deprecation = Deprecation(text.deprecated_at, text.deprecation, text.sunset_at) if text.deprecated_at else None
            for name in (text.id, text.alias) if text.alias else (text.id,):
                chosen.setdefault(name, PersistedDocument(text.client_id, text.id, text.body, deprecation))
        self._state = RegistryState(known, by_issuer, of_partner, of_staff, of_portal)
        self.loaded.set()

    def find(self, viewer: Viewer, identifier: str) -> PersistedDocument | None:
        """By a document's id, or a name that its manifest had for it. Partners find their own documents and no others; those of staff are found by staff alone."""
        state, name = self._state, normalized(identifier)
        if viewer.kind is Actor.PARTNER:
            return state.of_partner.get(viewer.app or "", {}).get(name)
        return (state.of_staff.get(name) if viewer.is_staff else None) or state.of_portal.get(name)

    def recognized(self, viewer: Viewer) -> Viewer:
        """The viewer with the registered client that the token's issuer and its name for the app stand for.

        Of a sign-in here the app is what a browser says it is, so what is registered of an app of that name does not count. Partners are partners in both places.
        Raises Unauthenticated for the token of an app that is disabled.
        """
        is_partner = viewer.kind is Actor.PARTNER
        client = self._state.by_issuer.get((viewer.issuer, viewer.client)) if is_partner or viewer.session_id is None else None
        if client is not None and client.disabled_at is not None:
            raise unauthenticated(Reason.CLIENT_DISABLED)
        return replace(viewer, app=client.id) if client and (client.kind == "PARTNER") is is_partner else viewer

    def mode(self, viewer: Viewer) -> Mode:
        """Of a recognized viewer."""
        client = self._state.clients.get(viewer.app) if viewer.app and viewer.kind is not Actor.PARTNER else None
        return "required" if viewer.kind is Actor.PARTNER else MODES[client.mode] if client else self._default_mode

    def note_use(self, found: PersistedDocument) -> None:
        self._uses[found.client_id, found.id] += 1

    def take_uses(self) -> Counter[tuple[str, str]]:
        """What was used since this was asked last."""
        taken, self._uses = self._uses, Counter()
        return taken

    def give_back(self, uses: Counter[tuple[str, str]]) -> None:
        """What could not be written down yet."""
        self._uses += uses


MODES: dict[str, Mode] = {"OPEN": "open", "LOG": "log", "PREFER": "prefer", "REQUIRED": "required"}


class ApqCache:
    """Texts that clients register by themselves (Apollo's automatic persisted queries). A cache and no list of what is allowed: bounded, and the oldest go first."""

    def __init__(self, *, count: int = 1000, size_bytes: int = 4 * 1024**2, age: timedelta = timedelta(hours=24)) -> None:
        self._count, self._size_bytes, self._age = count, size_bytes, age
        self._kept: OrderedDict[str, tuple[str, datetime]] = OrderedDict()
        self._bytes = 0

    def find(self, digest: str, *, now: datetime) -> str | None:
        found = self._kept.get(digest)
        return found[0] if found and now - found[1] < self._age else None

    def add(self, text: str, *, now: datetime) -> None:
        self._drop(digest_of(text))
        self._kept[digest_of(text)] = text, now
        self._bytes += len(text.encode("utf-8", "surrogatepass"))
        while len(self._kept) > self._count or self._bytes > self._size_bytes:
            self._drop(next(iter(self._kept)))

    def _drop(self, digest: str) -> None:
        text, _ = self._kept.pop(digest, ("", None))
        self._bytes -= len(text.encode("utf-8", "surrogatepass"))


def digest_of(text: str) -> str:
    """SHA-256 in hexadecimal, of the exact text."""
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()
