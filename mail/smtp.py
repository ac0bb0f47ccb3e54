"""Letters by SMTP: one connection for each, so that nothing has to be kept alive, and a broken one costs one letter's delay."""

import asyncio
from dataclasses import dataclass, field
from email.headerregistry import Address
from typing import Literal

import aiosmtplib

from mail.port import MailAway, Message, Undeliverable, written


@dataclass(frozen=True, slots=True)
class SmtpServer:
    """`security` is `starttls` (a server that cannot is not spoken to), `tls` from the first byte, or `none` for a relay on the same machine.

    `authority_file` names the certificates to trust instead of the system's. `patience_seconds` bounds each step, and three times that the whole.
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
            raise ValueError("a password is not sent over an open line")


class Smtp:
    def __init__(self, server: SmtpServer, author: Address) -> None:
        self._server = server
        self._author = author

    async def send(self, message: Message) -> None:
        try:
            async with asyncio.timeout(3 * self._server.patience_seconds):
                await self._deliver(message)
        except (aiosmtplib.SMTPException, OSError, TimeoutError) as problem:
            # What the server said stays in the cause: it often repeats the address.
            if _is_final(problem):
                raise Undeliverable("the mail server refuses this letter") from problem
            raise MailAway("the mail server did not take the letter") from problem

    async def _deliver(self, message: Message) -> None:
        server = self._server
        await aiosmtplib.send(
            written(message, self._author),
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
    """A permanent refusal of the recipient or of the text. Refused credentials or a refused sender are the operator's to mend, and then the letter goes out after all."""
    if isinstance(problem, aiosmtplib.SMTPRecipientsRefused):
        return all(500 <= refused.code < 600 for refused in problem.recipients)
    if isinstance(problem, aiosmtplib.SMTPNotSupported):
        return "SMTPUTF8" in problem.message
    return isinstance(problem, aiosmtplib.SMTPDataError) and 500 <= problem.code < 600
