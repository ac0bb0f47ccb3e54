"""Conditional requests that are answered without their page: an ETag names the revision of what the response depends on, and the interval of time in which it holds.

    W/"SEED.REVISION.SINCE.UNTIL"

SEED is a digest of what the request is: its document and variables, its caller with kind, scopes and session, its media type, and this program with its settings. REVISION is
a digest of the revision, which is read again for each request. SINCE and UNTIL are microseconds of the caller's clock. A response for which one of the four differs is made.
"""

import hashlib
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cache
from pathlib import Path

import orjson
from graphql import OperationDefinitionNode

from billing.files.attachments import FileLimits
from billing.rows.schema import AnswerRevision
from billing.states import Actor
from db.revisions.lookup import RevisionKey
from gateway.documents.document_cache import PreparedDocument
from gateway.http.graphql.state import AppState, RequestState
from gateway.http.negotiation.caching import WEAK, known_tags
from gateway.http.requests import GraphQLRequest
from loaders.revisions import RevisionLoader
from planner import BoundPlan
from resolvers.context import Context

ROOT = Path(__file__).parents[3]
# The packages whose code and SQL decide what is in a planned response.
PACKAGES = ("auth", "billing", "db", "payments", "planner", "resolvers/reads", "schema", "storage")
SUFFIXES = (".py", ".sql", ".json")
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
MICROSECOND = timedelta(microseconds=1)
DIGEST_BYTES = 12


@dataclass(frozen=True, slots=True)
class RevisionTag:
    """The parts of an ETag after the seed."""

    revision: str
    since: int
    until: int

    def holds_at(self, instant: int) -> bool:
        return self.since <= instant < self.until


class ConditionalRequest:
    """The conditional part of one request, for a caller who is a customer or acts for one.

    After the operation, `tag` is the ETag of the response if it has one of a revision, and `is_unchanged` whether the caller has the response, which was then not made.
    """

    def __init__(self, context: Context, revisions: RevisionLoader, seed: str, tags: Sequence[str]) -> None:
        self._context, self._revisions, self._seed = context, revisions, seed
        self._instant = (context.now - EPOCH) // MICROSECOND
        self._known = [tag for text in tags if (tag := _parsed(text, seed))]
        self.tag: str | None = None
        self.is_unchanged = False

    async def confirm(self, bound: BoundPlan) -> bool:
        """Return whether the caller has the response of the plan. The caller is checked. Raises DatabaseUnavailable, SessionEnded."""
        revised, session = bound.plan.revised, self._context.session
        known = [tag for tag in self._known if tag.holds_at(self._instant)]
        if revised is None or not known:
            return False
        session.statements += 1
        revision = await self._revisions.load(RevisionKey(session.caller, revised.is_of_catalog))
        session.is_judged = True
        digest = _digest(revision)
        self.tag = next((self._written(tag) for tag in known if tag.revision == digest), None)
        self.is_unchanged = self.tag is not None
        return self.is_unchanged

    def note(self, answer: AnswerRevision | None) -> None:
        """Note the revision that was selected together with the response, if there is one."""
        self.tag = None
        if answer and answer.since is not None and answer.until is not None:
            since, until = ((instant - EPOCH) // MICROSECOND for instant in (answer.since, answer.until))
            self.tag = self._written(RevisionTag(_digest(answer.revision), since, until))

    def _written(self, tag: RevisionTag) -> str:
        return f'{WEAK}"{self._seed}.{tag.revision}.{tag.since:x}.{tag.until:x}"'


def conditional_request(
    app: AppState, state: RequestState, context: Context, target: tuple[PreparedDocument, OperationDefinitionNode, GraphQLRequest]
) -> ConditionalRequest | None:
    """Return the conditional part of a query of a stored document by GET; None for other requests, and where the response has more than the data."""
    document, operation, call = target
    viewer = context.viewer
    is_conditional = call.is_get and call.is_stored and operation.operation.value == "query" and viewer.customer_id is not None
    if not is_conditional or viewer.kind not in (Actor.CUSTOMER, Actor.PARTNER) or state.wants_cost or call.deprecation:
        return None
    name = operation.name.value if operation.name else None
    seed = seed_of(context, state.response_format.media, document.digest, repr(name), _canonical(call.variables))
    return ConditionalRequest(context, app.revisions, seed, known_tags(state.request))


def seed_of(context: Context, *request: str) -> str:
    """Return the digest of what an answer depends on beside the database: the program, its settings, the caller, and these parts of the request."""
    viewer = context.viewer
    caller = (viewer.kind, viewer.customer_id, viewer.scopes, viewer.client, viewer.session_id, viewer.issuer, viewer.app, viewer.acting_party)
    return _digest(program_digest(), _text(context.file_limits), repr(caller), *request)


@cache
def _text(limits: FileLimits) -> str:
    return repr(limits)


@cache
def program_digest() -> str:
    """Return a digest of the code, the SQL and the libraries that decide what is in a planned response: another version of the program has other ETags."""
    digest = hashlib.blake2b(digest_size=DIGEST_BYTES)
    for path in sorted(path for package in PACKAGES for path in (ROOT / package).rglob("*") if path.suffix in SUFFIXES and "migrations" not in path.parts):
        digest.update(f"{path.relative_to(ROOT)}\0".encode() + path.read_bytes() + b"\0")
    installed = sorted(path.name for folder in sys.path for path in Path(folder).glob("*.dist-info"))
    digest.update("\0".join((sys.version, *installed)).encode())
    return digest.hexdigest()


def _canonical(variables: dict[str, object]) -> str:
    return orjson.dumps(variables, option=orjson.OPT_SORT_KEYS).decode()


def _digest(*parts: str) -> str:
    return hashlib.blake2b("\0".join(parts).encode(), digest_size=DIGEST_BYTES).hexdigest()


def _parsed(text: str, seed: str) -> RevisionTag | None:
    """Return the parts of an ETag that this program wrote for the same request; None for another one."""
    parts = text.strip('"').split(".")
    if len(parts) != 4 or parts[0] != seed:
        return None
    try:
        return RevisionTag(parts[1], int(parts[2], 16), int(parts[3], 16))
    except ValueError:
        return None
