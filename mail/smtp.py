"""Letters by SMTP: one connection per letter. No connection has to be kept alive, and a broken one delays one letter only."""

import asyncio
from dataclasses import dataclass, field
from email.headerregistry import Address
from typing import Literal

import aiosmtplib

from mail.brand import LetterLogo
from mail.port import MailAway, Message, Undeliverable, written


@dataclass(frozen=True, slots=True)
class SmtpServer:
    """A mail server. `security` is `starttls` (a server without it is not used), `tls` from the first byte, or `none` for a relay on the same machine.

    `authority_file` is a file of certificates to trust in place of the system's. `patience_seconds` bounds each step; the whole delivery may take three times as long.
    """

    host: str
    port: int = 587
    security: Literal["starttls", "tls", "none"] = "starttls"
    username: str | None = None
    password: str | None = field(default=None, repr=False)
    authority_file: str | None = None
    patience_seconds: float = 10.0

    def __post_init__(self) -> None:
        if self.password and self.security == "none":
            raise ValueError("a password is not sent over an unencrypted connection")


class Smtp:
    def __init__(self, server: SmtpServer, author: Address, logo: LetterLogo | None = None) -> None:
        self._server = server
        self._author = author
        self._logo = logo

    async def send(self, message: Message) -> None:
        try:
            async with asyncio.timeout(3 * self._server.patience_seconds):
                await self._deliver(message)
        except (aiosmtplib.SMTPException, OSError, TimeoutError) as problem:
            # The server's answer stays in the cause and out of the message, because it often repeats the address.
            if _is_final(problem):
                raise Undeliverable("the mail server refuses this letter") from problem
            raise MailAway("the mail server did not take the letter") from problem

    async def check(self) -> None:
        """Connect as for a letter, and send none. Raises MailAway, whose cause is the server's error."""
        server = self._server
        connection = aiosmtplib.SMTP(
            hostname=server.host,
            port=server.port,
            use_tls=server.security == "tls",
            start_tls=server.security == "starttls",
            username=server.username,
            password=server.password,
            cert_bundle=server.authority_file,
            timeout=server.patience_seconds,
        )
        try:
            async with asyncio.timeout(3 * server.patience_seconds), connection:
                await connection.ehlo()
        except (aiosmtplib.SMTPException, OSError, TimeoutError) as problem:
            raise MailAway("the mail server cannot be used") from problem

    async def _deliver(self, message: Message) -> None:
        server = self._server
        await aiosmtplib.send(
            written(message, self._author, self._logo),
            sender=self._author.addr_spec,
            recipients=[message.to],
            hostname=server.host,
            port=server.port,
            use_tls=server.security == "tls",
            start_tls=server.security == "starttls",
            username=server.username,
            password=server.password,
            cert_bundle=server.authority_file,
            timeout=server.patience_seconds,
        )


def _is_final(problem: Exception) -> bool:
    """Return whether the recipient or the text is refused permanently.

    Refused credentials and a refused sender are not final: the operator can correct them, and then the letter is sent.
    """
    if isinstance(problem, aiosmtplib.SMTPRecipientsRefused):
        return all(500 <= refused.code < 600 for refused in problem.recipients)
    if isinstance(problem, aiosmtplib.SMTPNotSupported):
        return "SMTPUTF8" in problem.message
    return isinstance(problem, aiosmtplib.SMTPDataError) and 500 <= problem.code < 600
