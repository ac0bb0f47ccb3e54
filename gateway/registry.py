"""Trusted documents and their clients in the memory of a process: replaced as a whole when the database says that they changed, so a request sees one state or the other."""

import asyncio
import hashlib
from collections import Counter, OrderedDict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Literal, NamedTuple

from auth.viewer import Viewer
from billing.rows import ApiClient, TrustedText
from billing.states import Actor
from resolvers.manifests import id_of, normalized

Mode = Literal["open", "log", "prefer", "required"]

# The client whose documents are in `schema/documents/`.
PORTAL = "portal"


class Trusted(NamedTuple):
    """A stored document; the client and the id by which its uses are counted."""

    client_id: str
    id: str
    text: str
    deprecated_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class State:
    """Clients by their id; the documents of each partner, and those of all first parties together, by every id they may be asked for."""

    clients: Mapping[str, ApiClient] = field(default_factory=dict)
    of_partner: Mapping[str, Mapping[str, Trusted]] = field(default_factory=dict)
    of_portal: Mapping[str, Trusted] = field(default_factory=dict)


class Registry:
    """`own` are the portal's own documents, which are there before the database has been asked. Until `loaded`, nobody can say of others that they are not there."""

    def __init__(self, own: Iterable[str], default_mode: Mode) -> None:
        self._default_mode = default_mode
        self._own = {found.id: found for found in (Trusted(PORTAL, id_of(text), text) for text in own)}
        self._state = State(of_portal=self._own)
        self._uses: Counter[tuple[str, str]] = Counter()
        self.loaded = asyncio.Event()

    def replace(self, clients: Iterable[ApiClient], texts: Iterable[TrustedText]) -> None:
        known = {client.id: client for client in clients}
        of_partner: dict[str, dict[str, Trusted]] = {}
        of_portal = dict(self._own)
        for text in texts:
            is_partner = known[text.client_id].kind == "PARTNER"
            chosen = of_partner.setdefault(text.client_id, {}) if is_partner else of_portal
            for name in (text.id, text.alias) if text.alias else (text.id,):
                chosen.setdefault(name, Trusted(text.client_id, text.id, text.body, text.deprecated_at))
        self._state = State(known, of_partner, of_portal)
        self.loaded.set()

    def find(self, viewer: Viewer, identifier: str) -> Trusted | None:
        """By a document's id, or a name that its manifest had for it. Partners find their own documents and no others."""
        state = self._state
        chosen = state.of_partner.get(viewer.client, {}) if viewer.kind is Actor.PARTNER else state.of_portal
        return chosen.get(normalized(identifier))

    def mode(self, viewer: Viewer) -> Mode:
        """Of a sign-in here the app is what a browser says it is, so what is registered of an app of that name does not count."""
        if viewer.kind is Actor.PARTNER:
            return "required"
        client = self._state.clients.get(viewer.client) if viewer.session_id is None else None
        return MODES[client.mode] if client and client.kind == "FIRST_PARTY" and client.disabled_at is None else self._default_mode

    def note_use(self, found: Trusted) -> None:
        self._uses[found.client_id, found.id] += 1

    def take_uses(self) -> Counter[tuple[str, str]]:
        """What was used since this was asked last."""
        taken, self._uses = self._uses, Counter()
        return taken

    def give_back(self, uses: Counter[tuple[str, str]]) -> None:
        """What could not be written down yet."""
        self._uses += uses


MODES: dict[str, Mode] = {"OPEN": "open", "LOG": "log", "PREFER": "prefer", "REQUIRED": "required"}


class Registered:
    """Texts that clients register by themselves (Apollo's automatic persisted queries). A cache and no list of what is allowed: bounded, and the oldest go first."""

    def __init__(self, *, count: int = 1000, size_bytes: int = 4 * 1024**2, age: timedelta = timedelta(hours=24)) -> None:
        self._count, self._size_bytes, self._age = count, size_bytes, age
        self._kept: OrderedDict[str, tuple[str, datetime]] = OrderedDict()
        self._bytes = 0

    def find(self, digest: str, *, now: datetime) -> str | None:
        found = self._kept.get(digest)
        return found[0] if found and now - found[1] < self._age else None

    def keep(self, text: str, *, now: datetime) -> None:
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
