"""The settings, from the environment (prefix PORTICO_). Only `gateway/` uses them; the packages below get plain values."""

import os
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import Field, ValidationError, ValidationInfo, field_validator
from pydantic_settings import SettingsConfigDict

from billing.money.numbers import DEFAULT_CREDIT_NOTE_PATTERN, DEFAULT_PATTERN
from gateway.documents.limits import DocumentLimits
from gateway.documents.registry import Mode
from gateway.http.statuses import Profile
from gateway.operator_errors import OperatorError
from gateway.wiring.configuration.database_settings import DAY, DatabaseSettings, Seconds
from gateway.wiring.configuration.document_limits import limit, limits_of
from gateway.wiring.configuration.environment import PREFIX, contradictions, unknown_names, wrong_values
from gateway.wiring.configuration.key_settings import KeySettings
from gateway.wiring.configuration.merchant_settings import MerchantSettings
from gateway.wiring.configuration.monitoring_settings import MonitoringSettings
from gateway.wiring.configuration.setting_values import (
    ClamdUrl,
    Host,
    HttpUrl,
    InvoiceNumber,
    Lines,
    Mailbox,
    Names,
    Networks,
    Origins,
    RedisUrl,
    RetryDays,
    StripePublishable,
    StripeSecret,
    StripeWebhookSecret,
    UnguessableSecret,
    normalized,
)

# The largest integer of Postgres and of all clients.
MAX_INT = 2**31 - 1
Count = Annotated[int, Field(le=MAX_INT)]
Duration = Annotated[float, Field(ge=0, le=DAY)]


class WrongSetting(OperatorError):
    """Invalid settings; the message has one line for each, for the operator."""


