"""The settings of metrics and traces."""

from pydantic import Field
from pydantic_settings import BaseSettings

from gateway.wiring.configuration.setting_values import Host, UnguessableSecret


class MonitoringSettings(BaseSettings):
    """A part of Settings, which has the rest and the prefix of the variables."""

    metrics_port: int | None = Field(
        None,
        ge=0,
        le=65535,
        examples=[9464],
        description="The port of /metrics, for Prometheus; each server and worker needs its own, and 0 takes a free one. Left out, there is none.",
    )
    metrics_host: Host = Field("127.0.0.1", description="The address of /metrics.")
    metrics_secret: UnguessableSecret = Field(
        None, repr=False, description="The bearer token that a scrape of /metrics must send; 32 characters or more. Left out, everybody who reaches the port."
    )
    otel: bool = Field(
        False, description="Whether servers send traces by OpenTelemetry (OTLP over HTTP); its own variables OTEL_… say where, and which part of them."
    )
    worker_port: int | None = Field(
        None,
        ge=0,
        le=65535,
        examples=[8001],
        description="The port of the worker's health endpoint, on the address PORTICO_HOST; 0 takes a free one. Left out, there is none.",
    )
