"""The context of one operation, which its resolvers receive."""

from collections.abc import Callable, Coroutine, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any, Protocol

from strawberry.types import Info as StrawberryInfo

from auth.devices import Devices
from auth.passwords import Passwords
from auth.seal import Seal
from auth.throttle import Throttle
from auth.urls.links import Links
from auth.viewer import Viewer
from billing.files.attachments import DEFAULT_LIMITS, FileLimits
from billing.lifecycle.service import ServiceBegins
from billing.lifecycle.trials import TrialPolicy
from billing.money.dunning import RetryPolicy
from billing.money.issuer import InvoiceIssuer
from billing.money.numbers import Numbering
from billing.money.promises import MAX_PROMISE_DAYS
from billing.rows.partners import CostBudget
from billing.schedules.documents import DAYS_AHEAD
from billing.states import Actor
from db.blocks import blocks
from db.unit_of_work import UnitOfWork
from loaders import Loaders
from mail.brand import Brand
from mail.letters import Letter
from mail.port import Sender
from payments.processor import Processor
from resolvers.pace import CompletionPacer
from storage.bucket import Bucket
from storage.pdf.examiner import Examiner
from storage.scan import Clamd
from webhooks.targets import Resolve, TargetPolicy


@dataclass(frozen=True, slots=True)
class RequestOrigin:
    """The origin of a request: its id, the caller's network, and the User-Agent header, which is not verified."""

    request_id: str = ""
    network: str = ""
    user_agent: str = ""


@dataclass(frozen=True, slots=True)
class Post:
    """The sender of letters, the seal that encrypts them until they are sent, the merchant's brand in them, and the letters that are switched off."""

    sender: Sender
    seal: Seal
    brand: Brand = field(default_factory=Brand)
    off: frozenset[Letter] = frozenset()


@dataclass(frozen=True, slots=True)
class Letterhead:
    """What letters need: the portal's name, its URL, the seal that encrypts letters until they are sent, the merchant's brand, and the letters that are switched off."""

    portal: str
    help: str
    seal: Seal
    brand: Brand = field(default_factory=Brand)
    off: frozenset[Letter] = frozenset()


@dataclass(frozen=True, slots=True)
class Identity:
    """What sign-in needs. `issuer` is the `iss` of our own tokens; `sign` makes an access token; `later` runs a coroutine after the response, so that the response
    time reveals nothing about it.

    `gives_first_passwords`: whether customers without a password may choose one by a letter; not where they sign in at another issuer.
    `sends_mail`: whether letters are delivered; in production without a mail server they are not.
    """

    sign: Callable[[Viewer, datetime, timedelta], str]
    passwords: Passwords
    throttle: Throttle
    devices: Devices
    post: Post
    later: Callable[[Coroutine[Any, Any, None]], None]
    portal_url: str
    merchant: str
    issuer: str
    gives_first_passwords: bool = True
    sends_mail: bool = True


@dataclass(frozen=True, slots=True)
class Files:
    """What attachments need. `examiner` checks PDFs; `links` makes signed URLs for an instant; `later` runs a coroutine after the response; `limits` are settings."""

    bucket: Bucket
    scanner: Clamd | None
    examiner: Examiner
    links: Callable[[datetime], Links]
    later: Callable[[Coroutine[Any, Any, None]], None]
    limits: FileLimits = DEFAULT_LIMITS


@dataclass(frozen=True, slots=True)
class Payments:
    """What charges need: the processors by name, the secret that signs previews, whether partial payments are accepted, the policy of trials, the numbering of
    invoices, the retry policy of unpaid invoices and the letterhead of its letters, when a service begins that is paid by a debit, the issuer of invoices, how many days
    before an installment is due its invoice is issued, for how many days a customer's promise to pay holds at most, and the secrets whose
    previews are accepted, too."""

    processors: Mapping[str, Processor]
    preview_secret: bytes
    takes_parts: bool = True
    trials: TrialPolicy = TrialPolicy.PER_PLAN
    numbering: Numbering = field(default_factory=Numbering)
    policy: RetryPolicy = field(default_factory=RetryPolicy)
    letterhead: Letterhead | None = None
    service_begins: ServiceBegins = ServiceBegins.MONEY
    issuer: InvoiceIssuer | None = None
    invoice_days: int = DAYS_AHEAD
    promise_days: int = MAX_PROMISE_DAYS
    other_preview_secrets: tuple[bytes, ...] = ()

    async def close(self) -> None:
        for processor in self.processors.values():
            await processor.close()


