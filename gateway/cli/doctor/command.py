"""The command `doctor`."""

import asyncio
import json
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import typer

from auth.throttle import Throttle
from db.connections import FAILURES, Connection
from db.inspection import EndpointUrl, enabled_endpoints, open_charges
from gateway.cli.commands.console import console
from gateway.cli.doctor.database import check_database
from gateway.cli.doctor.findings import CheckStatus, Finding, as_json, failed, ok, run_check, warning, worst_of
from gateway.cli.doctor.services import BUCKET, MAIL, STRIPE, check_bucket, check_clamd, check_endpoints, check_mail, check_processors, check_throttle
from gateway.http.log_format import without_secrets
from gateway.operator_errors import OperatorError
from gateway.wiring.configuration import production
from gateway.wiring.configuration.settings import Settings, WrongSetting, load
from gateway.wiring.database import DatabaseUrls, connected, postgres
from gateway.wiring.files import bucket_of
from gateway.wiring.identity import sender
from gateway.wiring.issuer import issuer_of, secret_of_portal, tokens_of
from gateway.wiring.payments import payments
from storage.scan import Clamd
from webhooks.client import WebhookClient
from webhooks.targets import TargetPolicy

SETTINGS = "Correct it; `./portico settings` prints all settings."


@dataclass(frozen=True, slots=True)
class StoredServices:
    """What the database has about services: the enabled endpoints of webhooks, and how many charges and refunds are open, by processor."""

    endpoints: Sequence[EndpointUrl] = ()
    open_charges: Mapping[str, int] = field(default_factory=dict)


def doctor(data_dir: Path | None, *, is_json: bool) -> None:
    """Exits with 1 if a check failed."""
    findings = _examine(data_dir)
    if is_json:
        console.print(without_secrets(json.dumps(as_json(findings), indent=2, ensure_ascii=False)))
    else:
        for finding in findings:
            console.print(without_secrets(finding.line))
    if worst_of(findings) is CheckStatus.FAILED:
        raise typer.Exit(1)


def _examine(data_dir: Path | None) -> list[Finding]:
    try:
        settings = load(data_dir=data_dir)
        production.require(settings, issuer_of, secret_of_portal, payments)
        tokens_of(settings, issuer_of(settings))
    except WrongSetting as error:
        return [failed("settings", line, SETTINGS) for line in str(error).splitlines()]
    findings = [warning("settings", line, _advice_of(line)) for line in production.warnings(settings, os.environ)]
    findings = findings or [ok("settings", f"They are valid, for {settings.environment}.")]
    try:
        with postgres(settings) as urls:
            return findings + asyncio.run(_examine_all(settings, urls))
    except OperatorError as error:  # the built-in Postgres cannot be started
        return [*findings, failed("database", str(error), "")]


def _advice_of(line: str) -> str:
    """Return the advice for a warning of a setting that is missing, or that has a value for tests."""
    return f"{'Set' if ' is not set' in line else 'Change'} it, unless that is meant."


async def _examine_all(settings: Settings, urls: DatabaseUrls) -> list[Finding]:
    findings, stored = await _examine_database(settings, urls)
    return findings + await _examine_services(settings, stored)


async def _examine_database(settings: Settings, urls: DatabaseUrls) -> tuple[list[Finding], StoredServices]:
    """Return the results, and what is stored about services; nothing where the database cannot say."""
    try:
        async with connected(urls.app_url, urls.setting, urls.server_settings) as connection:
            findings = await check_database(connection, settings.merchant_time_zone)
            return findings, await _stored_services(connection)
    except OperatorError as error:
        return [failed("database", str(error), "")], StoredServices()


async def _stored_services(connection: Connection) -> StoredServices:
    try:
        return StoredServices(await enabled_endpoints(connection), await open_charges(connection))
    except FAILURES:  # the check of migrations says why
        return StoredServices()


async def _examine_services(settings: Settings, stored: StoredServices) -> list[Finding]:
    bucket, processors = bucket_of(settings, "", b""), payments(settings)
    client = WebhookClient(TargetPolicy(is_development=not settings.is_production, networks=settings.webhook_networks))
    throttle = Throttle(settings.throttle_url, secret=settings.throttle_secret or "")
    try:
        findings = await run_check("bucket", lambda: check_bucket(bucket), advice=BUCKET)
        findings += await run_check("mail", lambda: check_mail(sender(settings), is_production=settings.is_production), advice=MAIL)
        findings += await run_check("processor", lambda: check_processors(processors.processors, stored.open_charges), advice=STRIPE)
        findings += await run_check("webhooks", lambda: check_endpoints(stored.endpoints, client), advice="Look at `./portico webhooks list`.")
        if settings.throttle_url:
            findings += await run_check("throttle", lambda: check_throttle(throttle), advice="Check PORTICO_THROTTLE_URL.")
        if clamd_url := settings.clamd_url:
            findings += await run_check("clamd", lambda: check_clamd(Clamd(clamd_url)), advice="Check PORTICO_CLAMD_URL.")
        return findings
    finally:
        await throttle.close()
        await processors.close()
        await bucket.close()
        await client.close()
