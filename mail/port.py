"""The port of mail: the contract of every sender, and the form of a message by RFC 5322."""

import re
import unicodedata
from dataclasses import dataclass
from datetime import datetime
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP, SMTPUTF8
from typing import Protocol

from billing.addresses import is_address
from mail.brand import LOGO_ID, LetterLogo

MAX_LINE = 900  # octets; RFC 5322 forbids lines above 998
HEADER_NAME = re.compile(r"[A-Za-z][A-Za-z0-9-]*")
ID = re.compile(r"[A-Za-z0-9_-]{1,80}")
# Headers that are set from the message's own fields only.
WRITTEN = {"from", "sender", "reply-to", "to", "cc", "bcc", "subject", "date", "message-id", "auto-submitted", "mime-version"}


class Unsendable(ValueError):
    """The message is not valid as one message to one address. Nothing is sent, and a retry does not help."""


class Undeliverable(Exception):
    """The server refuses this message or this address permanently. A retry does not help."""


class MailAway(Exception):
    """The message was not accepted now. Retry later with the same id: a server that accepted it after all can then recognise the duplicate."""


@dataclass(frozen=True, slots=True)
class Message:
    """One letter to one address, as plain text and, where `html` is not empty, as HTML too.

    `id` is chosen by the caller (for example the id of an outbox row) and becomes the Message-ID; `written_at` becomes the Date.

    Raises Unsendable for a value that could start another header, add a recipient or send another command.
    """

    to: str
    subject: str
    text: str
    written_at: datetime
    id: str
    headers: tuple[tuple[str, str], ...] = ()
    html: str = ""

    def __post_init__(self) -> None:
        check_address(self.to)
        if not ID.fullmatch(self.id):
            raise Unsendable("an id consists of letters, digits, - and _")
        if self.written_at.tzinfo is None:
            raise Unsendable("the time has no zone")
        for name, value in (("Subject", self.subject), *self.headers):
            if not HEADER_NAME.fullmatch(name) or not is_one_line(value):
                raise Unsendable(f"the header {name!r} is not one line")
        for name, _ in self.headers:
            if name.lower() in WRITTEN or name.lower().startswith(("content-t", "resent-")):
                raise Unsendable(f"the header {name!r} is not the caller's to set")
        if any(unicodedata.category(character) == "Cs" or character in "\r\0" for character in self.text + self.html):
            raise Unsendable("the text has a character that is none")


class Sender(Protocol):
    async def send(self, message: Message) -> None:
        """Hand the message over. On return another system is responsible for its delivery. Raises MailAway or Undeliverable; then the caller still is."""


def check_address(address: str) -> None:
    """Raise Unsendable unless the text is an e-mail address."""
    if not is_address(address):
        # Without the address: this text may be logged.
        raise Unsendable("that is not an e-mail address")


def is_one_line(text: str) -> bool:
    """Return whether the text has no line break of any kind, no other control character and no surrogate."""
    return not any(unicodedata.category(character) in ("Cc", "Cs", "Zl", "Zp") for character in text)


def written(message: Message, author: Address, logo: LetterLogo | None = None) -> EmailMessage:
    """Return the message in the form of RFC 5322, from `author`. The logo is a part of the message where its HTML shows it."""
    email = EmailMessage(SMTP if message.to.isascii() else SMTPUTF8)
    email["From"] = author
    email["To"] = Address(addr_spec=message.to) if message.to.isascii() else message.to
    email["Subject"] = message.subject
    email["Date"] = message.written_at
    email["Message-ID"] = f"<{message.id}@{author.domain}>"
    # Stops automatic replies such as vacation notices (RFC 3834).
    email["Auto-Submitted"] = "auto-generated"
    email.set_content(message.text, charset="utf-8", cte=_encoding(message.text))
    if message.html:
        _add_html(email, message.html, logo)
    # Last, because set_content removes every header whose name begins with Content-.
    for name, value in message.headers:
        email[name] = value
    return email


def _add_html(email: EmailMessage, html: str, logo: LetterLogo | None) -> None:
    email.add_alternative(html, subtype="html", charset="utf-8", cte=_encoding(html))
    image = logo.image if logo and f"cid:{LOGO_ID}" in html else None
    if image:
        part = email.get_body(("html",))
        assert isinstance(part, EmailMessage)
        part.add_related(image.content, "image", image.subtype, cid=f"<{LOGO_ID}>", disposition="inline")


def author(address: str, *, name: str = "") -> Address:
    """Return the sender that the customer sees. Raises Unsendable."""
    check_address(address)
    if not is_one_line(name):
        raise Unsendable("the author's name is not one line")
    return Address(name, addr_spec=address)


def _encoding(text: str) -> str | None:
    """Return the transfer encoding: none where the text allows it, so that a link in a file can be read, clicked and searched. None lets the library choose."""
    if any(len(line.encode()) > MAX_LINE for line in text.split("\n")):
        return None
    return "7bit" if text.isascii() else "8bit"
