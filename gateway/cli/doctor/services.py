"""The checks of what is beside the database: the bucket, the mail server, Stripe, the endpoints of webhooks, the shared throttle and clamd."""

import asyncio
import secrets
import ssl
from collections.abc import AsyncIterator, Iterable, Mapping
from typing import Any

from auth.throttle import Throttle
from billing.refusals import Refused
from db.inspection import EndpointUrl
from gateway.cli.doctor.findings import Finding, failed, ok, warning
from mail.port import MailAway, Sender
from storage.bucket import Bucket, BucketUnavailable, NoSuchObject
from storage.keys import stored
from storage.scan import Clamd
from webhooks.client import NotSent, WebhookClient

CONTENT = b"portico doctor"
BUCKET = "Check PORTICO_S3_BUCKET, its keys and their permissions (put, get, delete); without S3, PORTICO_DATA_DIR."
MAIL = "Check PORTICO_SMTP_HOST, PORTICO_SMTP_PORT, PORTICO_SMTP_SECURITY and the user with its password."
MISSING = "Configure it again, beside the new one, until they are settled."
STRIPE = "Check PORTICO_STRIPE_SECRET_KEY in Stripe's dashboard."


async def check_bucket(bucket: Bucket) -> list[Finding]:
    """Put an object, read it, and delete it."""
    key = stored("cus_doctor", "att_doctor", secrets.token_hex(8))
    step = "put"
    try:
        await bucket.put(key, _content(), "text/plain")
        step = "read"
        async with bucket.open(key) as chunks:
            content = b"".join([chunk async for chunk in chunks])
        step = "delete"
        await bucket.delete(key)
    except (BucketUnavailable, NoSuchObject) as error:
        cause = error.cause if isinstance(error, BucketUnavailable) else "it is not there"
        return [failed("bucket", f"A file cannot be {PAST[step]}: {cause}.", BUCKET)]
    if content != CONTENT:
        return [failed("bucket", "A file was read with other bytes than were put.", BUCKET)]
    return [ok("bucket", "A file was put, read and deleted.")]


PAST = {"put": "put", "read": "read", "delete": "deleted"}


async def _content() -> AsyncIterator[bytes]:
    yield CONTENT


async def check_mail(sender: Sender, *, is_production: bool) -> list[Finding]:
    """Connect to the mail server, by TLS and with the password as letters are sent, and send none."""
    check = getattr(sender, "check", None)
    if check is None:
        findings = [warning("mail", "Letters are files in the data directory and are not sent.", "Set PORTICO_SMTP_HOST.")]
        return findings if is_production else [ok("mail", "Letters are files in the data directory.")]
    try:
        await check()
    except MailAway as error:
        return [failed("mail", f"The mail server cannot be used: {_reason(error.__cause__ or error)}.", MAIL)]
    return [ok("mail", "The mail server takes letters.")]


async def check_processors(processors: Mapping[str, Any], open_charges: Mapping[str, int]) -> list[Finding]:
    """Read the account of each processor that has one. Those that have open charges or refunds and are not configured are failures."""
    findings = [
        failed("processor", f"{name} is not configured, so {count} of its charges and refunds cannot be settled.", MISSING)
        for name, count in sorted(open_charges.items())
        if name not in processors
    ]
    for name, processor in processors.items():
        if (check := getattr(processor, "check", None)) is None:
            findings.append(ok("processor", f"{name} takes no real money."))
            continue
        try:
            findings.append(ok("processor", f"{name} accepts the key. {await check()}"))
        except PermissionError as error:
            findings.append(failed("processor", f"{name} refuses the key: {error}.", STRIPE))
        except ConnectionError as error:
            findings.append(failed("processor", f"{name} does not answer: {error}.", "Check that this machine reaches api.stripe.com by https."))
    return findings


async def check_endpoints(endpoints: Iterable[EndpointUrl], client: WebhookClient) -> list[Finding]:
    """Resolve and connect to each enabled endpoint, by the rules of deliveries. Nothing is sent."""
    endpoints = list(endpoints)
    if not endpoints:
        return [ok("webhooks", "No endpoint is enabled.")]
    findings = []
    for endpoint in endpoints:
        try:
            await client.reach(endpoint.url)
            findings.append(ok("webhooks", f"{endpoint.id} can be reached."))
        except NotSent as error:
            findings.append(warning("webhooks", f"{endpoint.id} cannot be reached: {str(error).rstrip('.')}.", "Tell who runs it, or disable it."))
    return findings


async def check_throttle(throttle: Throttle) -> list[Finding]:
    if await throttle.is_shared_available():
        return [ok("throttle", "The shared storage answers.")]
    return [failed("throttle", "The shared storage does not answer, so each process counts by itself.", "Check PORTICO_THROTTLE_URL.")]


async def check_clamd(clamd: Clamd) -> list[Finding]:
    try:
        async with clamd.scanning() as scan:
            await scan.feed(CONTENT)
            await scan.finish()
    except Refused:
        return [failed("clamd", "It scans no file, so none is accepted.", "Check PORTICO_CLAMD_URL, and clamd's log.")]
    return [ok("clamd", "A file was scanned.")]


def _reason(error: BaseException) -> str:
    """Return why the mail server cannot be used, without its own words, which may repeat an address."""
    code = getattr(error, "code", None)
    cause = error.__cause__ or error
    if isinstance(cause, ssl.SSLCertVerificationError):
        return f"its certificate is not valid ({cause.verify_message})"
    if isinstance(error, TimeoutError | asyncio.TimeoutError):
        return "it does not answer"
    name = type(error).__name__
    return REASONS.get(name, name) + (f" (SMTP {code})" if code else "")


REASONS = {
    "SMTPAuthenticationError": "it refuses the user or the password",
    "SMTPConnectError": "no connection",
    "SMTPConnectTimeoutError": "no connection in time",
    "SMTPConnectResponseError": "it refuses the connection",
    "SMTPServerDisconnected": "it closed the connection",
    "SMTPNotSupported": "it does not support what PORTICO_SMTP_SECURITY needs",
    "SMTPException": "it does not support what PORTICO_SMTP_SECURITY needs",
    "SMTPReadTimeoutError": "it does not answer",
}
