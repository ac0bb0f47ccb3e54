"""The command `doctor`: every part in order, and then each part broken once."""

import asyncio
import json
import os
import socket
import subprocess
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import asyncpg
import pytest
from aiosmtpd.smtp import SMTP
from sqlalchemy import make_url

from auth.throttle import Throttle
from db.deployment.revisions import revisions
from db.inspection import EndpointUrl
from gateway.cli.doctor.database import check_clock, check_zones
from gateway.cli.doctor.findings import CheckStatus, Finding, failed, ok, run_check, warning, worst_of
from gateway.cli.doctor.services import check_endpoints, check_mail, check_processors, check_throttle
from gateway.wiring.configuration.settings import Settings
from gateway.wiring.issuer import new_key
from mail.smtp import Smtp
from payments.sandbox import Sandbox
from payments.stripe import Stripe
from tests.conftest import SECRET
from tests.mail.test_senders import AUTHOR, Certificate, Inbox, certificate, listening, mail_server
from tests.payments.sides import KEYS
from tests.servers import preloaded
from tests.servers.clusters import Cluster, cluster
from tests.template import create_database
from webhooks.client import WebhookClient
from webhooks.targets import TargetPolicy

__all__ = ["certificate"]

PARTS = ["settings", "database", "role", "clock", "time zones", "row security", "migrations", "worker", "bucket", "mail", "processor", "webhooks"]


@dataclass(frozen=True)
class Examination:
    """The exit code of `doctor --json`, and its results by the name of the check."""

    exit_code: int
    checks: dict[str, list[dict[str, str]]]

    def status(self, name: str) -> str:
        return self.checks[name][0]["status"]

    def text(self, name: str) -> str:
        return " ".join(f"{check['message']} {check['advice']}" for check in self.checks[name])

    @property
    def failures(self) -> list[str]:
        return [name for name, checks in self.checks.items() if any(check["status"] == "failed" for check in checks)]


@pytest.fixture(scope="module")
def postgres(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cluster]:
    with cluster(tmp_path_factory.mktemp("pg")) as running:
        yield running


def run(root: Path, folder: Path, *arguments: str, **settings: str) -> subprocess.CompletedProcess[str]:
    named = {f"PORTICO_{name.upper()}": value for name, value in settings.items()}
    environment = os.environ | {"PORTICO_DATA_DIR": str(folder / "data"), "PORTICO_TOKEN_SECRET": SECRET} | named
    return preloaded.run(["doctor", *arguments], cwd=root, env=environment, timeout=100)


async def examine(root: Path, folder: Path, **settings: str) -> Examination:
    ended = await asyncio.to_thread(run, root, folder, "--json", **settings)
    assert "Traceback" not in ended.stderr
    report = json.loads(ended.stdout)
    checks: dict[str, list[dict[str, str]]] = {}
    for check in report["checks"]:
        checks.setdefault(check["check"], []).append(check)
    return Examination(ended.returncode, checks)


async def test_a_whole_deployment_has_a_line_for_each_part(root: Path, tmp_path: Path, postgres: Cluster) -> None:
    ended = await asyncio.to_thread(run, root, tmp_path, database_url=postgres.urls.admin, app_database_url=postgres.urls.app)
    lines = ended.stdout.splitlines()
    assert (ended.returncode, ended.stderr) == (0, "")
    assert [line[9:21].strip() for line in lines] == PARTS
    assert {line[:8].strip() for line in lines} == {"ok", "warning"}
    assert [line for line in lines if line.startswith("warning")] == [lines[PARTS.index("worker")]], "only the worker is missing"
    assert f"revision {revisions()[0]}" in lines[PARTS.index("migrations")]
    assert not list((tmp_path / "data" / "bucket").rglob("*doctor-*")), "the file is deleted"


async def test_a_wrong_setting_is_the_only_result(root: Path, tmp_path: Path) -> None:
    report = await examine(root, tmp_path, pool_size="many", port="70000")
    assert (report.exit_code, report.failures, list(report.checks)) == (1, ["settings"], ["settings"])
    assert {check["message"].split(":")[0] for check in report.checks["settings"]} == {"PORTICO_PORT", "PORTICO_POOL_SIZE"}


