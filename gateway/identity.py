"""What signing in needs, put together from the settings."""

import asyncio
from collections.abc import Callable, Coroutine
from datetime import datetime, timedelta
from email.utils import parseaddr
from typing import Any

from auth.devices import Devices
from auth.passwords import Passwords
from auth.seal import Seal
from auth.throttle import Throttle
from auth.viewer import Viewer
from gateway.issuer import secret_of_portal
from gateway.settings import Settings
from mail.folder import Folder
from mail.port import Sender, author
from mail.smtp import Server, Smtp
from resolvers.context import Identity, Post

Sign = Callable[[Viewer, datetime, timedelta], str]


class Later:
    """Things to do after the answer. They are finished before the process ends."""

    def __init__(self) -> None:
        self._running: set[asyncio.Task[None]] = set()

    def __call__(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.create_task(work)
        self._running.add(task)
        task.add_done_callback(self._running.discard)

    async def finish(self) -> None:
        while self._running:
            await asyncio.gather(*self._running, return_exceptions=True)


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
    )


def post(settings: Settings) -> Post:
    """The same for the server, which writes letters, and for the worker, which sends those that are left."""
    return Post(sender(settings), Seal(secret_of_portal(settings)))


def sender(settings: Settings) -> Sender:
    """SMTP where a server is named, and else a folder of letters."""
    name, address = parseaddr(settings.mail_from)
    if settings.smtp_host is None:
        return Folder(settings.data_dir / "mail", author(address, name=name))
    server = Server(settings.smtp_host, settings.smtp_port, settings.smtp_security, settings.smtp_user, settings.smtp_password)
    return Smtp(server, author(address, name=name))
