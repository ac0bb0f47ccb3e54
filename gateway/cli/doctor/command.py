"""The command `doctor`."""

import asyncio
import json
import os
from collections.abc import Sequence
from pathlib import Path

import typer

from auth.throttle import Throttle
from db.connections import FAILURES, Connection
from db.inspection import EndpointUrl, enabled_endpoints
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
    findings, endpoints = await _examine_database(settings, urls)
    return findings + await _examine_services(settings, endpoints)


async def _examine_database(settings: Settings, urls: DatabaseUrls) -> tuple[list[Finding], Sequence[EndpointUrl]]:
    """Return the results, and the enabled endpoints of webhooks; none where the database cannot say."""
    try:
        async with connected(urls.app_url, urls.setting, urls.server_settings) as connection:
            findings = await check_database(connection, settings.merchant_time_zone)
            return findings, await _endpoints(connection)
    except OperatorError as error:
        return [failed("database", str(error), "")], ()


async def _endpoints(connection: Connection) -> Sequence[EndpointUrl]:
    try:
        return await enabled_endpoints(connection)
    except FAILURES:  # the check of migrations says why
        return ()


async def _examine_services(settings: Settings, endpoints: Sequence[EndpointUrl]) -> list[Finding]:
    bucket, processors = bucket_of(settings, "", b""), payments(settings)
    client = WebhookClient(TargetPolicy(is_development=not settings.is_production, networks=settings.webhook_networks))
    throttle = Throttle(settings.throttle_url, secret=settings.throttle_secret or "")
    try:
        findings = await run_check("bucket", lambda: check_bucket(bucket), advice=BUCKET)
        findings += await run_check("mail", lambda: check_mail(sender(settings), is_production=settings.is_production), advice=MAIL)
        findings += await run_check("processor", lambda: check_processors(processors.processors), advice=STRIPE)
        findings += await run_check("webhooks", lambda: check_endpoints(endpoints, client), advice="Look at `./portico webhooks list`.")
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
