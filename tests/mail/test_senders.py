"""One contract for every sender, run on the folder and on SMTP with a real server; then what only one of them can get wrong."""

import asyncio
import email
import ssl
import stat
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta, timezone
from email.message import EmailMessage
from email.policy import default
from pathlib import Path
from typing import Any, Protocol

import aiosmtplib
import pytest
from aiosmtpd.smtp import SMTP, AuthResult, Envelope, Session
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from mail.brand import LetterLogo, LogoImage
from mail.folder import Folder
from mail.port import MailAway, Message, Sender, Undeliverable, author
from mail.smtp import Smtp, SmtpServer

NOW = datetime(2026, 11, 22, 20, 59, 47, 123456, tzinfo=UTC)
AUTHOR = author("no-reply@portal.example", name="Acme Pörtal")
PICTURE = b"\x89PNG\r\n\x1a\n" + bytes(range(256))
LETTER = Message(to="ada@example.com", subject="Your link", text="Hello,\n\nhttps://portal.example/?a=b&c=d\n", written_at=NOW, id="ltr_1")


class Post(Protocol):
    """A sender and what has reached the other side."""

    sender: Sender

    def arrived(self) -> list[EmailMessage]: ...


def files(path: Path, pattern: str = "*") -> list[Path]:
    return sorted(path.glob(pattern))


def parsed(content: bytes) -> EmailMessage:
    message = email.message_from_bytes(content, policy=default)
    assert isinstance(message, EmailMessage)
    assert not message.defects
    return message


def text_of(message: EmailMessage) -> str:
    content = message.get_content()
    assert isinstance(content, str)
    return content.replace("\r\n", "\n")


@dataclass
class FolderPost:
    sender: Sender
    path: Path

    def arrived(self) -> list[EmailMessage]:
        return [parsed(file.read_bytes()) for file in files(self.path, "*.eml")]


@dataclass
class Inbox:
    """What the server takes in. `answers` replaces its answer to a command."""

    contents: list[bytes] = field(default_factory=list)
    envelopes: list[Envelope] = field(default_factory=list)
    sessions: list[Session] = field(default_factory=list)
    answers: dict[str, str] = field(default_factory=dict)

    async def handle_RCPT(self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]) -> str:
        envelope.rcpt_tos.append(address)
        return self.answers.get("RCPT", "250 OK")

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:
        if "DATA" not in self.answers:
            assert isinstance(envelope.content, bytes)
            self.contents.append(envelope.content)
            self.envelopes.append(envelope)
            self.sessions.append(session)
        return self.answers.get("DATA", "250 OK")


@dataclass
class SmtpPost:
    sender: Sender
    inbox: Inbox

    def arrived(self) -> list[EmailMessage]:
        return [parsed(content) for content in self.inbox.contents]


@dataclass(frozen=True)
class Certificate:
    context: ssl.SSLContext
    authority_file: str


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Certificate:
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "localhost")])
    builder = x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number(), NOW - timedelta(days=9999), NOW + timedelta(days=9999))
    builder = builder.add_extension(x509.SubjectAlternativeName([x509.DNSName("localhost")]), critical=False)
    path = tmp_path_factory.mktemp("tls") / "server.pem"
    path.write_bytes(
        key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
        + builder.sign(key, hashes.SHA256()).public_bytes(serialization.Encoding.PEM)
    )
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(path)
    return Certificate(context, str(path))


def knows(server: SMTP, session: Session, envelope: Envelope, mechanism: str, data: Any) -> AuthResult:
    return AuthResult(success=(data.login, data.password) == (b"portico", b"hunter2"), handled=False)


@asynccontextmanager
async def listening(factory: Callable[[], asyncio.BaseProtocol], **options: Any) -> AsyncIterator[int]:
    server = await asyncio.get_running_loop().create_server(factory, "localhost", 0, **options)
    try:
        yield server.sockets[0].getsockname()[1]
    finally:
        server.close()


@asynccontextmanager
async def mail_server(inbox: Inbox, certificate: Certificate, **options: Any) -> AsyncIterator[SmtpServer]:
    """A server that wants STARTTLS and a password, as those of providers do."""
    wants = {"tls_context": certificate.context, "require_starttls": True, "auth_required": True, "authenticator": knows, "enable_SMTPUTF8": True, **options}
    async with listening(lambda: SMTP(inbox, hostname="mail.example", **wants)) as port:
        yield SmtpServer("localhost", port, username="portico", password="hunter2", authority_file=certificate.authority_file, patience_seconds=5)


