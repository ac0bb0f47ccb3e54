"""What signing in needs, put together from the settings."""

import asyncio
import logging
from collections import Counter
from collections.abc import Callable, Coroutine
from datetime import datetime, timedelta
from email.utils import parseaddr
from typing import Any

from auth.devices import Devices
from auth.passwords import Passwords
from auth.seal import Seal
from auth.throttle import Throttle
from auth.viewer import Viewer
from billing.states import Actor
from db.outages import describe
from gateway.wiring.configuration.settings import Settings, WrongSetting
from gateway.wiring.issuer import secret_of_portal
from mail.folder import Folder
from mail.port import Sender, author
from resolvers.context import Identity, Post

logger = logging.getLogger("portico.later")

FINISH_SECONDS = 10.0

Sign = Callable[[Viewer, datetime, timedelta], str]


class Later:
    """Things to do after the answer. They are finished before the process ends, if that does not take too long; what is left then, the worker does."""

    def __init__(self) -> None:
        self._running: set[asyncio.Task[None]] = set()

    def __call__(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.create_task(work, name=getattr(work, "__qualname__", type(work).__name__))
        self._running.add(task)
        task.add_done_callback(self._done)

    async def finish(self, seconds: float = FINISH_SECONDS) -> None:
        """Wait for what runs, and for what that begins. Then cancel what is left, and write down what it was."""
        try:
            async with asyncio.timeout(seconds):
                while self._running:
                    await asyncio.wait(self._running)
        except TimeoutError:
            left = list(self._running)
            names = ", ".join(f"{count} × {name}" for name, count in Counter(task.get_name() for task in left).items())
            logger.error("the process ends before this was done, and leaves it to the worker: %s", names)
            for task in left:
                task.cancel()
            await asyncio.wait(left)

    def _done(self, task: asyncio.Task[None]) -> None:
        self._running.discard(task)
        if not task.cancelled() and (error := task.exception()):
            logger.error("%s failed after the answer and is left to the worker: %s", task.get_name(), describe(error), exc_info=error)


def identity(settings: Settings, sign: Sign, later: Later, portal_url: str) -> Identity:
    return Identity(
        sign=sign,
        passwords=Passwords(),
        devices=Devices(secret_of_portal(settings)),
        throttle=Throttle(settings.throttle_url, secret=settings.throttle_secret or ""),
        post=post(settings),
        later=later,
        portal_url=portal_url,
        merchant=settings.merchant,
        issuer=settings.token_issuer,
        sends_mail=settings.smtp_host is not None or not settings.is_production,
        gives_first_passwords=not any(issuer.kind is Actor.CUSTOMER for issuer in settings.issuers),
    )


def post(settings: Settings) -> Post:
    """The same for the server, which writes letters, and for the worker, which sends those that are left."""
    return Post(sender(settings), Seal(secret_of_portal(settings)))


def sender(settings: Settings) -> Sender:
    """SMTP where a server is named, and else a folder of letters. Raises WrongSetting."""
    name, address = parseaddr(settings.mail_from)
    if settings.smtp_host is None:
        return Folder(settings.data_dir / "mail", author(address, name=name))
    from mail.smtp import Server, Smtp

    try:
        server = Server(settings.smtp_host, settings.smtp_port, settings.smtp_security, settings.smtp_user, settings.smtp_password)
    except ValueError as error:
        raise WrongSetting(f"PORTICO_SMTP_SECURITY: {error}.") from None
    return Smtp(server, author(address, name=name))
