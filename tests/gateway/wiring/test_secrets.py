"""Secrets: what is wrong with a setting, or with what it leads to, is one line that names the setting and never repeats its value; the log has no value either."""

import asyncio
import io
import json
import logging
import os
import re
import secrets
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from socketserver import BaseRequestHandler, ThreadingTCPServer
from threading import Thread
from typing import Any
from urllib.parse import quote

import pytest

from auth.throttle import Kind, Throttle
from billing.refusals import Refused
from db.builtin.embedded import Urls
from gateway.cli import main
from gateway.cli.commands import migrate
from gateway.http import log_format
from gateway.routes.examples import Login
from gateway.wiring.app import Setup
from gateway.wiring.configuration.secret_settings import SECRETS, secrets_in
from gateway.wiring.configuration.settings import Settings, WrongSetting, load
from gateway.wiring.database import DatabaseUrls
from gateway.wiring.files import bucket_of
from gateway.wiring.identity import sender
from gateway.wiring.issuer import new_key, stored_secret
from gateway.wiring.payments import payments
from mail.port import MailAway, Message
from payments.processor import Payer, ProcessorUnavailable
from payments.stripe import Stripe, StripeAccount
from storage.bucket import BucketUnavailable
from storage.scan import Clamd
from tests.conftest import ISSUER
from tests.logs import logging_as_before

pytestmark = pytest.mark.in_turns(2)

MARK = "hunter2-correct-horse"
AWAY = f"postgresql://portico:{MARK}@127.0.0.1:1/portico"
ISSUER_SETTING = {"name": "https://a", "audience": "b", "jwks_url": "https://a/k"}

# Any text is valid here, and no text at all is a setting that is left out.
FREE = {
    "merchant_logo",
    "portal_file",
    "merchant_registration",
    "merchant_city",
    "merchant_region",
    "signing_keys_dir",
    "s3_access_key",
    "s3_secret_key",
    "smtp_user",
    "smtp_password",
}


def test_a_kept_secret_is_made_once_and_only_its_owner_reads_it(tmp_path: Path) -> None:
    stored = stored_secret(tmp_path / "data", "secret")
    assert len(stored) == 64
    assert stored_secret(tmp_path / "data", "secret") == stored
    assert [(file.name, file.stat().st_mode & 0o777) for file in (tmp_path / "data").iterdir()] == [("secret", 0o600)]