async def test_production_names_what_it_lacks(root: Path, tmp_path: Path) -> None:
    report = await examine(root, tmp_path, environment="production")
    assert report.exit_code == 1
    assert {"PORTICO_DATABASE_URL", "PORTICO_SECRET", "PORTICO_SIGNING_KEYS_DIR"} <= {check["message"].split(":")[0] for check in report.checks["settings"]}


async def test_a_setting_that_is_missing_is_to_be_set_and_one_for_tests_to_be_changed(root: Path, tmp_path: Path) -> None:
    new_key(Settings(signing_keys_dir=tmp_path / "keys"), "EdDSA", now=datetime.now(UTC))
    production = {"environment": "production", "secret": SECRET, "signing_keys_dir": str(tmp_path / "keys"), "database_url": "postgresql://a@127.0.0.1:1/x"}
    report = await examine(root, tmp_path, sandbox="true", **production)
    advice = {check["message"].split(" ")[0]: check["advice"] for check in report.checks["settings"]}
    assert advice.pop("PORTICO_SANDBOX") == "Change it, unless that is meant."
    assert len(advice) > 5
    assert set(advice.values()) == {"Set it, unless that is meant."}


async def test_a_wrong_password_is_told_without_the_password(root: Path, tmp_path: Path) -> None:
    (tmp_path / "pg").mkdir()
    with cluster(tmp_path / "pg") as own:
        own.require_password("portico_app")
        admin = await asyncpg.connect(own.urls.admin)
        await admin.execute("alter role portico_app password 'right'")
        await admin.close()
        url = str(make_url(own.urls.app).set(password="hunter2-and-more").render_as_string(hide_password=False))
        report = await examine(root, tmp_path, database_url=own.urls.admin, app_database_url=url)
    assert report.failures == ["database"]
    assert "the password is wrong (SQLSTATE 28P01). Check PORTICO_APP_DATABASE_URL." in report.text("database")
    assert "hunter2" not in json.dumps(report.checks)
    assert report.status("bucket") == "ok", "the other parts are examined all the same"


async def test_a_database_that_is_down_hides_no_other_part(root: Path, tmp_path: Path) -> None:
    report = await examine(root, tmp_path, database_url="postgresql://a@127.0.0.1:1/x")
    assert report.failures == ["database"]
    assert {"bucket", "mail", "processor", "webhooks"} <= set(report.checks)


async def test_a_database_that_is_not_migrated(root: Path, tmp_path: Path, postgres: Cluster) -> None:
    admin = await asyncpg.connect(postgres.urls.admin)
    await admin.execute("create database empty_one")
    await admin.close()
    url = str(make_url(postgres.urls.app).set(database="empty_one").render_as_string(hide_password=False))
    report = await examine(root, tmp_path, database_url=url, app_database_url=url)
    assert report.failures == ["migrations"]
    assert report.text("migrations") == "The database has no tables of the portal. Run `./portico migrate`."


@pytest.fixture
async def own(postgres: Cluster) -> AsyncIterator[tuple[asyncpg.Connection, dict[str, str]]]:
    """A database of its own to break: the administrator's connection to it, and its settings."""
    name = f"doctor_{os.urandom(4).hex()}"
    urls = await create_database(postgres.urls, name)
    admin = await asyncpg.connect(urls.admin)
    yield admin, {"database_url": urls.admin, "app_database_url": urls.app}
    await admin.close()


async def test_a_revision_that_is_missing_and_one_that_is_unknown(root: Path, tmp_path: Path, own: tuple[asyncpg.Connection, dict[str, str]]) -> None:
    admin, settings = own
    await admin.execute("update portico.alembic_version set version_num = $1", revisions()[2])
    older = await examine(root, tmp_path, **settings)
    assert (older.exit_code, older.failures) == (1, ["migrations"])
    assert "2 of this version are missing. Run `./portico migrate`." in older.text("migrations")
    await admin.execute("update portico.alembic_version set version_num = '9999'")
    newer = await examine(root, tmp_path, **settings)
    assert (newer.exit_code, newer.status("migrations")) == (0, "warning")