class PayloadFailed(Exception):
    """What an endpoint would be sent of an event cannot be made; the message says why, for staff."""


class PayloadDocuments(Protocol):
    """Trusted documents whose answers are sent to endpoints, with the scopes of the endpoint."""

    async def problems(self, document_id: str, scopes: Sequence[str]) -> list[str]:
        """Return why the document cannot be sent: unknown, not one query of an event, or a field that the scopes do not allow."""

    async def answer(self, document_id: str, scopes: Sequence[str], variables: Mapping[str, Any], now: datetime) -> Any:
        """Return the data of the answer. Raises PayloadFailed, and DatabaseUnavailable."""


@dataclass(frozen=True, slots=True)
class Webhooks:
    """What outgoing webhooks need: the seal of the keys that sign, where messages may go, the resolver of names, and the documents that are sent."""

    seal: Seal
    policy: TargetPolicy
    resolve: Resolve
    documents: PayloadDocuments


def webhooks_of(context: "Context") -> Webhooks:
    if context.webhooks is None:
        raise LookupError("this process is configured without webhooks")
    return context.webhooks


def identity_of(context: "Context") -> Identity:
    if context.identity is None:
        raise LookupError("this process is configured without identity")
    return context.identity


def payments_of(context: "Context") -> Payments:
    if context.payments is None:
        raise LookupError("this process is configured without processors")
    return context.payments


@dataclass(slots=True)
class Context:
    """The caller, the unit of work, and its loaders. `budget` is the remaining cost budget of the caller after this operation; None for a caller without one.

    `ends_at` is the deadline of a mutation's fields, by the event loop's clock. `has_effect` is true once one of them has succeeded, `is_cut_off` once one of them
    has failed by an outage.
    """

    viewer: Viewer
    session: UnitOfWork
    origin: RequestOrigin = field(default_factory=RequestOrigin)
    identity: Identity | None = None
    payments: Payments | None = None
    files: Files | None = None
    has_attempted: bool = False
    validate: Callable[[str], Any] | None = None
    budget: CostBudget | None = None
    pace: CompletionPacer = field(default_factory=CompletionPacer)
    ends_at: float | None = None
    has_effect: bool = False
    is_cut_off: bool = False
    # How many mutations were answered with what is stored under their idempotency key.
    replays: int = 0
    # Whether statements of the planner have read parts of the operation.
    has_planned_parts: bool = False
    # The `iss` of our own tokens.
    issuer: str = ""
    webhooks: Webhooks | None = None
    # The locale of the customer who calls, or for whom the caller acts, once it has been read.
    customer_locale: str | None = None
    loaders: Loaders = field(init=False)

    def __post_init__(self) -> None:
        self.loaders = Loaders(self.session)

    @property
    def now(self) -> datetime:
        return self.session.caller.now

    @property
    def links(self) -> Links | None:
        """The maker of signed URLs of files; None where the process stores no files."""
        if self.files is None:
            return None
        links = self.files.links(self.now)
        return replace(links, app=self.viewer.app or "") if self.viewer.kind is Actor.PARTNER else links

    @property
    def file_limits(self) -> FileLimits:
        """The configured limits of files; the default limits where the process stores no files."""
        return self.files.limits if self.files else DEFAULT_LIMITS

    @property
    def needs_locale(self) -> bool:
        """Whether the customer's locale is still to be read. Staff and services have none."""
        return self.customer_locale is None and self.viewer.customer_id is not None

    async def read_locale(self) -> None:
        customer_id = self.viewer.customer_id
        customer = await self.loaders.one(blocks()["customers.by_id"]).load((customer_id, customer_id))
        self.customer_locale = customer.locale if customer else ""

    def forget(self) -> None:
        """Drop everything that was read. Called after a write, which makes it out of date."""
        self.loaders = Loaders(self.session)
        self.customer_locale = None

    def become(self, viewer: Viewer) -> None:
        """Continue the operation as the customer who has just authenticated: the rest of the response is read as that customer."""
        self.viewer = viewer
        self.session.caller = replace(
            self.session.caller,
            customer_id=viewer.customer_id,
            actor=viewer.kind,
            session_id=viewer.session_id,
            app=viewer.app,
            acting_party=viewer.acting_party,
            scopes=(),
            client="",
        )
        self.forget()


Info = StrawberryInfo[Context, Any]
