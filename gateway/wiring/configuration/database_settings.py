"""The settings of the database: its URLs, the connections to it, and its replicas."""

from typing import Annotated

from pydantic import AfterValidator, BeforeValidator, Field
from pydantic_settings import BaseSettings

from gateway.wiring.configuration.setting_values import PostgresUrl, listed, postgres_url

# A day is longer than any wait of a server.
DAY = 86_400.0
Seconds = Annotated[float, Field(gt=0, le=DAY)]
MAX_REPLICAS = 16


def _urls(value: tuple[str, ...]) -> tuple[str, ...]:
    """Return the URLs as they are used. Raises ValueError, which names the position and never the value."""
    urls = []
    for number, url in enumerate(value, 1):
        try:
            urls.append(postgres_url(url))
        except ValueError as error:
            raise ValueError(f"number {number} {error}") from None
    if len(urls) > MAX_REPLICAS:
        raise ValueError(f"has more than {MAX_REPLICAS} URLs")
    if len(set(urls)) < len(urls):
        raise ValueError("has a URL twice")
    return tuple(urls)


PostgresUrls = Annotated[tuple[str, ...], BeforeValidator(listed), AfterValidator(_urls)]


class DatabaseSettings(BaseSettings):
    """A part of Settings, which has the rest and the prefix of the variables."""

    database_url: PostgresUrl | None = Field(
        None,
        repr=False,
        examples=["postgresql://user:password@db.example.com:5432/billing"],
        description="Any Postgres 15 or newer, as a role that may create roles. Left out: the built-in Postgres, which production refuses.",
    )
    app_database_url: PostgresUrl | None = Field(
        None,
        repr=False,
        examples=["postgresql://portico_app:password@db.example.com:6432/billing"],
        description="The same database as the application role; left out, PORTICO_DATABASE_URL is used with its role.",
    )
    prepared: bool = Field(
        True, description="Whether statements stay prepared on their connections; false behind PgBouncer older than 1.21, or without max_prepared_statements."
    )
    pool_size: int = Field(10, ge=1, le=500, description="Connections to Postgres, at most; as many more to each replica.")
    acquire_seconds: Seconds = Field(1.0, description="How long a request waits for a connection before it answers 503.")
    command_seconds: Seconds = Field(8.0, description="How long one statement may take.")
    replica_urls: PostgresUrls = Field(
        (),
        repr=False,
        examples=["postgresql://portico_app:password@db2.example.com:5432/billing"],
        description="Streaming replicas that answer queries, as a comma list; with the user that the servers use for the primary. See docs/scaling.md.",
    )
    direct_reads: bool = Field(
        True, description="Whether a customer's queries are read on the worker of Citus that has the rows; false where servers cannot connect to workers."
    )
    replica_lag_seconds: Seconds = Field(2.0, description="How far a replica may be behind the primary; one that is further behind answers nothing.")