@pytest.mark.parametrize(("attribute", "undone", "words"), [("superuser", "nosuperuser", "is a superuser"), ("bypassrls", "nobypassrls", "has BYPASSRLS")])
async def test_a_role_that_bypasses_row_security(
    root: Path, tmp_path: Path, own: tuple[asyncpg.Connection, dict[str, str]], attribute: str, undone: str, words: str
) -> None:
    admin, settings = own
    await admin.execute(f"alter role portico_app {attribute}")
    try:
        report = await examine(root, tmp_path, **settings)
    finally:
        await admin.execute(f"alter role portico_app {undone}")
    assert report.exit_code == 1
    assert "role" in report.failures
    assert f"portico_app {words}" in report.text("role")


async def test_row_security_that_was_switched_off(root: Path, tmp_path: Path, own: tuple[asyncpg.Connection, dict[str, str]]) -> None:
    admin, settings = own
    await admin.execute("alter table portico.invoice no force row level security; alter table portico.payment disable row level security")
    report = await examine(root, tmp_path, **settings)
    assert report.failures == ["row security"]
    assert "does not protect invoice, payment from this role" in report.text("row security")


async def test_a_policy_that_shows_customers_without_a_caller(root: Path, tmp_path: Path, own: tuple[asyncpg.Connection, dict[str, str]]) -> None:
    admin, settings = own
    await admin.execute("insert into portico.customer (id, name, email, currency, created_at) values ('cus_1', 'Ada', 'ada@example.com', 'USD', now())")
    await admin.execute("create policy open on portico.customer to portico_app using (true)")
    report = await examine(root, tmp_path, **settings)
    assert report.failures == ["row security"]
    assert "Customers are visible without a caller." in report.text("row security")


async def test_the_last_pass_of_the_billing_clock_is_told(root: Path, tmp_path: Path, own: tuple[asyncpg.Connection, dict[str, str]]) -> None:
    admin, settings = own
    assert "No worker has ever run." in (await examine(root, tmp_path, **settings)).text("worker")
    await admin.execute(
        "insert into portico.job_pass (job, registered_at, due_at, succeeded_at) values ('billing_clock', now(), now(), now() - interval '20 minutes')"
    )
    assert "20 minutes ago" in (await examine(root, tmp_path, **settings)).text("worker")
    await admin.execute("update portico.job_pass set succeeded_at = now()")
    assert (await examine(root, tmp_path, **settings)).status("worker") == "ok"


@pytest.mark.parametrize(
    ("offset", "status"), [(0, CheckStatus.OK), (-3, CheckStatus.WARNING), (5, CheckStatus.WARNING), (3600, CheckStatus.FAILED), (-86_400, CheckStatus.FAILED)]
)
async def test_clocks_that_differ(app: asyncpg.Connection, offset: int, status: CheckStatus) -> None:
    findings = await check_clock(app, lambda: datetime.now(UTC) + timedelta(seconds=offset))
    assert [finding.status for finding in findings] == [status]
    assert status is CheckStatus.OK or f"differ by {abs(offset)}" in findings[0].message


async def test_a_zone_that_the_database_does_not_know(app: asyncpg.Connection) -> None:
    (unknown,) = await check_zones(app, "Mars/Olympus_Mons")
    assert unknown.status is CheckStatus.FAILED
    assert (await check_zones(app, "Europe/Zurich"))[0].status is not CheckStatus.FAILED


async def test_a_bucket_that_cannot_be_written(root: Path, tmp_path: Path, own: tuple[asyncpg.Connection, dict[str, str]]) -> None:
    bucket = tmp_path / "data" / "bucket"
    bucket.parent.mkdir()
    bucket.write_text("a file in place of the folder")  # root may write to a folder without permissions, so those would prove nothing
    report = await examine(root, tmp_path, **own[1])
    assert report.failures == ["bucket"]
    assert "A file cannot be put: " in report.text("bucket")


