"""Settings, from the environment (prefix PORTICO_). Only `gateway/` knows them; everything below gets plain values."""

import os
import re
from collections.abc import Mapping
from dataclasses import fields
from ipaddress import IPv4Network, IPv6Network
from pathlib import Path
from typing import Any, Literal
from urllib.parse import unquote

from pydantic import Field, ValidationError
from pydantic_core import ErrorDetails
from pydantic_settings import BaseSettings, SettingsConfigDict, SettingsError

from auth.issuers import OtherIssuer
from gateway.limits import Limits
from gateway.registry import Mode
from gateway.statuses import Profile
from gateway.values import (
    ClamdUrl,
    HttpUrl,
    LongSecret,
    Mailbox,
    Origins,
    PostgresUrl,
    RedisUrl,
    RetryDays,
    StripePublishable,
    StripeSecret,
    UnguessableSecret,
)

DOCUMENT = Limits()
PREFIX = "PORTICO_"
# The password of a URL: up to the last @, because a password may hold one that nobody encoded.
PASSWORD = re.compile(r"://[^/:@]*:(.+)@", re.DOTALL)
# The places of a wrong value that may be printed. All other names are part of the value.
ISSUER_KEYS = tuple(key.name for key in fields(OtherIssuer))


class WrongSetting(Exception):
    """A setting that cannot be used; the message is one line for the operator."""


