"""The state of the application, and of one request."""

from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Protocol

from graphql import GraphQLSchema, OperationDefinitionNode

from auth.jwt.tokens import Tokens
from billing.refusals import Unauthenticated
from billing.rows.partners import CostBudget
from billing.rows.schema import AnswerRevision
from db.observing.statements import UNTRACED
from db.pool import Database
from db.replicas.routing import Replicas
from db.workers.routing import ShardGroups
from gateway.documents.document_cache import DocumentCache, PreparedDocument
from gateway.http.capacity.admission import Admission
from gateway.http.capacity.drain import Drain
from gateway.http.capacity.flow import Flow
from gateway.http.capacity.recognised_callers import RecognisedCallers
from gateway.http.capacity.upload_timeout import UploadTimeout
from gateway.http.graphql import uploads
from gateway.http.graphql.budgets import Budgets
from gateway.http.graphql.persisted import PersistedDocumentResolver
from gateway.http.headers import GraphQLHTTPRequest
from gateway.http.origins import COST_HEADER, CorsOrigins
from gateway.http.proxies import Network
from gateway.http.request_log import RequestLogEntry
from gateway.http.requests import BodyLimits, GraphQLRequest
from gateway.http.responses import Answer, ResponseFormat, media_type
from gateway.http.statuses import JSON, Profile
from gateway.http.streaming.formats import StreamFormat, stream_format
from gateway.live.hub import Hub
from loaders.revisions import RevisionLoader
from planner import BoundPlan
from resolvers.context import Context, Files, Identity, Payments, Webhooks
from resolvers.documents.publishing import DocumentValidator

# Counts a request: its log entry, its answer, and the number of its statements.
RequestObserver = Callable[[RequestLogEntry, Answer, int], None]
# Begins the span of a request; None where no traces are sent.
RequestTracer = Callable[["RequestState"], "RequestTrace"]
# In place of the media type of a response whose client accepts streams only.
STREAM_ONLY = "stream"


@dataclass(frozen=True, slots=True)
class RequestPolicy:
    """Limits on requests, and the form of responses. `anonymous` are the limits of requests without a token; with `tells_reasons`, a 401 says why a token is not accepted."""

    authenticated: BodyLimits
    anonymous: BodyLimits
    operation_seconds: float
    upload_timeout: UploadTimeout
    acquire_seconds: float
    profile: Profile
    trusted_proxies: tuple[Network, ...]
    is_open: bool
    shows_timings: bool
    tells_reasons: bool


@dataclass(frozen=True, slots=True)
class AppState:
    """The objects that every request needs, created once per process."""

    schema: GraphQLSchema
    documents: DocumentCache
    trusted_documents: DocumentCache
    persisted_documents: PersistedDocumentResolver
    database: Database
    tokens: Tokens
    identity: Identity
    payments: Payments
    files: Files
    validate: DocumentValidator
    clock: Callable[[], datetime]
    policy: RequestPolicy
    origins: CorsOrigins
    admission: Admission
    running_costs: Admission
    budgets: Budgets
    uploads: Admission
    flow: Flow
    drain: Drain
    hub: Hub
    revisions: RevisionLoader
    recognised_callers: RecognisedCallers = field(default_factory=RecognisedCallers)
    webhooks: Webhooks | None = None
    observe: RequestObserver | None = None
    tracer: RequestTracer | None = None
    replicas: Replicas = field(default_factory=Replicas)
    shard_groups: ShardGroups = field(default_factory=ShardGroups)


class Conditional(Protocol):
    """The conditional part of a query by GET (`gateway/http/graphql/revisions.py`)."""

    tag: str | None
    is_unchanged: bool

    async def confirm(self, bound: BoundPlan) -> bool:
        """Return whether the caller has the response of the plan already."""

    def note(self, answer: AnswerRevision | None) -> None:
        """Note the revision that was selected together with the response, if there is one."""


class RequestTrace(Protocol):
    """The span of one request."""

    def active(self) -> AbstractContextManager[object]:
        """Return the context in which other spans are children of this one."""

    def end(self, entry: RequestLogEntry, answer: Answer, statements: int) -> None:
        """End the span, once."""


@dataclass(slots=True)
class RequestState:
    """One request: the format of its response, its log entry, and after authentication the context with the unit of work, and the caller's key
    (`gateway/http/capacity/callers.py`).

    `stream_format` is the form of a stream, if the client accepts one; with `is_stream_only` it accepts nothing else.

    `refusal` is set for a request without a valid token: the error to answer with, unless the operation needs no token.
    """

    request: GraphQLHTTPRequest
    response_format: ResponseFormat
    log_entry: RequestLogEntry
    context: Context | None = None
    caller: str = ""
    refusal: Unauthenticated | None = None
    waits_until: float | None = None
    trace: RequestTrace | None = None
    headers: dict[str, str] = field(default_factory=dict)
    stream_format: StreamFormat | None = None
    is_stream_only: bool = False
    is_upload: bool = field(init=False)
    conditional: Conditional | None = None
    # Those of a unit of work that is no longer kept.
    statements: int = 0

    def __post_init__(self) -> None:
        self.is_upload = uploads.is_multipart(self.request)

    def release_request(self) -> None:
        """Keep only what the log line needs, while a stream goes on for minutes. Its unit of work is closed already."""
        if self.context:
            self.statements = self.context.session.statements
        self.context = None
        del self.request

    def write_log(self, answer: Answer, observe: RequestObserver | None = None) -> None:
        """Write the line of the request, after the last byte of its response, and count the request."""
        entry, context = self.log_entry, self.context
        entry.reason = entry.reason or getattr(answer, "ended", "")
        entry.end_phase("send")
        statements = context.session.statements if context else self.statements
        entry.write(answer.code, answer.status_code, statements)
        if self.trace:
            self.trace.end(entry, answer, statements)
        if observe:
            entry.is_upload, entry.replays = self.is_upload, context.replays if context else 0
            observe(entry, answer, statements)

    def traced(self, tracer: RequestTracer | None) -> AbstractContextManager[object]:
        """Begin the request's span, if traces are sent, and return the context in which the request is answered."""
        if tracer is None:
            return UNTRACED
        self.trace = tracer(self)
        self.response_format = replace(self.response_format, trace_id=self.log_entry.trace_id)
        return self.trace.active()

    @property
    def wants_cost(self) -> bool:
        return self.request.headers.get(COST_HEADER.lower(), "0") not in ("", "0")

    def negotiate(self) -> None:
        """Read what the response may be sent as. Raises TransportError if none of it is supported."""
        accept, form = self.request.headers.get("accept"), self.response_format
        self.stream_format = self.stream_format or stream_format(accept)
        media = media_type(accept, otherwise=None if self.stream_format is None else STREAM_ONLY)
        self.is_stream_only = media == STREAM_ONLY
        self.response_format = ResponseFormat(JSON if self.is_stream_only else media, form.profile, form.reference, form.trace_id)


@dataclass(frozen=True, slots=True)
class PreparedOperation:
    """An operation that may be executed."""

    document: PreparedDocument
    operation: OperationDefinitionNode
    call: GraphQLRequest
    cost: int
    budget: CostBudget | None = None
    conditional: "Conditional | None" = None