@pytest.fixture(params=["folder", "smtp"])
async def post(request: pytest.FixtureRequest, tmp_path: Path, certificate: Certificate) -> AsyncIterator[Post]:
    if request.param == "folder":
        yield FolderPost(Folder(tmp_path / "outbox" / "mail", AUTHOR), tmp_path / "outbox" / "mail")
    else:
        inbox = Inbox()
        async with mail_server(inbox, certificate) as server:
            yield SmtpPost(Smtp(server, AUTHOR), inbox)


# The contract


async def test_a_letter_arrives_as_it_was_written(post: Post) -> None:
    await post.sender.send(replace(LETTER, headers=(("Content-Language", "en"),)))
    [arrived] = post.arrived()
    assert arrived["To"] == "ada@example.com"
    assert arrived["From"].addresses[0].addr_spec == "no-reply@portal.example"
    assert arrived["From"].addresses[0].display_name == "Acme Pörtal"
    assert arrived["Subject"] == "Your link"
    assert arrived["Date"].datetime == NOW.replace(microsecond=0)
    assert arrived["Message-ID"] == "<ltr_1@portal.example>"
    assert arrived["Auto-Submitted"] == "auto-generated"
    assert arrived["Content-Language"] == "en"
    assert text_of(arrived) == LETTER.text
    assert arrived.get_content_type() == "text/plain"


async def test_a_letter_as_html_arrives_with_its_text_and_its_logo(tmp_path: Path, certificate: Certificate) -> None:
    """Both senders: the text comes first, the HTML after it, and the logo is a part of the HTML."""
    logo, inbox = LetterLogo(lambda: LogoImage(PICTURE, "png")), Inbox()
    html = '<p lang="ar">\u0645\u0631\u062d\u0628\u064b\u0627 <img src="cid:logo" alt="Acme"></p>\n'
    letter = replace(LETTER, html=html, headers=(("Content-Language", "ar"),))
    async with mail_server(inbox, certificate) as server:
        for sender in (Folder(tmp_path, AUTHOR, logo), Smtp(server, AUTHOR, logo)):
            await sender.send(letter)
    for arrived in (parsed(files(tmp_path, "*.eml")[0].read_bytes()), parsed(inbox.contents[0])):
        assert [part.get_content_type() for part in arrived.walk()] == ["multipart/alternative", "text/plain", "multipart/related", "text/html", "image/png"]
        text, hypertext = arrived.get_body(("plain",)), arrived.get_body(("html",))
        assert text is not None
        assert hypertext is not None
        assert (text_of(text), text_of(hypertext)) == (LETTER.text, html)
        (picture,) = [part for part in arrived.walk() if part.get_content_type() == "image/png"]
        assert (picture["Content-ID"], picture.get_payload(decode=True)) == ("<logo>", PICTURE)
        assert (arrived["Content-Language"], arrived["Auto-Submitted"], arrived["Message-ID"]) == ("ar", "auto-generated", "<ltr_1@portal.example>")


async def test_a_logo_that_cannot_be_read_is_left_out(tmp_path: Path) -> None:
    await Folder(tmp_path, AUTHOR, LetterLogo(lambda: None)).send(replace(LETTER, html='<img src="cid:logo" alt="Acme">'))
    (file,) = files(tmp_path, "*.eml")
    assert [part.get_content_type() for part in parsed(file.read_bytes()).walk()] == ["multipart/alternative", "text/plain", "text/html"]


@pytest.mark.parametrize(
    "text",
    [
        "Grüße, zażółć gęślą jaźń, 日本語, 💶\n",
        "https://portal.example/?token=" + "x=" * 1500 + "\n",
        "ü" * 3000 + "\n",
        ".\n..\n.hidden\n.\n",
        "From here on\nFrom: evil@example.com\n\nTo: all\n",
        "trailing space \n\n\n\ttab\n",
        "no newline at the end",
        "",
        "\u2028\u2029\x85\x0b\x0c\n",
    ],
    ids=["scripts", "long link", "long line", "dots", "looks like headers", "space", "no newline", "empty", "odd breaks"],
)
async def test_every_text_arrives_unchanged(post: Post, text: str) -> None:
    await post.sender.send(replace(LETTER, text=text))
    [arrived] = post.arrived()
    assert text_of(arrived).rstrip("\n") == text.rstrip("\n")


@pytest.mark.parametrize("subject", ["Grüße aus Köln", "日本語" * 60, "word " * 60 + "end", "a" * 500, "=?utf-8?q?x?=", "$& %s {}"])
async def test_every_subject_arrives_unchanged(post: Post, subject: str) -> None:
    await post.sender.send(replace(LETTER, subject=subject))
    [arrived] = post.arrived()
    assert arrived["Subject"] == email.header.make_header(email.header.decode_header(subject))


@pytest.mark.parametrize(
    "address", ["a@localhost", "ada+portal@example.com", "o'brien_{x}@sub.example.co.uk", "jürgen@example.com", "ada@exämple.com", "用户@例子.广告"]
)
async def test_every_address_is_reached(post: Post, address: str) -> None:
    await post.sender.send(replace(LETTER, to=address))
    [arrived] = post.arrived()
    assert arrived["To"] == address