class Settings(BaseSettings):
    model_config = SettingsConfigDict(env_prefix=PREFIX, env_file=None, extra="ignore")

    environment: Literal["development", "production"] = Field(
        "development", description="production hides GraphiQL, introspection, suggestions and timings, and logs JSON."
    )
    host: str = Field("127.0.0.1", description="The address to listen on.")
    port: int = Field(8000, ge=0, le=65535, description="The port to listen on; 0 takes a free one.")
    data_dir: Path = Field(Path(".portico"), description="Where the built-in Postgres, the demo secret and, without S3, attached files live.")
    database_url: PostgresUrl | None = Field(
        None, repr=False, description="Any Postgres 15 or newer, as a role that may create roles. Left out: the built-in Postgres."
    )
    app_database_url: PostgresUrl | None = Field(
        None, repr=False, description="The same database as the application role; left out, the role is taken on from database_url."
    )
    planner: bool = Field(True, description="Whether a query runs as one statement where it can; off, the executor runs everything.")
    pool_size: int = Field(10, ge=1, le=500, description="Connections to Postgres, at most.")
    acquire_seconds: float = Field(1.0, gt=0, description="How long a request waits for a connection before it answers 503.")
    command_seconds: float = Field(8.0, gt=0, description="How long one statement may take.")
    operation_seconds: float = Field(10.0, gt=0, description="How long one GraphQL operation may take.")
    body_seconds: float = Field(10.0, gt=0, description="How long a request may take to arrive.")
    max_running: int = Field(50, ge=1, description="How many operations run at a time.")
    max_queued: int = Field(100, ge=0, description="How many more wait for their turn; what comes then is answered 503 at once.")
    queue_seconds: float = Field(0.25, gt=0, description="How long an operation waits for its turn before it is answered 503.")
    customer_budget: int = Field(60_000, ge=0, description="Cost units that a customer may spend in a minute, in one process; 0 is no budget.")
    staff_budget: int = Field(60_000, ge=0, description="The same for a member of the staff.")
    service_budget: int = Field(600_000, ge=0, description="The same for a program of the merchant.")
    anonymous_budget: int = Field(6_000, ge=0, description="The same for all requests without a token from one network.")
    max_caller_running: int | None = Field(
        None, ge=1, description="How many operations of one caller run at a time. Left out: as many as half of the connections."
    )
    max_caller_cost: int = Field(1500, ge=1, description="What the operations of one caller that run at the same time may cost together.")
    drain_seconds: float = Field(5.0, ge=0, description="After SIGTERM: how long requests are still taken while /readyz says 503.")
    shutdown_seconds: float = Field(25.0, gt=0, description="And then: how long what still runs may take to end.")
    max_body_bytes: int = Field(1024**2, ge=1024, description="How large a request body may be.")
    max_stranger_bytes: int = Field(64 * 1024, ge=1024, description="How large it may be without a token.")
    max_url_bytes: int = Field(16 * 1024, ge=256, description="How long the parameters of a GET may be.")
    max_document_bytes: int = Field(DOCUMENT.document_bytes, ge=256, description="How long a document may be.")
    max_tokens: int = Field(DOCUMENT.tokens, ge=10, description="How many tokens it may have.")
    max_depth: int = Field(DOCUMENT.depth, ge=1, description="How deep its fields may be nested.")
    max_aliases: int = Field(DOCUMENT.aliases, ge=0, description="How many aliases it may have.")
    max_root_fields: int = Field(DOCUMENT.root_fields, ge=1, description="How many root fields a query may have.")
    max_mutation_fields: int = Field(DOCUMENT.mutation_fields, ge=1, description="How many a mutation may have.")
    max_directives: int = Field(DOCUMENT.directives, ge=0, description="How many directives it may have.")
    max_fields: int = Field(DOCUMENT.fields, ge=1, description="How many fields it may come to; those with one key count by their square.")
    max_errors: int = Field(DOCUMENT.errors, ge=1, description="How many of its errors are told.")
    max_cost: int = Field(DOCUMENT.cost, ge=1, description="What an operation may cost; see docs/limits.md.")
    document_mode: Mode | None = Field(
        None, description="What callers may send: open, log, prefer or required; see docs/partners.md. Left out: required in production, else open."
    )
    document_id_keys: tuple[str, ...] = Field((), description='Other parameters that documentId goes by, as JSON, such as ["doc_id", "id"].')
    automatic_documents: bool = Field(False, description="Whether clients may register documents by themselves (APQ), where they may send text.")
    http_profile: Profile = Field("compat", description="Which reading of GraphQL over HTTP the statuses follow: compat or draft-2026.")
    cors_origins: Origins = Field((), description="Other origins whose pages may call, exactly, as JSON.")
    trusted_proxies: tuple[IPv4Network | IPv6Network, ...] = Field((), description="Networks of the proxies whose X-Forwarded-For is believed, as JSON.")
    developer_tools: bool | None = Field(None, description="GraphiQL, introspection and suggestions for everybody; left out: outside of production.")
    log_level: Literal["DEBUG", "INFO", "WARNING", "ERROR"] = Field("INFO", description="INFO has one line for each operation.")
    upload_seconds: float = Field(120.0, gt=0, description="How long a request with files may take, from its first file to its answer.")
    max_uploads: int = Field(50, ge=1, description="How many requests with files run at a time, apart from other operations.")
    max_files_per_parent: int = Field(1000, ge=1, description="How many files may be attached to one invoice or payment schedule.")
    public_url: HttpUrl | None = Field(None, description="Where the gateway is reached from outside; addresses of files begin so. Left out: where it listens.")
    clamd_url: ClamdUrl | None = Field(None, description="clamd, as tcp://host:port or unix:///path; every file is scanned, and none taken while it is away.")
    s3_bucket: str | None = Field(None, pattern=r"^[A-Za-z0-9:/._-]{3,255}$", description="The S3 bucket for files; left out, they are in the data directory.")
    s3_region: str = Field("us-east-1", pattern=r"^[a-z0-9-]+$", description="Its region.")
    s3_endpoint: HttpUrl | None = Field(None, description="Where it is, if not at Amazon.")
    s3_access_key: str | None = Field(None, repr=False, description="Its access key; left out, what the machine has (environment, profile, instance role).")
    s3_secret_key: str | None = Field(None, repr=False, description="Its secret key.")
    s3_path_style: bool = Field(False, description="Whether the bucket's name stands in the path instead of the host name.")
    portal_url: HttpUrl | None = Field(None, description="Where the portal's pages are; letters link there. Left out: where the gateway listens.")
    merchant: str = Field("Portico Demo", description="The merchant's name, in letters.")
    throttle_url: RedisUrl | None = Field(
        None, repr=False, description="Redis or Valkey that all processes share for throttling; left out, each counts for itself."
    )
    throttle_secret: UnguessableSecret = Field(
        None, repr=False, description="One secret of 32 characters or more for all of them, so that nobody can guess addresses from what is kept there."
    )
    smtp_host: str | None = Field(None, description="The mail server; left out, letters are .eml files under the data directory.")
    smtp_port: int = Field(587, ge=1, le=65535, description="Its port.")
    smtp_security: Literal["starttls", "tls", "none"] = Field("starttls", description="How the line to it is protected; none only on the same machine.")
    smtp_user: str | None = Field(None, description="Its user, if it wants one.")
    smtp_password: str | None = Field(None, repr=False, description="Its password.")
    mail_from: Mailbox = Field("Portico <no-reply@example.com>", description="Who letters are from.")
    token_issuer: str = Field("portico", description="The `iss` of tokens.")
    token_audience: str = Field("portico", description="The `aud` of tokens.")
    token_secret: LongSecret = Field(
        None,
        repr=False,
        description="HS256 secret of tokens, of 32 characters or more; production ignores it. Left out, one is made in the data directory.",
    )
    merchant_address: tuple[str, ...] = Field((), description="The merchant's address on invoices, line by line, as JSON.")
    merchant_footer: tuple[str, ...] = Field((), description="What stands at the foot of invoices, such as a tax number, line by line, as JSON.")
    merchant_accent: str = Field("#1f4e79", pattern=r"^#[0-9a-fA-F]{6}$", description="The merchant's colour on invoices, as #rrggbb.")
    merchant_logo: Path | None = Field(None, description="The merchant's logo on invoices: an SVG, PNG or JPEG file.")
    papers_at_once: int = Field(2, ge=1, le=32, description="How many papers (invoices, receipts, statements) are made at once; one customer has at most half.")
    max_queued_papers: int = Field(20, ge=0, description="How many more wait to be made; what comes then is answered 503 at once.")
    paper_queue_seconds: float = Field(5.0, gt=0, description="How long a paper waits to be made before it is answered 503.")
    paper_seconds: float = Field(60.0, gt=0, description="How long a paper may take from its request to its PDF, and then as long again to be sent.")
    papers_per_minute: int = Field(60, ge=1, description="How many papers of one customer may be downloaded in a minute.")
    max_statement_rows: int = Field(10_000, ge=1, description="How many entries a statement of account may have. A PDF takes 0.1 MB of memory for each.")
    max_downloads: int = Field(50, ge=1, description="How many downloads of files are prepared at a time.")
    downloads_per_minute: int = Field(300, ge=1, description="How many files of one customer may be downloaded in a minute.")
    takes_parts: bool = Field(True, description="Whether a customer may pay a part of what remains.")
    sandbox: bool | None = Field(None, description="Whether the sandbox, which takes no real money, takes payments too. Left out: not in production.")
    stripe_secret_key: StripeSecret | None = Field(
        None, repr=False, description="Stripe's secret key; with it new payment methods are added at Stripe. See docs/stripe.md."
    )
    stripe_publishable_key: StripePublishable = Field("", description="Stripe's publishable key, for the browser.")
    stripe_webhook_secret: str = Field("", repr=False, description="What Stripe signs its events with.")
    retry_days: RetryDays = Field((1, 3, 7, 14), description="On which days after a failed charge it is tried again, as JSON.")
    dunning_ending: Literal["HOLD", "CANCEL", "NOTHING"] = Field("HOLD", description="What becomes of a subscription when the last try has failed.")
    worker_port: int | None = Field(
        None, ge=0, le=65535, description="Where the worker tells of its health, on the same address; 0 takes a free one. Left out, it does not."
    )
    clock_concurrency: int = Field(4, ge=1, le=100, description="How many customers the billing clock serves at once.")
    secret: UnguessableSecret = Field(
        None,
        repr=False,
        description="Signs previews and device values, and seals letters; the same for all servers and workers of a portal. Needed in production; elsewhere made in the data directory.",
    )
    signing_keys_dir: Path | None = Field(None, description="A folder of private keys (PEM). The newest by name signs tokens, all of them verify.")
    issuers: tuple[OtherIssuer, ...] = Field((), description="Other issuers whose tokens are taken, as JSON; see docs/identity.md.")

    @property
    def is_open(self) -> bool:
        """Whether everybody gets what developers get."""
        return not self.is_production if self.developer_tools is None else self.developer_tools

    @property
    def mode(self) -> Mode:
        """What callers may send of whom nothing else is registered."""
        return self.document_mode or ("required" if self.is_production else "open")

    @property
    def limits(self) -> Limits:
        """What one document may ask for."""
        return Limits(**{name: getattr(self, f"max_{name}") for name in Limits.__slots__})

    @property
    def is_production(self) -> bool:
        return self.environment == "production"