async def test_a_bucket_that_is_read_only(root: Path, tmp_path: Path, own: tuple[asyncpg.Connection, dict[str, str]]) -> None:
    """An S3 server that refuses every PUT, as a policy without s3:PutObject does."""

    async def refuse(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while head := await reader.readuntil(b"\r\n\r\n"):
            assert head.startswith((b"PUT", b"GET", b"DELETE", b"HEAD", b"POST"))
            body = b'<?xml version="1.0"?><Error><Code>AccessDenied</Code><Message>Access Denied</Message></Error>'
            writer.write(b"HTTP/1.1 403 Forbidden\r\nContent-Type: application/xml\r\nConnection: close\r\nContent-Length: %d\r\n\r\n%s" % (len(body), body))
            writer.close()
            return

    server = await asyncio.start_server(refuse, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    s3 = {"s3_bucket": "files", "s3_endpoint": f"http://127.0.0.1:{port}", "s3_access_key": "key", "s3_secret_key": "a-secret-key", "s3_path_style": "true"}
    report = await examine(root, tmp_path, **own[1], **s3)
    server.close()
    assert report.failures == ["bucket"]
    assert "A file cannot be put: AccessDenied. Check PORTICO_S3_BUCKET" in report.text("bucket")


def closed_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return int(listener.getsockname()[1])


async def test_a_mail_server_that_is_not_there_and_one_without_tls(root: Path, tmp_path: Path, own: tuple[asyncpg.Connection, dict[str, str]]) -> None:
    closed = await examine(root, tmp_path, **own[1], smtp_host="127.0.0.1", smtp_port=str(closed_port()))
    assert closed.failures == ["mail"]
    assert "The mail server cannot be used: no connection. Check PORTICO_SMTP_HOST" in closed.text("mail")
    async with listening(lambda: SMTP(Inbox(), hostname="mail.example")) as port:
        plain = await examine(root, tmp_path, **own[1], smtp_host="localhost", smtp_port=str(port))
        fine = await examine(root, tmp_path, **own[1], smtp_host="localhost", smtp_port=str(port), smtp_security="none")
    assert plain.failures == ["mail"]
    assert "PORTICO_SMTP_SECURITY" in plain.text("mail")
    assert (fine.exit_code, fine.status("mail")) == (0, "ok")


async def test_a_password_that_the_mail_server_refuses(certificate: Certificate) -> None:
    inbox = Inbox()
    async with mail_server(inbox, certificate) as server:
        right = await check_mail(Smtp(server, AUTHOR), is_production=True)
        wrong = await check_mail(Smtp(replace(server, password="hunter3"), AUTHOR), is_production=True)
        distrusted = await check_mail(Smtp(replace(server, authority_file=None), AUTHOR), is_production=True)
    assert [finding.status for finding in right] == [CheckStatus.OK]
    assert "it refuses the user or the password (SMTP 535)" in wrong[0].message
    assert "certificate" in distrusted[0].message
    assert not inbox.contents, "no letter is sent"


@asynccontextmanager
async def stripe_answering(status: int, body: dict[str, Any]) -> AsyncIterator[Stripe]:
    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = await reader.readuntil(b"\r\n\r\n")
        assert head.startswith(b"GET /v1/balance "), head
        content = json.dumps(body).encode()
        writer.write(b"HTTP/1.1 %d X\r\nContent-Type: application/json\r\nConnection: close\r\nContent-Length: %d\r\n\r\n%s" % (status, len(content), content))
        writer.close()

    server = await asyncio.start_server(answer, "127.0.0.1", 0)
    stripe = Stripe(replace(KEYS, address=f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}", patience_seconds=1))
    try:
        yield stripe
    finally:
        await stripe.close()
        server.close()


@pytest.mark.parametrize(
    ("status", "body", "expected", "words"),
    [
        (200, {"object": "balance", "livemode": False}, CheckStatus.OK, "It is a test key."),
        (401, {"error": {"type": "invalid_request_error", "message": "Invalid API Key"}}, CheckStatus.FAILED, "stripe refuses the key"),
        (403, {"error": {"type": "invalid_request_error", "message": "no permission"}}, CheckStatus.OK, "It may not read balances."),
        (500, {"error": {"type": "api_error", "message": "down"}}, CheckStatus.FAILED, "stripe does not answer"),
    ],
)
async def test_the_key_of_stripe_is_tried_by_a_read(status: int, body: dict[str, Any], expected: CheckStatus, words: str) -> None:
    async with stripe_answering(status, body) as stripe:
        findings = await check_processors({"stripe": stripe, "sandbox": Sandbox(SECRET)}, {"stripe": 2, "sandbox": 1})
    assert [finding.status for finding in findings] == [expected, CheckStatus.OK]
    assert words in findings[0].message


async def test_a_processor_with_open_charges_that_is_not_configured(root: Path, tmp_path: Path, own: tuple[asyncpg.Connection, dict[str, str]]) -> None:
    """One charge is open and one is settled at each of two processors, of which the sandbox is configured."""
    admin, settings = own
    await admin.execute("set search_path = portico")
    await admin.execute("insert into customer (id, name, email, currency, created_at) values ('cus_1', 'Ada', 'ada@example.com', 'USD', now())")
    for processor in ("sandbox", "former"):
        for state in ("open", "settled"):
            payment = f"pay_{processor}_{state}"
            await admin.execute(
                """insert into payment (customer_id, id, status, currency, amount_minor, processor, method_kind, created_at)
                   values ('cus_1', $1, 'PROCESSING', 'USD', 1, $2, 'CARD', now())""",
                payment,
                processor,
            )
            await admin.execute(
                """insert into charge (customer_id, payment_id, request, changes, answer, currency, started_at, sent_at, settled_at)
                   values ('cus_1', $1, '{}', '{}', '{}', 'USD', now(), now(), case when $2 then now() end)""",
                payment,
                state == "settled",
            )
    report = await examine(root, tmp_path, **settings)
    assert report.failures == ["processor"]
    assert "former is not configured, so 1 of its charges and refunds cannot be settled. Configure it again" in report.text("processor")
    assert "sandbox is not configured" not in report.text("processor")
    await admin.execute("update charge set settled_at = now()")
    assert (await examine(root, tmp_path, **settings)).failures == []


async def test_an_endpoint_is_reached_by_the_rules_of_deliveries() -> None:
    server = await asyncio.start_server(lambda _, writer: writer.close(), "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    urls = [f"http://127.0.0.1:{port}/hook", f"http://127.0.0.1:{closed_port()}/hook", "http://nothing.invalid/hook"]
    endpoints = [EndpointUrl(f"whe_{number}", url) for number, url in enumerate(urls)]
    development, production = WebhookClient(TargetPolicy(is_development=True)), WebhookClient(TargetPolicy())
    assert [finding.status for finding in await check_endpoints(endpoints, development)] == [CheckStatus.OK, CheckStatus.WARNING, CheckStatus.WARNING]
    (private,) = await check_endpoints([EndpointUrl("whe_1", f"https://127.0.0.1:{port}/hook")], production)
    assert "not of the public internet" in private.message
    (none,) = await check_endpoints([], production)
    assert none.status is CheckStatus.OK
    server.close()


async def test_endpoints_of_the_database_are_examined(root: Path, tmp_path: Path, own: tuple[asyncpg.Connection, dict[str, str]]) -> None:
    admin, settings = own
    for name, state in (("whe_on", "ENABLED"), ("whe_off", "DISABLED")):
        await admin.execute(
            """insert into portico.webhook_endpoint (id, url, payload, public_key, sealed, position, created_at, status, disabled_reason, disabled_at)
               values ($1, $2, 'THIN', '', '\\x00', 0, now(), $3, $4, $5)""",
            name,
            f"http://127.0.0.1:{closed_port()}/hook",
            state,
            *(("STAFF", datetime.now(UTC)) if state == "DISABLED" else (None, None)),
        )
    report = await examine(root, tmp_path, **settings)
    assert (report.exit_code, report.status("webhooks")) == (0, "warning")
    assert "whe_on cannot be reached" in report.text("webhooks")
    assert "whe_off" not in report.text("webhooks")


async def test_a_throttle_that_does_not_answer() -> None:
    throttle = Throttle(f"redis://127.0.0.1:{closed_port()}/0")
    (finding,) = await check_throttle(throttle)
    await throttle.close()
    assert finding.status is CheckStatus.FAILED


async def test_a_check_that_breaks_off_is_a_failure_with_its_advice() -> None:
    async def broken() -> list[Finding]:
        raise RuntimeError("a bug")

    assert await run_check("mail", broken, advice="Look.") == [failed("mail", "RuntimeError: a bug.", "Look.")]
    assert worst_of([ok("a", "b"), warning("a", "b", "c")]) is CheckStatus.WARNING
    assert worst_of([failed("a", "b", "c"), ok("a", "b")]) is CheckStatus.FAILED