async def test_letters_sent_at_once_all_arrive(post: Post) -> None:
    await asyncio.gather(*(post.sender.send(replace(LETTER, id=f"ltr_{number}")) for number in range(10)))
    assert {arrived["Message-ID"] for arrived in post.arrived()} == {f"<ltr_{number}@portal.example>" for number in range(10)}


async def test_a_letter_sent_again_is_recognised_by_its_id(post: Post) -> None:
    await post.sender.send(LETTER)
    await post.sender.send(LETTER)
    assert {arrived["Message-ID"] for arrived in post.arrived()} == {"<ltr_1@portal.example>"}


# The folder


async def test_files_sort_by_time_and_tell_no_address(tmp_path: Path) -> None:
    folder = Folder(tmp_path, AUTHOR)
    elsewhere = timezone(timedelta(hours=9))
    times = [NOW, NOW + timedelta(microseconds=1), (NOW + timedelta(seconds=1)).astimezone(elsewhere), NOW + timedelta(hours=1), NOW + timedelta(days=40)]
    for number, at in reversed(list(enumerate(times))):
        await folder.send(replace(LETTER, id=f"ltr_{9 - number}", written_at=at))
    names = [file.name for file in files(tmp_path)]
    assert [parsed((tmp_path / name).read_bytes())["Message-ID"] for name in names] == [f"<ltr_{9 - number}@portal.example>" for number in range(5)]
    assert names[0] == "20261122T205947.123456Z-ltr_9.eml"
    assert not any("ada" in name or "example" in name for name in names)


async def test_only_the_owner_reads_the_letters(tmp_path: Path) -> None:
    folder = tmp_path / "outbox"
    await Folder(folder, AUTHOR).send(LETTER)
    [file] = files(folder)
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700


async def test_a_letter_sent_again_is_one_file_and_no_draft_is_left(tmp_path: Path) -> None:
    folder = Folder(tmp_path, AUTHOR)
    await asyncio.gather(*(folder.send(LETTER) for _ in range(20)))
    [file] = files(tmp_path)
    assert text_of(parsed(file.read_bytes())) == LETTER.text


async def test_a_file_is_whole_from_the_moment_it_has_its_name(tmp_path: Path) -> None:
    long = replace(LETTER, text="line of a long letter\n" * 200_000)
    sending = asyncio.create_task(Folder(tmp_path, AUTHOR).send(long))
    seen: set[int] = set()
    while not sending.done():
        seen |= {file.stat().st_size for file in files(tmp_path, "*.eml")}
        await asyncio.sleep(0)
    [file] = files(tmp_path, "*.eml")
    assert seen <= {file.stat().st_size}