SECRETS = tuple(name for name, setting in Settings.model_fields.items() if not setting.repr)


def load(**overrides: Any) -> Settings:
    """The settings; what is None in `overrides` is left to the environment. Raises WrongSetting, whose message never has the value."""
    try:
        return Settings(**{name: value for name, value in overrides.items() if value is not None})
    except ValidationError as error:
        raise WrongSetting(_refusal(error.errors(include_input=False, include_url=False)[0])) from None
    except SettingsError as error:
        name = re.search(r'field "(\w+)"', str(error))
        raise WrongSetting(f"{PREFIX}{name[1].upper() if name else '…'}: is not JSON.") from None
    except RecursionError:
        raise WrongSetting(f"{_longest()}: is JSON of too many levels.") from None


def _longest() -> str:
    """The variable that nests so deep that nobody could say which it is: to do so it has to be long."""
    return max((name for name in os.environ if name.upper().startswith(PREFIX)), key=lambda name: len(os.environ[name]))


def _refusal(error: ErrorDetails) -> str:
    """One line: the setting, the place inside it, and what was expected there."""
    first, *inner = error["loc"]
    place = "".join(f".{part}" for part in inner if isinstance(part, int) or part in ISSUER_KEYS)
    says = f"Its keys are {', '.join(ISSUER_KEYS)}" if error["type"] == "unexpected_keyword_argument" else error["msg"].removeprefix("Value error, ")
    return f"{PREFIX}{str(first).upper()}{place}: {says}."


def secrets_in(values: Mapping[str, Any]) -> set[str]:
    """What the log must never have, of settings by their names: secrets, and the passwords of URLs as they are written and as they are sent."""
    secrets: set[str] = set()
    for value in (values.get(name) for name in SECRETS):
        if isinstance(value, str):
            password = PASSWORD.search(value)
            secrets |= {password[1], unquote(password[1])} if password else {value}
    return secrets - {""}


def secrets_of(environment: Mapping[str, str]) -> set[str]:
    """The same of environment variables, before anybody knows whether they are valid settings."""
    return secrets_in({name.upper().removeprefix(PREFIX).lower(): value for name, value in environment.items() if name.upper().startswith(PREFIX)})
