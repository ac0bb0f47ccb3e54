"""What every sender of mail takes and promises, and how a message is written down by RFC 5322."""

import re
import unicodedata
from dataclasses import dataclass
from datetime import datetime
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP, SMTPUTF8
from typing import Protocol

from billing.addresses import is_address

MAX_LINE = 900  # octets; RFC 5322 forbids lines above 998
HEADER_NAME = re.compile(r"[A-Za-z][A-Za-z0-9-]*")
ID = re.compile(r"[A-Za-z0-9_-]{1,80}")
# These are written from the message itself, and nowhere else.
WRITTEN = {"from", "sender", "reply-to", "to", "cc", "bcc", "subject", "date", "message-id", "auto-submitted", "mime-version"}


class Unsendable(ValueError):
    """The message would not be one message to one address. Nothing is sent, and trying again does not help."""


class Undeliverable(Exception):
    """The server refuses this message or this address for good. Trying again does not help."""


class MailAway(Exception):
    """The message was not taken now. Try again later, with the same id: a server that took it after all then knows it."""


@dataclass(frozen=True, slots=True)
class Message:
    """One letter to one address. `id` is the caller's (an outbox row's, say) and becomes the Message-ID; `written_at` becomes the Date.

    Raises Unsendable rather than exist with anything in it that could start another header, another recipient or another command.
    """

    to: str
    subject: str
    text: str
    written_at: datetime
    id: str
    headers: tuple[tuple[str, str], ...] = ()

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
        if any(unicodedata.category(character) == "Cs" or character in "\r\0" for character in self.text):
            raise Unsendable("the text has a character that is none")


class Sender(Protocol):
    async def send(self, message: Message) -> None:
        """Returns when somebody else answers for the message. Raises MailAway or Undeliverable, and then nobody does."""


def check_address(address: str) -> None:
    """Raises Unsendable."""
    if not is_address(address):
        # The address itself is left out: this text may end up in a log.
        raise Unsendable("that is not an e-mail address")


def is_one_line(text: str) -> bool:
    """Neither a line break of any kind, nor another control character, nor half a character."""
    return not any(unicodedata.category(character) in ("Cc", "Cs", "Zl", "Zp") for character in text)


def written(message: Message, author: Address) -> EmailMessage:
    """The message as RFC 5322 has it, from `author`."""
    email = EmailMessage(SMTP if message.to.isascii() else SMTPUTF8)
    email["From"] = author
    email["To"] = Address(addr_spec=message.to) if message.to.isascii() else message.to
    email["Subject"] = message.subject
    email["Date"] = message.written_at
    email["Message-ID"] = f"<{message.id}@{author.domain}>"
    # Keeps vacation notices and the like from answering (RFC 3834).
    email["Auto-Submitted"] = "auto-generated"
    email.set_content(message.text, charset="utf-8", cte=_encoding(message.text))
    # Last, because setting the content takes every header away whose name begins with Content-.
    for name, value in message.headers:
        email[name] = value
    return email


def author(address: str, *, name: str = "") -> Address:
    """Whom the letters are from, as shown to the customer."""
    check_address(address)
    if not is_one_line(name):
        raise Unsendable("the author's name is not one line")
    return Address(name, addr_spec=address)


def _encoding(text: str) -> str | None:
    """Text is written as it is where that is allowed, so that a link in a file can be read, clicked and searched for."""
    if any(len(line.encode()) > MAX_LINE for line in text.split("\n")):
        return None
    return "7bit" if text.isascii() else "8bit"