class Settings(DatabaseSettings, MerchantSettings, KeySettings, MonitoringSettings):
    model_config = SettingsConfigDict(env_prefix=PREFIX, env_file=None, extra="forbid", allow_inf_nan=False, enable_decoding=False)

    environment: Literal["development", "production"] = Field(
        "development", description="production hides GraphiQL, introspection, suggestions and timings, and logs JSON."
    )
    host: Host = Field("127.0.0.1", description="The address to listen on.")
    port: int = Field(8000, ge=0, le=65535, description="The port to listen on; 0 takes a free one.")
    data_dir: Path = Field(Path(".portico"), description="Where the built-in Postgres, the demo secret and, without S3, attached files are stored.")
    workers: int = Field(
        1,
        ge=1,
        le=64,
        description="How many processes serve the port, each with its own pool, places, budgets and caches. More than 1 needs PORTICO_DATABASE_URL, not the built-in Postgres.",
    )
    log_level: Literal["DEBUG", "INFO", "WARNING", "ERROR"] = Field("INFO", description="INFO has one line for each operation.")
    planner: bool = Field(True, description="Whether a query is executed as one statement where possible; off, the executor runs everything.")
    drain_seconds: Duration = Field(5.0, description="After SIGTERM: how long requests are still accepted while /readyz answers 503.")
    shutdown_seconds: Seconds = Field(25.0, description="After that: how long running requests may take to end.")
    public_url: HttpUrl | None = Field(
        None,
        examples=["https://api.example.com"],
        description="The URL of the gateway from outside; URLs of files begin with it. Left out: the address it listens on.",
    )
    portal_url: HttpUrl | None = Field(
        None,
        examples=["https://portal.example.com"],
        description="The URL of the portal's pages, for links in letters. Left out: the address that the gateway listens on.",
    )
    cors_origins: Origins = Field(
        (),
        examples=["https://portal.example.com,https://shop.example.com"],
        description="Other origins whose pages may send requests, as a comma list of exact origins.",
    )
    trusted_proxies: Networks = Field(
        (), examples=["10.0.0.0/8,192.168.1.5"], description="Networks of the proxies whose X-Forwarded-For is trusted, as a comma list."
    )
    developer_tools: bool | None = Field(None, description="GraphiQL, introspection and suggestions for all callers; left out: outside of production.")
    http_profile: Profile = Field("compat", description="The profile of GraphQL over HTTP that statuses follow: compat or draft-2026.")
    document_mode: Mode | None = Field(
        None, description="What callers may send: open, log, prefer or required; see docs/partners.md. Left out: required in production, else open."
    )
    document_id_keys: Names = Field((), examples=["doc_id,id"], description="Other names of the parameter documentId, as a comma list.")
    automatic_documents: bool = Field(False, description="Whether clients that may send text may register documents themselves (APQ).")
    invoice_number: InvoiceNumber = Field(
        DEFAULT_PATTERN,
        description="How invoices are numbered, {number:06} with six digits at least; with {year} each year counts from 1. See docs/payments.md.",
    )
    credit_note_number: InvoiceNumber = Field(
        DEFAULT_CREDIT_NOTE_PATTERN,
        description="How credit notes are numbered, in the same way. If both patterns are equal, invoices and credit notes share one series.",
    )
    mail_from: Mailbox = Field("Portico <no-reply@example.com>", description="The sender of letters.")
    smtp_host: Host | None = Field(
        None, examples=["smtp.example.com"], description="The mail server; left out, letters are .eml files under the data directory."
    )
    smtp_port: int = Field(587, ge=1, le=65535, description="The port of the mail server.")
    smtp_security: Literal["starttls", "tls", "none"] = Field(
        "starttls", description="How the connection to the mail server is protected; none only on the same machine."
    )
    smtp_user: str | None = Field(None, examples=["portico"], description="The user at the mail server, if it requires one.")
    smtp_password: str | None = Field(None, repr=False, description="The password at the mail server.")
    stripe_secret_key: StripeSecret | None = Field(
        None, repr=False, examples=["sk_live_…"], description="Stripe's secret key; with it new payment methods are added at Stripe. See docs/stripe.md."
    )
    stripe_publishable_key: StripePublishable = Field("", examples=["pk_live_…"], description="Stripe's publishable key, for the browser.")
    stripe_webhook_secret: StripeWebhookSecret = Field("", repr=False, examples=["whsec_…"], description="The secret with which Stripe signs its events.")
    webhook_networks: Networks = Field(
        (), examples=["10.20.0.0/16"], description="Private networks, as a comma list, to which webhooks may go; see docs/webhooks.md."
    )
    sandbox: bool | None = Field(None, description="Whether the sandbox, which takes no real money, takes payments too. Left out: not in production.")
    takes_parts: bool = Field(True, description="Whether a customer may pay a part of the remaining amount.")
    trials: Literal["per_plan", "per_customer", "none"] = Field(
        "per_plan", description="How many free trials a customer may have: one of each plan, one in all, or none."
    )
    service_begins: Literal["money", "order"] = Field(
        "money",
        description="When a subscription begins that is paid by a debit which takes days: with the money, or with the order; then a debit that fails is an unpaid invoice.",
    )
    retry_days: RetryDays = Field((1, 3, 7, 14), description="The days after a failed charge on which it is tried again, as a comma list.")
    installment_invoice_days: int = Field(14, ge=0, le=365, description="How many days before an installment is due its own invoice is issued.")
    promise_days: int = Field(60, ge=1, le=365, description="For how many days from today a customer's promise to pay may hold at most.")
    event_retention_days: int = Field(90, ge=7, le=3650, description="For how many days events are kept; they go by whole months.")
    dunning_ending: Literal["HOLD", "CANCEL", "NOTHING"] = Field("HOLD", description="What happens to a subscription when the last try has failed.")
    clock_concurrency: int = Field(4, ge=1, le=100, description="How many customers the billing clock processes at once.")
    s3_bucket: str | None = Field(
        None, pattern=r"^[A-Za-z0-9:/._-]{3,255}$", examples=["portico-files"], description="The S3 bucket for files; left out, they are in the data directory."
    )
    s3_region: str = Field("us-east-1", pattern=r"^[a-z0-9-]+$", description="The region of the S3 bucket.")
    s3_endpoint: HttpUrl | None = Field(None, examples=["https://s3.example.com"], description="Where the S3 bucket is, if not at Amazon.")
    s3_public_endpoint: HttpUrl | None = Field(
        None,
        examples=["https://files.example.com"],
        description="Where clients reach the S3 bucket, if not at its endpoint: URLs of downloads and direct uploads.",
    )
    s3_access_key: str | None = Field(
        None, repr=False, examples=["AKIAEXAMPLE"], description="The access key of S3; left out, what the machine has (environment, profile, instance role)."
    )
    s3_secret_key: str | None = Field(None, repr=False, description="The secret key of S3.")
    s3_path_style: bool = Field(False, description="Whether the S3 bucket's name is in the path instead of the host name.")
    s3_bytes_per_second: Count = Field(
        128 * 1024, ge=1024, description="The lowest speed at which the S3 bucket may accept files; a slower bucket counts as unavailable."
    )
    s3_post_policy: bool = Field(
        True, description="Whether clients send direct uploads to the S3 bucket itself; false for a bucket without POST policies: then to the gateway."
    )
    clamd_url: ClamdUrl | None = Field(
        None,
        examples=["tcp://127.0.0.1:3310"],
        description="clamd, as tcp://host:port or unix:///path; every file is scanned, and none accepted while clamd is unavailable.",
    )
    max_files_per_parent: int | None = Field(
        None, ge=1, le=MAX_INT, examples=[1000], description="How many files one invoice or schedule may have. Left out: any number."
    )
    throttle_url: RedisUrl | None = Field(
        None,
        repr=False,
        examples=["redis://redis.example.com:6379/0"],
        description="Redis or Valkey that all processes share for throttling; left out, each process counts by itself.",
    )
    throttle_secret: UnguessableSecret = Field(
        None, repr=False, description="A secret of 32 characters or more, the same for all processes, so that e-mail addresses in the store cannot be guessed."
    )
    operation_seconds: Seconds = Field(10.0, description="How long one GraphQL operation may take.")
    body_seconds: Seconds = Field(10.0, description="How long a request may take to arrive.")
    max_running: Count = Field(50, ge=1, description="How many operations run at a time.")
    max_queued: Count = Field(100, ge=0, description="How many more operations wait for a place; further ones are answered 503 at once.")
    queue_seconds: Seconds = Field(0.25, description="How long an operation waits for a place before it is answered 503.")
    customer_budget: Count = Field(60_000, ge=0, description="Cost units that a customer may spend in a minute, in one process; 0 is no budget.")
    staff_budget: Count = Field(60_000, ge=0, description="Cost units that a member of the staff may spend in a minute; 0 is no budget.")
    service_budget: Count = Field(600_000, ge=0, description="Cost units that a program of the merchant may spend in a minute; 0 is no budget.")
    anonymous_budget: Count = Field(
        6_000, ge=0, description="Cost units that all requests without a token from one network may spend in a minute; 0 is no budget."
    )
    max_caller_running: int | None = Field(
        None, ge=1, le=MAX_INT, examples=[5], description="How many operations of one caller run at a time. Left out: as many as half of the connections."
    )
    max_caller_cost: Count = Field(1500, ge=1, description="The total cost that the running operations of one caller may have.")
    max_body_bytes: Count = Field(1024**2, ge=1024, description="How large a request body may be, in bytes.")
    max_anonymous_body_bytes: Count = Field(64 * 1024, ge=1024, description="How large a request body without a token may be, in bytes.")
    max_url_bytes: Count = Field(16 * 1024, ge=256, description="How many bytes the parameters of a GET may have.")
    max_document_bytes: Count = limit("document_bytes", ge=256, description="How many bytes a document may have.")
    max_tokens: Count = limit("tokens", ge=10, description="How many tokens a document may have.")
    max_depth: Count = limit("depth", ge=1, description="How deep the fields of a document may be nested.")
    max_aliases: Count = limit("aliases", ge=0, description="How many aliases a document may have.")
    max_root_fields: Count = limit("root_fields", ge=1, description="How many root fields a query may have.")
    max_mutation_fields: Count = limit("mutation_fields", ge=1, description="How many root fields a mutation may have.")
    max_directives: Count = limit("directives", ge=0, description="How many directives a document may have.")
    max_fields: Count = limit(
        "fields", ge=1, description="How many fields a document may have with its fragments expanded; those with one key count by their square."
    )
    max_errors: Count = limit("errors", ge=1, description="How many errors of a document are reported.")
    max_cost: Count = limit("cost", ge=1, description="The cost that an operation may have; see docs/limits.md.")
    max_streams: Count = Field(5000, ge=1, description="How many live operations a process has open at a time; further ones are answered 503.")
    max_session_streams: Count = Field(5, ge=1, description="How many live operations one session has open at a time, in one process.")
    max_customer_streams: Count = Field(20, ge=1, description="How many live operations one customer has open at a time, in one process.")
    stream_seconds: Seconds = Field(900.0, description="How long a live operation is open at most, ±20 %; then its client opens it again.")
    upload_seconds: Seconds = Field(120.0, description="How long a request with files waits for a client that sends more slowly than upload_bytes_per_second.")
    upload_bytes_per_second: Count = Field(
        32 * 1024, ge=16 * 1024, description="The speed in bytes a second above which files may take longer than upload_seconds."
    )
    max_uploads: Count = Field(50, ge=1, description="How many requests with files run at a time, apart from other operations.")
    upload_queue_seconds: Seconds = Field(2.0, description="How long a request with files waits for a place before it is answered 503.")
    max_downloads: Count = Field(50, ge=1, description="How many downloads of files are prepared at a time.")
    downloads_per_minute: Count = Field(300, ge=1, description="How many files of one customer may be downloaded in a minute.")
    papers_at_once: int = Field(
        2, ge=1, le=32, description="How many PDF documents (invoices, credit notes, receipts, statements) are rendered at once; one customer has at most half."
    )
    max_queued_papers: Count = Field(20, ge=0, description="How many more PDF documents wait to be rendered; further ones are answered 503 at once.")
    paper_queue_seconds: Seconds = Field(5.0, description="How long a PDF document waits to be rendered before it is answered 503.")
    paper_seconds: Seconds = Field(60.0, description="How long a PDF document may take from its request until it is rendered, and again as long to be sent.")
    papers_per_minute: Count = Field(60, ge=1, description="How many PDF documents of one customer may be downloaded in a minute.")
    max_statement_rows: Count = Field(10_000, ge=1, description="How many entries a statement of account may have as a PDF; see docs/payments.md.")
    max_statement_csv_rows: Count = Field(50_000, ge=1, description="How many entries a statement of account may have as CSV.")
    paper_fonts: Lines = Field((), examples=["/usr/share/fonts/noto"], description="Folders with more fonts for PDF documents, as a comma list.")

    @field_validator("*", mode="before")
    @classmethod
    def _normalize(cls, value: object, info: ValidationInfo) -> object:
        return normalized(value, cls.model_fields[info.field_name or ""])

    @property
    def is_open(self) -> bool:
        """Whether all callers may use the developer tools."""
        return not self.is_production if self.developer_tools is None else self.developer_tools

    @property
    def has_portal(self) -> bool:
        """Whether the reference portal is served."""
        return not self.is_production if self.portal is None else self.portal

    @property
    def mode(self) -> Mode:
        """Return the document mode of clients that are not registered."""
        return self.document_mode or ("required" if self.is_production else "open")

    @property
    def limits(self) -> DocumentLimits:
        """Return the limits of one document."""
        return limits_of(self)

    @property
    def is_production(self) -> bool:
        return self.environment == "production"

    @property
    def charges_real_customers(self) -> bool:
        """Whether a charge may take real money: in production, and with a live key of Stripe everywhere."""
        return self.is_production or "_live_" in (self.stripe_secret_key or "")


def load(**overrides: Any) -> Settings:
    """Return the settings; `overrides` that are None are read from the environment. Raises WrongSetting, whose message never has a value."""
    problems = unknown_names(os.environ, Settings.model_fields)
    try:
        settings = Settings(**{name: value for name, value in overrides.items() if value is not None})
        problems += contradictions(settings)
    except ValidationError as error:
        problems += wrong_values(error.errors(include_input=False, include_url=False), Settings.model_fields)
    if problems:
        raise WrongSetting("\n".join(problems))
    return settings
