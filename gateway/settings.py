"""Settings, from the environment (prefix PORTICO_). Only `gateway/` knows them; everything below gets plain values."""

from pathlib import Path
from typing import Literal

from pydantic import Field, ValidationError, field_validator
from pydantic_settings import BaseSettings, SettingsConfigDict
from sqlalchemy import make_url
from sqlalchemy.exc import ArgumentError


class WrongSetting(Exception):
    """A setting that cannot be used; the message is one line for the operator."""


class Settings(BaseSettings):
    model_config = SettingsConfigDict(env_prefix="PORTICO_", env_file=None, extra="ignore")

    environment: Literal["development", "production"] = Field("development", description="production hides GraphiQL, introspection and timings.")
    host: str = Field("127.0.0.1", description="The address to listen on.")
    port: int = Field(8000, ge=0, le=65535, description="The port to listen on; 0 takes a free one.")
    data_dir: Path = Field(Path(".portico"), description="Where the built-in Postgres and the demo secret live.")
    database_url: str | None = Field(None, description="Any Postgres 15 or newer, as a role that may create roles. Left out: the built-in Postgres.")
    app_database_url: str | None = Field(None, description="The same database as the application role; left out, the role is taken on from database_url.")
    planner: bool = Field(True, description="Whether a query runs as one statement where it can; off, the executor runs everything.")
    pool_size: int = Field(10, ge=1, le=500, description="Connections to Postgres, at most.")
    acquire_seconds: float = Field(1.0, gt=0, description="How long a request waits for a connection before it answers 503.")
    command_seconds: float = Field(8.0, gt=0, description="How long one statement may take.")
    operation_seconds: float = Field(10.0, gt=0, description="How long one GraphQL operation may take.")
    max_body_bytes: int = Field(1024**2, ge=1024, description="How large a request body may be.")
    token_issuer: str = Field("portico", description="The `iss` of tokens.")
    token_audience: str = Field("portico", description="The `aud` of tokens.")
    token_secret: str | None = Field(None, min_length=32, description="HS256 secret of tokens; left out, one is made in the data directory.")

    @field_validator("database_url", "app_database_url")
    @classmethod
    def _is_postgres(cls, value: str | None) -> str | None:
        if value is None:
            return None
        try:
            name = make_url(value).get_backend_name()
        except (ArgumentError, ValueError):
            name = ""
        if name not in ("postgresql", "postgres"):
            raise ValueError("is not a database URL; write postgresql://user:password@host:5432/database")
        return value.replace("postgres://", "postgresql://", 1)

    @property
    def is_production(self) -> bool:
        return self.environment == "production"


def load(**overrides: object) -> Settings:
    """The settings; what is None in `overrides` is left to the environment. Raises WrongSetting."""
    try:
        return Settings(**{name: value for name, value in overrides.items() if value is not None})  # type: ignore[arg-type]
    except ValidationError as error:
        first = error.errors()[0]
        raise WrongSetting(f"PORTICO_{str(first['loc'][0]).upper()}: {first['msg']} (got {first['input']!r})") from None