async def test_a_folder_that_cannot_be_written_is_mail_that_is_away(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(MailAway) as caught:
        await Folder(tmp_path / "file", AUTHOR).send(LETTER)
    assert "ada" not in str(caught.value)


# SMTP


async def test_the_password_and_the_letter_travel_encrypted_and_the_envelope_is_ours(certificate: Certificate) -> None:
    inbox = Inbox()
    async with mail_server(inbox, certificate) as server:
        await Smtp(server, AUTHOR).send(LETTER)
    assert inbox.sessions[0].ssl is not None
    assert inbox.sessions[0].authenticated
    assert (inbox.envelopes[0].mail_from, inbox.envelopes[0].rcpt_tos) == ("no-reply@portal.example", ["ada@example.com"])


async def test_tls_from_the_first_byte_works_too(certificate: Certificate) -> None:
    inbox = Inbox()
    async with listening(lambda: SMTP(inbox, hostname="mail.example"), ssl=certificate.context) as port:
        await Smtp(SmtpServer("localhost", port, security="tls", authority_file=certificate.authority_file), AUTHOR).send(LETTER)
    assert len(inbox.contents) == 1


async def test_a_relay_next_door_needs_no_encryption_if_told_so(certificate: Certificate) -> None:
    inbox = Inbox()
    async with listening(lambda: SMTP(inbox, hostname="mail.example")) as port:
        await Smtp(SmtpServer("localhost", port, security="none"), AUTHOR).send(LETTER)
    assert len(inbox.contents) == 1


async def test_a_server_that_cannot_encrypt_is_told_nothing(certificate: Certificate) -> None:
    inbox = Inbox()
    async with mail_server(inbox, certificate, tls_context=None, require_starttls=False, auth_require_tls=False, auth_required=False) as server:
        with pytest.raises(MailAway):
            await Smtp(server, AUTHOR).send(LETTER)
    assert inbox.contents == []


async def test_a_server_whose_certificate_nobody_vouches_for_is_told_nothing(certificate: Certificate) -> None:
    inbox = Inbox()
    async with mail_server(inbox, certificate) as server:
        for doubtful in (replace(server, authority_file=None), replace(server, host="127.0.0.1")):
            with pytest.raises(MailAway):
                await Smtp(doubtful, AUTHOR).send(LETTER)
    assert inbox.contents == []


async def test_a_wrong_password_is_for_the_operator_to_mend_and_the_letter_waits(certificate: Certificate) -> None:
    inbox = Inbox()
    async with mail_server(inbox, certificate) as server:
        with pytest.raises(MailAway) as caught:
            await Smtp(replace(server, password="wrong", patience_seconds=30), AUTHOR).send(LETTER)
    assert isinstance(caught.value.__cause__, aiosmtplib.SMTPAuthenticationError)
    assert inbox.contents == []


@pytest.mark.parametrize(
    ("command", "answer", "problem"),
    [
        ("RCPT", "550 5.1.1 <ada@example.com> is not here", Undeliverable),
        ("RCPT", "450 4.2.1 <ada@example.com> later", MailAway),
        ("DATA", "554 5.7.1 spam for ada@example.com", Undeliverable),
        ("DATA", "451 4.3.0 busy", MailAway),
        ("DATA", "421 closing", MailAway),
    ],
)
async def test_a_refusal_for_good_is_told_from_one_for_now_and_the_words_name_nobody(
    certificate: Certificate, command: str, answer: str, problem: type[Exception]
) -> None:
    inbox = Inbox(answers={command: answer})
    async with mail_server(inbox, certificate) as server:
        with pytest.raises((MailAway, Undeliverable)) as caught:
            await Smtp(server, AUTHOR).send(LETTER)
    assert caught.type is problem
    assert "ada" not in str(caught.value)
    assert inbox.contents == []


async def test_an_address_that_the_server_cannot_write_is_refused_for_good(certificate: Certificate) -> None:
    async with mail_server(Inbox(), certificate, enable_SMTPUTF8=False) as server:
        with pytest.raises(Undeliverable):
            await Smtp(server, AUTHOR).send(replace(LETTER, to="jürgen@example.com"))


async def test_a_server_that_is_not_there_is_mail_that_is_away() -> None:
    async with listening(asyncio.Protocol) as port:
        pass
    with pytest.raises(MailAway):
        await Smtp(SmtpServer("localhost", port), AUTHOR).send(LETTER)


@pytest.mark.parametrize("greeting", [b"", b"220 mail.example ESMTP\r\n", b"220-", b"HTTP/1.1 400 Bad Request\r\n\r\n", b"\x00\xff\r\n"])
async def test_a_server_that_says_nothing_more_or_nonsense_is_given_up(greeting: bytes) -> None:
    class Stubborn(asyncio.Protocol):
        def connection_made(self, transport: asyncio.BaseTransport) -> None:
            assert isinstance(transport, asyncio.Transport)
            transport.write(greeting)
            transports.append(transport)

    transports: list[asyncio.BaseTransport] = []
    async with listening(Stubborn) as port, asyncio.timeout(20):
        with pytest.raises(MailAway):
            await Smtp(SmtpServer("localhost", port, patience_seconds=0.2), AUTHOR).send(LETTER)
        for transport in transports:
            transport.close()


async def test_a_silent_server_is_given_up_after_one_step(certificate: Certificate) -> None:
    async with listening(asyncio.Protocol) as port, asyncio.timeout(10):
        with pytest.raises(MailAway):
            await Smtp(SmtpServer("localhost", port, patience_seconds=0.5), AUTHOR).send(LETTER)


async def test_a_server_that_is_slow_at_every_step_is_given_up_as_a_whole() -> None:
    """Each answer comes in time, but there are many."""

    async def slow(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"220 mail.example ESMTP\r\n")
        with suppress(ConnectionError):
            while line := await reader.readline():
                await asyncio.sleep(1.3)
                writer.write(b"354 go on\r\n" if line == b"DATA\r\n" else b"250 OK\r\n")
        writer.close()

    async with await asyncio.start_server(slow, "localhost", 0) as server:
        with pytest.raises(MailAway) as caught:
            await Smtp(SmtpServer("localhost", server.sockets[0].getsockname()[1], security="none", patience_seconds=2), AUTHOR).send(LETTER)
    assert type(caught.value.__cause__) is TimeoutError


def test_the_password_is_not_shown_and_not_sent_over_an_unencrypted_connection() -> None:
    assert "hunter2" not in repr(SmtpServer("localhost", username="portico", password="hunter2"))
    with pytest.raises(ValueError, match="unencrypted connection"):
        SmtpServer("localhost", security="none", username="portico", password="hunter2")