def test_a_kept_secret_has_its_name_only_once_it_is_whole_and_who_was_first_is_right(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "secret"

    def made_by_two_at_once(_: int) -> str:
        assert not path.exists(), "somebody could read it empty"
        path.write_text("of who was first")
        return "of who came second"

    monkeypatch.setattr(secrets, "token_hex", made_by_two_at_once)
    assert stored_secret(tmp_path, "secret") == "of who was first"


URLS = (
    f"mysql://u:{MARK}@h/x",
    f"postgresql://u:{MARK}@h:{MARK}/x",
    f"http://{MARK}:{MARK}@h:{MARK}/",
    f"redis://:{MARK}@[h",
    f"tcp://{MARK}:{MARK}",
    f"https://u:{MARK}@",
    f"//u:{MARK}@h",
)


def wrong_values() -> list[str]:
    """Values of every kind with a secret inside: no number, no word of a list, no JSON, JSON of another shape, URLs that are none."""
    return [
        *(json.dumps(value) for value in ([MARK], {MARK: 1}, [{MARK: 1}], [[MARK]], [{"name": MARK}])),
        *URLS,
        MARK,
        "",
        MARK[:7],
        f'["{MARK}"',
        f"k_{MARK}",
    ]


def wrong_issuers() -> list[str]:
    """One wrong key each."""
    keys = (*ISSUER_SETTING, "algorithms", "kind", "scopes", "allow_typ_jwt", MARK)
    return [json.dumps([ISSUER_SETTING | {key: wrong}]) for key in keys for wrong in ("", [MARK], {MARK: [MARK]}, f"http://{MARK}/")]


@pytest.mark.parametrize("name", Settings.model_fields)
def test_a_wrong_value_of_a_setting_is_one_line_that_names_it_and_does_not_repeat_it(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    refusals = []
    monkeypatch.setenv("PORTICO_MERCHANT_COUNTRY", "GB")  # without which a city is refused
    for value in wrong_values() + (wrong_issuers() if name == "issuers" else []):
        monkeypatch.setenv(f"PORTICO_{name.upper()}", value)
        try:
            load()
        except WrongSetting as refused:
            refusals.append(str(refused))
    assert all(re.match(rf"PORTICO_{name.upper()}[.:]", text) and "\n" not in text for text in refusals)
    assert [text for text in refusals if "hunter2" in text] == []
    assert bool(refusals) is (name not in FREE), "each setting that can be wrong was wrong once"


def test_what_may_hold_a_secret_is_marked_as_one_and_not_in_the_repr_of_what_holds_it() -> None:
    looks = re.compile(r"secret|password|access_key|import_key|database_url|throttle_url|replica_urls")
    assert set(SECRETS) == {name for name in Settings.model_fields if looks.search(name)}
    values = {name: AWAY if name.endswith("database_url") else f"redis://:{MARK}@h" if name == "throttle_url" else f"sk_{MARK}-{'x' * 32}" for name in SECRETS}
    values["replica_urls"] = (AWAY, AWAY.replace(MARK, f"{MARK}2"))
    assert {MARK, f"{MARK}2"} <= secrets_in({"replica_urls": ",".join(values["replica_urls"])}) | secrets_in(values)
    settings = Settings(**values | {"secret": f"{MARK}-{'x' * 32}", "stripe_webhook_secret": f"whsec_{MARK}", "stripe_import_key": f"rk_{MARK}"})
    assert {getattr(settings, name) for name in SECRETS if MARK not in str(getattr(settings, name))} == set()
    place = DatabaseUrls(AWAY, AWAY)
    for holder in (
        settings,
        place,
        Setup(settings, AWAY, ISSUER, {}, logins=(Login("cus_1", "Ada", "", MARK),)),
        sender(settings),
        payments(Settings(secret=MARK * 3)),
    ):
        assert MARK not in repr(holder), type(holder)
    assert secrets_in(settings.model_dump()) >= {MARK, f"{MARK}-{'x' * 32}"}


Run = Callable[..., tuple[int, str]]


@pytest.fixture
def run(monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str], tmp_path: Path) -> Iterator[Run]:
    """The command as `python -m gateway` runs it, but in this process: how it ended, and all that it printed."""

    def command(*arguments: str, **settings: str) -> tuple[int, str]:
        for name, value in {"data_dir": str(tmp_path / "data"), **settings}.items():
            monkeypatch.setenv(f"PORTICO_{name.upper()}", value)
        monkeypatch.setattr(sys, "argv", ["gateway", *arguments])
        with pytest.raises(SystemExit) as ended:
            main.main()
        printed = capfd.readouterr()
        return int(ended.value.code or 0), printed.out + printed.err

    with logging_as_before():
        yield command


@contextmanager
def answering(answer: bytes) -> Iterator[int]:
    """A server that says one thing to whoever comes and closes; its port."""

    class Once(BaseRequestHandler):
        def handle(self) -> None:
            if not answer.startswith(b"554"):  # a mail server speaks first
                self.request.recv(65536)
            self.request.sendall(answer)

    with ThreadingTCPServer(("127.0.0.1", 0), Once) as server:
        thread = Thread(target=server.serve_forever, daemon=True, kwargs={"poll_interval": 0.02})
        thread.start()
        yield server.server_address[1]
        server.shutdown()
        thread.join()


def refusal_of_postgres(state: str, text: str) -> bytes:
    """ErrorResponse of the protocol of Postgres, version 3."""
    fields = b"".join(code + value.encode() + b"\0" for code, value in ((b"S", "FATAL"), (b"V", "FATAL"), (b"C", state), (b"M", text))) + b"\0"
    return b"E" + (len(fields) + 4).to_bytes(4, "big") + fields


# The worker waits for a database that does not answer: see the test after this one.
COMMANDS = (["serve"], ["migrate"], ["tick"], ["seed"], ["token", "--email", "ada@example.com"], ["clients", "list"], ["documents", "check"])


@pytest.mark.parametrize("command", COMMANDS, ids=" ".join)
def test_a_database_that_cannot_be_reached_is_one_line_without_its_url_for_every_command(run: Run, command: list[str]) -> None:
    secret = {
        "secret": f"{MARK}-{'x' * 32}",
        "smtp_host": "h",
        "smtp_user": "u",
        "smtp_password": MARK,
        "s3_secret_key": MARK,
        "throttle_url": f"redis://:{MARK}@h",
    }
    for url, reason in (
        (AWAY, "Connection refused"),
        (AWAY.replace(MARK, f"{MARK}/p@ss"), r"its URL cannot be used|its host is not known"),
        (AWAY.replace(MARK, f"{MARK}#"), r"its URL cannot be used|its host is not known"),
        (f"{AWAY}?sslmode={MARK}", "its URL cannot be used"),
    ):
        code, printed = run(*command, "--port", "0", database_url=url, **secret) if command == ["serve"] else run(*command, database_url=url, **secret)
        assert code == 1
        # Before it the seeder shows how far it is.
        assert re.search(rf"(?:^|\n)Error: (?:The database [a-z ]+|Cannot log in to the database): ({reason})\. Check PORTICO_DATABASE_URL\.\n$", printed)
        assert MARK not in printed
        assert "p@ss" not in printed


@pytest.mark.parametrize("command", [*COMMANDS, ["worker"]], ids=" ".join)
def test_a_database_port_out_of_range_is_one_line_that_names_the_setting_for_every_command(run: Run, command: list[str]) -> None:
    away = AWAY.replace(":1/", "/")
    for setting in ("database_url", "app_database_url"):
        for url in (
            AWAY.replace(":1/", ":99999/"),
            AWAY.replace("127.0.0.1:1/", "localhost:99999/"),
            f"{away}?port=99999",
            f"{away}?port=1,-5",
            AWAY.replace(":1/", ":0/"),
        ):
            code, printed = run(*command, **{"database_url": AWAY, setting: url})
            assert code == 1
            says = f"PORTICO_{setting.upper()}: has a port out of range; ports are 1 to 65535."
            assert printed == f"Error: {says}\n"


def test_a_port_of_a_database_that_is_in_range_is_taken() -> None:
    for url in (AWAY, AWAY.replace(":1/", ":65535/"), AWAY.replace(":1/", "/"), f"{AWAY}?port=5433", "postgresql://u@/x?host=%2Ftmp&port=5433,65535"):
        assert load(database_url=url).database_url == url


@pytest.mark.parametrize(
    ("query", "reason"),
    [
        ("sslmode=require", "it does not support TLS"),
        ("sslmode=verify-full", "the root certificate for sslmode is missing: put it at ~/.postgresql/root.crt, or name it with sslrootcert="),
        (f"sslmode=verify-full&sslrootcert=/{MARK}", "No such file or directory: its socket, or a certificate that its URL names"),
    ],
)
def test_tls_that_cannot_be_had_is_one_line_that_says_why(run: Run, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, query: str, reason: str) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    with answering(b"N") as port:  # what a Postgres without TLS says to who asks for it
        url = f"postgresql://portico:{MARK}@127.0.0.1:{port}/portico?{query}"
        assert run("tick", database_url=url) == (1, f"Error: Cannot log in to the database: {reason}. Check PORTICO_DATABASE_URL.\n")


@pytest.mark.parametrize("name", ["secret", "throttle_secret", "token_secret"])
def test_a_short_secret_is_refused_by_its_length_and_an_empty_one_is_left_out(name: str) -> None:
    for value in (MARK[:7], secrets.token_urlsafe(24)[:31]):
        with pytest.raises(WrongSetting) as refused:
            load(**{name: value})
        assert str(refused.value) == f"PORTICO_{name.upper()}: needs at least 32 characters; `./portico keys secret` makes one."
    long = secrets.token_urlsafe(24)
    assert [getattr(load(**{name: value}), name) for value in ("", long)] == [None, long]


def test_a_worker_waits_for_a_database_that_does_not_answer_and_logs_why_without_its_url(root: Path, tmp_path: Path) -> None:
    environment = {**os.environ, "PORTICO_DATA_DIR": str(tmp_path), "PORTICO_DATABASE_URL": AWAY, "PORTICO_SECRET": f"{MARK}-{'x' * 32}"}
    command = [sys.executable, "-m", "gateway", "worker"]
    with subprocess.Popen(command, cwd=root, env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True) as worker:
        assert worker.stdout is not None
        line = worker.stdout.readline()
        worker.terminate()
        rest = worker.stdout.read()
    assert "Connection refused" in line
    assert MARK not in line + rest
    assert worker.returncode == 0


@pytest.mark.parametrize(
    ("state", "reason"),
    [("28P01", "the password is wrong"), ("28000", "it does not accept this user"), ("3D000", "no database of this name"), ("XX000", "InternalServerError")],
)
def test_what_a_database_says_of_the_url_stays_with_it(run: Run, state: str, reason: str) -> None:
    with answering(refusal_of_postgres(state, f"{MARK} is wrong")) as port:
        url = f"postgresql://portico:{MARK}@127.0.0.1:{port}/{MARK}?sslmode=disable"
        for app_url, setting in (("", "PORTICO_DATABASE_URL"), (url.replace("portico:", "portico_app:"), "PORTICO_APP_DATABASE_URL")):
            code, printed = run("worker", database_url=url, **({"app_database_url": app_url} if app_url else {}))
            assert (code, MARK in printed, printed.count("\n")) == (1, False, 1)
            assert reason in printed
            assert state in printed
            assert f"Check {setting}." in printed


def test_a_real_database_that_does_not_take_the_role_or_may_not_be_migrated_is_one_line(run: Run, urls: Urls) -> None:
    code, printed = run("serve", "--port", "0", database_url=urls.admin.replace("postgres@", f"nobody:{MARK}@"))
    assert (code, "28000" in printed, MARK in printed, printed.count("\n")) == (1, True, False, 1)
    code, printed = run("migrate", database_url=urls.app.replace("portico_app@", f"portico_app:{MARK}@"))
    assert (code, "this user may not do that (SQLSTATE 42501)" in printed, MARK in printed, printed.count("\n")) == (1, True, False, 1)


PATHS = {
    "a data directory that is none": (["token", "--staff"], {"data_dir": f"/proc/{MARK}"}, "PORTICO_DATA_DIR: is not writable"),
    "a data directory for Postgres that is none": (["serve"], {"data_dir": f"/proc/{MARK}", "token_secret": "x" * 40}, "PORTICO_DATA_DIR"),
    "keys that are not there": (["token", "--staff"], {"signing_keys_dir": f"/proc/{MARK}"}, "PORTICO_SIGNING_KEYS_DIR: "),
    "keys that cannot be written": (["keys", "new"], {"signing_keys_dir": f"/proc/{MARK}"}, "PORTICO_SIGNING_KEYS_DIR: "),
    "a host that is none": (["serve"], {"host": f"{MARK}.invalid"}, "PORTICO_HOST: is not an address of this machine ("),
    "a host that cannot be one": (["serve"], {"host": f"{MARK}..{'x' * 64}"}, "PORTICO_HOST: is not an address of this machine ("),
    "a host of another machine": (["serve"], {"host": "192.0.2.1"}, "PORTICO_HOST: is not an address of this machine (Cannot assign requested address)."),
    "a password over an open line": (["serve"], {"smtp_host": MARK, "smtp_user": "u", "smtp_password": MARK, "smtp_security": "none"}, "PORTICO_SMTP_SECURITY"),
    "a logo that is not there": (["serve"], {"merchant_logo": f"/{MARK}.png"}, "PORTICO_MERCHANT_LOGO"),
    "a portal file that is not there": (["serve"], {"portal_file": f"/{MARK}.json"}, "PORTICO_PORTAL_FILE: cannot be read"),
    "two issuers of one name": (["serve"], {"issuers": json.dumps([ISSUER_SETTING | {"name": MARK}] * 2)}, "PORTICO_ISSUERS"),
    "a key in the place of another": (["serve"], {"stripe_publishable_key": f"sk_live_{MARK}"}, "PORTICO_STRIPE_PUBLISHABLE_KEY"),
    "a secret that is too short": (["worker"], {"secret": MARK}, "PORTICO_SECRET: "),
    "a secret of an example": (["worker"], {"secret": f"{MARK}-change-me-to-something"}, "PORTICO_SECRET: can be guessed"),
    "a secret that somebody typed": (["tick"], {"secret": "hunter2" * 5}, "PORTICO_SECRET: can be guessed"),
}


@pytest.mark.parametrize("row", PATHS.values(), ids=PATHS)
def test_what_cannot_start_for_another_reason_is_one_line_that_names_the_setting(run: Run, urls: Urls, row: tuple[list[str], dict[str, str], str]) -> None:
    command, settings, says = row
    database = {} if "data_dir" in settings else {"database_url": urls.admin}
    code, printed = run(*command, *(["--port", "0"] if command == ["serve"] else []), **database, **settings)
    assert (code, printed.count("\n"), "hunter2" in printed) == (1, 1, False), printed
    assert says in printed


def test_a_bug_is_a_traceback_without_the_secrets_of_the_settings(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: object, **__: object) -> None:
        raise RuntimeError(f"could not use {AWAY} nor {quote(MARK)}!")

    monkeypatch.setattr(migrate, "postgres", broken)
    code, printed = run("migrate", database_url=AWAY)
    assert (code, "RuntimeError: could not use" in printed, MARK in printed) == (1, True, False)


@pytest.mark.parametrize("command", ["serve", "migrate"])
def test_a_process_that_cannot_start_prints_no_secret(root: Path, tmp_path: Path, command: str) -> None:
    """The whole way once, as an operator starts it."""
    named = {
        "DATABASE_URL": AWAY,
        "DATA_DIR": str(tmp_path),
        "SECRET": f"{MARK}-{'x' * 32}",
        "ENVIRONMENT": "production",
        "SIGNING_KEYS_DIR": str(tmp_path),
        "SANDBOX": "true",
    }
    environment = os.environ | {f"PORTICO_{name}": value for name, value in named.items()}
    new_key(Settings(signing_keys_dir=tmp_path), "EdDSA", now=datetime.now(UTC))
    ended = subprocess.run([sys.executable, "-m", "gateway", command], cwd=root, env=environment, capture_output=True, text=True, timeout=60)
    assert (ended.returncode, ended.stdout, ended.stderr.count("\n")) == (1, "", 1)
    assert "Check PORTICO_DATABASE_URL." in ended.stderr
    assert MARK not in ended.stderr


Lines = Callable[..., str]


@pytest.fixture
def lines() -> Iterator[Lines]:
    """The log of a process with these settings, in both forms: what was written since this was asked last."""
    stream = io.StringIO()

    def written(settings: dict[str, Any] | None = None, *, as_json: bool = True) -> str:
        if settings is not None:
            log_format.hide(secrets_in(settings))
            log_format.configure(as_json=as_json, level="DEBUG", stream=stream)
        text = stream.getvalue()
        stream.seek(0)
        stream.truncate()
        return text

    with logging_as_before():
        yield written


TEXTS = {
    "a URL": AWAY,
    "a URL whose password is encoded": AWAY.replace(MARK, quote(f"{MARK}/p@ss", safe="")),
    "a URL whose password is not": AWAY.replace(MARK, f"{MARK}/p@ss"),
    "a URL without a user": f"redis://:{MARK}@h:6379/0",
    "keywords": f"host=h user=u password={MARK} dbname=d",
    "arguments": repr({"user": "u", "password": MARK}),
    "JSON": json.dumps({"user": "u", "password": MARK}),
    "a parameter": f"postgresql://h/d?user=u&password={MARK}&x=1",
    "a signed address": f"https://s3/x?X-Amz-Credential=a&X-Amz-Signature={MARK}&x=1",
}


@pytest.mark.parametrize("as_json", [True, False])
@pytest.mark.parametrize("text", TEXTS.values(), ids=TEXTS)
def test_an_exception_that_carries_a_secret_is_logged_without_it(lines: Lines, text: str, as_json: bool) -> None:
    """Known by its looks, whatever the settings are."""
    lines({}, as_json=as_json)
    try:
        raise RuntimeError(f"cannot connect with {text} today")
    except RuntimeError:
        logging.getLogger("portico").exception("it failed: %s", text, extra={"url": text, "urls": {"one": [text], text: 1}, "cause": RuntimeError(text)})
    written = lines()
    assert "it failed" in written
    assert "RuntimeError: cannot connect with" in written
    assert MARK not in written
    assert "p@ss" not in written


def test_a_secret_of_the_settings_is_hidden_wherever_it_stands_and_words_are_not(lines: Lines) -> None:
    lines({"smtp_password": MARK, "s3_secret_key": "portico", "database_url": f"postgresql://u:{quote(MARK + ' p@ss')}@h"})
    logging.getLogger("portico").error(f"the server says: no {MARK}! nor '{MARK} p@ss', {quote(MARK + ' p@ss')}; {MARK}s and portico", extra={"cause": MARK})
    said = json.loads(lines())
    assert said["event"] == f"the server says: no [hidden]! nor '[hidden]', [hidden]; {MARK}s and portico"
    assert said["cause"] == "[hidden]"


async def test_what_is_away_or_refuses_while_the_process_runs_is_logged_without_its_secret(lines: Lines, tmp_path: Path) -> None:
    """The mail server, the bucket, the throttle, Stripe and the scanner, each with the cause that the log would have of a bug."""
    turned_away = json.dumps({"error": {"type": "invalid_request_error", "message": f"Invalid API Key provided: {MARK}"}})
    answer = f"HTTP/1.1 401 No\r\nContent-Type: application/json\r\nContent-Length: {len(turned_away)}\r\nConnection: close\r\n\r\n{turned_away}"
    with answering(f"554 5.7.8 no such credentials: {MARK}\r\n".encode()) as smtp, answering(answer.encode()) as http:
        common = {"data_dir": tmp_path, "smtp_host": "127.0.0.1", "smtp_user": "u", "smtp_password": MARK, "stripe_secret_key": f"sk_{MARK}"}
        s3 = {"s3_bucket": "files", "s3_access_key": MARK, "s3_secret_key": MARK, "s3_path_style": True}
        settings = Settings(**common, **s3, smtp_port=smtp, s3_endpoint=f"http://127.0.0.1:{http}", throttle_url=f"redis://:{MARK}@127.0.0.1:1")
        lines(settings.model_dump())
        bucket, throttle = bucket_of(settings, "", b""), Throttle(settings.throttle_url)
        stripe = Stripe(StripeAccount(settings.stripe_secret_key or "", "", "", address=f"http://127.0.0.1:{http}"))
        for work, problem in (
            (sender(settings).send(Message("a@b.example", "x", "x", datetime.now(UTC), "one")), MailAway),
            (bucket.delete("a/b"), BucketUnavailable),
            (stripe.start_setup(Payer("cus_1", "a@b.example"), key="k"), ProcessorUnavailable),
            (scanned(), Refused),
        ):
            with pytest.raises(problem) as caught:
                await work
            logging.getLogger("portico").error("it failed", exc_info=caught.value)
            written = lines()
            assert problem.__name__ in written
            assert MARK not in written
        await throttle.hit(Kind.TOKEN, "network:tests")
        assert "the throttle storage cannot be reached" in (written := lines())
        assert MARK not in written
        await asyncio.gather(throttle.close(), bucket.close())


async def scanned() -> None:
    async with Clamd("tcp://127.0.0.1:1").scanning():
        pass


@pytest.mark.parametrize("command", ["serve", "worker", "tick"])
def test_production_does_not_start_without_the_secret_that_all_of_it_shares_and_makes_none(run: Run, tmp_path: Path, command: str) -> None:
    new_key(Settings(signing_keys_dir=tmp_path / "keys"), "EdDSA", now=datetime.now(UTC))
    production = {"environment": "production", "signing_keys_dir": str(tmp_path / "keys"), "database_url": AWAY, "sandbox": "true"}
    says = "Error: PORTICO_SECRET: is needed in production, the same for all servers and workers. Make one with `./portico keys secret`.\n"
    assert run(command, **production) == (1, says)
    assert run(command, **production, secret="") == (1, says), "an empty one is left out"
    assert not (tmp_path / "data").exists()
    code, made = run("keys", "secret")
    assert code == 0
    if command != "worker":  # which waits for the database
        assert "Check PORTICO_DATABASE_URL." in run(command, **production, secret=made.strip())[1], "with it, the next step is the database"


def test_a_secret_that_is_made_is_another_one_each_time_and_will_do(run: Run) -> None:
    made = {run("keys", "secret")[1].strip() for _ in range(20)}
    assert len(made) == 20
    assert {load(secret=secret).secret for secret in made} == made
