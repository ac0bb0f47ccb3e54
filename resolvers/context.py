"""What one operation carries through its resolvers."""

from collections.abc import Callable, Coroutine, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any

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
from billing.rows.partners import CostBudget
from billing.states import Actor
from db.blocks import blocks
from db.unit_of_work import UnitOfWork
from loaders import Loaders
from mail.port import Sender
from payments.processor import Processor
from resolvers.pace import CompletionPacer
from storage.bucket import Bucket
from storage.pdf.examiner import Examiner
from storage.scan import Clamd


@dataclass(frozen=True, slots=True)
class RequestOrigin:
    """Where the request comes from: its id, the caller's network, and what their program says of itself (User-Agent), which nothing vouches for."""

    request_id: str = ""
    network: str = ""
    user_agent: str = ""


@dataclass(frozen=True, slots=True)
class Post:
    """Who sends letters, and what seals them until then."""

    sender: Sender
    seal: Seal


@dataclass(frozen=True, slots=True)
class Letterhead:
    """What letters need that no request causes: the portal's name, where its people are reached, and what seals letters until they are sent."""

    portal: str
    help: str
    seal: Seal


@dataclass(frozen=True, slots=True)
class Identity:
    """What signing in needs. `issuer` is the `iss` of our own tokens; `sign` makes an access token; `later` does a thing after the answer, so that its time tells nothing.

    `gives_first_passwords`: whether customers without a password may choose one by a letter; not where they sign in at another issuer.
    `sends_mail`: whether letters reach their readers; in production without a mail server they do not.
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
    """What attachments need. `examiner` judges PDFs; `links` makes addresses of a moment; `later` does a thing after the answer; `limits` are the operator's."""

    bucket: Bucket
    scanner: Clamd | None
    examiner: Examiner
    links: Callable[[datetime], Links]
    later: Callable[[Coroutine[Any, Any, None]], None]
    limits: FileLimits = DEFAULT_LIMITS


@dataclass(frozen=True, slots=True)
class Payments:
    """What taking money needs: the processors by name, the secret that signs previews, whether the merchant takes parts of what is owed, which trials it gives,
    how invoices are numbered, what follows when they stay unpaid, what letters about that need, when a service begins that is paid by a debit, and who issues invoices."""

    processors: Mapping[str, Processor]
    preview_secret: bytes
    takes_parts: bool = True
    trials: TrialPolicy = TrialPolicy.PER_PLAN
    numbering: Numbering = field(default_factory=Numbering)
    policy: RetryPolicy = field(default_factory=RetryPolicy)
    letterhead: Letterhead | None = None
    service_begins: ServiceBegins = ServiceBegins.MONEY
    issuer: InvoiceIssuer | None = None

    async def close(self) -> None:
        for processor in self.processors.values():
            await processor.close()


def identity_of(context: "Context") -> Identity:
    if context.identity is None:
        raise LookupError("this process was made without identity")
    return context.identity


def payments_of(context: "Context") -> Payments:
    if context.payments is None:
        raise LookupError("this process was made without processors")
    return context.payments


@dataclass(slots=True)
class Context:
    """The caller, the unit of work, and its loaders. `budget` is what is left of the caller's, this operation paid; None for who has none.

    `ends_at` is when a mutation's fields must have ended, by the event loop's clock; `has_effect` once one of them is done and was not refused,
    `is_cut_off` once one of them met an outage.
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
    # The `iss` of our own tokens.
    issuer: str = ""
    # Of the customer whom the caller is or acts for, once it has been read.
    customer_locale: str | None = None
    loaders: Loaders = field(init=False)

    def __post_init__(self) -> None:
        self.loaders = Loaders(self.session)

    @property
    def now(self) -> datetime:
        return self.session.caller.now

    @property
    def links(self) -> Links | None:
        """What makes addresses of files, where the process keeps files."""
        if self.files is None:
            return None
        links = self.files.links(self.now)
        return replace(links, app=self.viewer.app or "") if self.viewer.kind is Actor.PARTNER else links

    @property
    def file_limits(self) -> FileLimits:
        """The operator's limits of files; the default ones where the process keeps no files."""
        return self.files.limits if self.files else DEFAULT_LIMITS

    @property
    def needs_locale(self) -> bool:
        """Whether there is a locale that has not been read yet. Staff and services have none."""
        return self.customer_locale is None and self.viewer.customer_id is not None

    async def read_locale(self) -> None:
        customer_id = self.viewer.customer_id
        customer = await self.loaders.one(blocks()["customers.by_id"]).load((customer_id, customer_id))
        self.customer_locale = customer.locale if customer else ""

    def forget(self) -> None:
        """After a write: what was read before it is not true any more."""
        self.loaders = Loaders(self.session)
        self.customer_locale = None

    def become(self, viewer: Viewer) -> None:
        """The caller has proved to be a customer; what the answer shows is read as theirs."""
        self.viewer = viewer
        self.session.caller = replace(
            self.session.caller,
            customer_id=viewer.customer_id,
            actor=viewer.kind,
            session_id=viewer.session_id,
            app=viewer.app,
            acting_party=viewer.acting_party,
        )
        self.forget()


Info = StrawberryInfo[Context, Any]
